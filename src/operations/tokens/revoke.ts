import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import type { House } from '../house.ts';
import { accessors, children, tokens } from './lease.ts';

type Shelf = Pick<House, 'store' | 'documents' | 'clock'>;
type Removal = { readonly changes: readonly Change[]; readonly count: number };

const treeMax = 10_000;

/** What a token owns, and ends with it: documents whose ids begin with it. */
const owned = ['cubbyhole', 'cubbyhole-total'] as const;

/** The change that takes away a document as it stands; `erases`: what was secret in it must be out of the files. */
export function removalOf(
  document: { environment: string; collection: string; id: string; revision: number },
  erases = false,
): Change {
  const { environment, collection, id, revision } = document;
  return {
    kind: 'document-deleted',
    environment,
    collection,
    id,
    expectedRevision: revision,
    ...(erases ? { erases } : {}),
  };
}

async function removeOne(house: Shelf, environment: string, id: string): Promise<Change[]> {
  const { documents } = house.store;
  // also what has expired, and waits for the broom
  const token = await documents.get({ environment, collection: tokens.name, id });
  if (!token) return [];
  const changes: Change[] = [removalOf(token)];
  const { accessor, parentId } = token.content as { accessor: string; parentId: string | null };
  const byAccessor = await documents.get({ environment, collection: accessors.name, id: accessor });
  if (byAccessor) changes.push(removalOf(byAccessor));
  if (parentId !== null) {
    const link = await documents.get({ environment, collection: children.name, id: `${parentId}/${id}` });
    if (link) changes.push(removalOf(link));
  }
  return [...changes, ...(await ownedRemoval(house, environment, id))];
}

/** The changes that take away what a token or credential owns. */
export async function ownedRemoval(house: Shelf, environment: string, id: string): Promise<Change[]> {
  const changes: Change[] = [];
  for (const collection of owned) {
    const page = { after: null, limit: treeMax };
    const found = await house.store.documents.list({ environment, collection }, `${id}/`, page);
    changes.push(...found.map((document) => removalOf(document, true)));
  }
  return changes;
}

/** The changes that end a token, and all that were made under it; they are made in one commit. */
export async function treeRemoval(
  house: Shelf,
  environment: string,
  root: string,
  withChildren = true,
): Promise<Removal> {
  const changes: Change[] = [];
  const seen = new Set<string>();
  const waiting = [root];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id) || seen.size >= treeMax) continue;
    seen.add(id);
    changes.push(...(await removeOne(house, environment, id)));
    if (!withChildren) continue;
    const of = { environment, collection: children.name };
    const links = await house.store.documents.list(of, `${id}/`, { after: null, limit: treeMax });
    for (const link of links) waiting.push(link.id.slice(id.length + 1));
  }
  // a link is removed with its child: once, whoever is looked at first
  const once = new Map(changes.map((change) => [JSON.stringify(change), change]));
  return { changes: [...once.values()], count: seen.size };
}

/**
 * The changes that take away so much of a tree that is over as there is room for, leaves first: what is left is found again under its
 * root, which goes last. `isWhole`: nothing is left.
 */
export async function endedRemoval(
  house: Shelf,
  environment: string,
  root: string,
  room: number,
): Promise<{ readonly changes: readonly Change[]; readonly isWhole: boolean }> {
  const changes: Change[] = [];
  const seen = new Set<string>();

  /** False: there was no room for all of it. */
  async function takeDown(id: string): Promise<boolean> {
    seen.add(id);
    const of = { environment, collection: children.name };
    const links = await house.store.documents.list(of, `${id}/`, { after: null, limit: room + 1 });
    for (const link of links) {
      if (changes.length >= room) return false;
      const child = link.id.slice(id.length + 1);
      if (seen.has(child)) continue;
      const taken = changes.length;
      if (!(await takeDown(child))) return false;
      // its child has gone by itself
      if (changes.length === taken) changes.push(removalOf(link));
    }
    if (changes.length >= room) return false;
    changes.push(...(await removeOne(house, environment, id)));
    return true;
  }

  return { isWhole: await takeDown(root), changes };
}

/** The changes that end all tokens that were made by a path or below it, and those under them. Throws `limit-exceeded` where they are too many for one commit. */
export async function removalBelow(house: Shelf, environment: string, path: string): Promise<Removal> {
  const once = new Map<string, Change>();
  let [after, count]: [string | null, number] = [null, 0];
  for (;;) {
    const of = { environment, collection: tokens.name };
    const page = await house.store.documents.list(of, '', { after, limit: 1000 });
    for (const { id, content } of page) {
      if (!(content as { path: string }).path.startsWith(path)) continue;
      const { changes, count: ended } = await treeRemoval(house, environment, id);
      for (const change of changes) once.set(JSON.stringify(change), change);
      count += ended;
    }
    if (count > treeMax)
      throw new ClavigerError(
        'limit-exceeded',
        `More than ${treeMax} tokens were made by ${path}: revoke some first.`,
      );
    after = page.at(-1)?.id ?? null;
    if (after === null) return { changes: [...once.values()], count };
  }
}
