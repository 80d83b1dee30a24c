import { z } from 'zod';
import { CertificateError, readRevocationList, type RevocationList } from '#access';
import { ClavigerError, hasCode, type Instant } from '#domain';
import { defineOperation } from '../../define.ts';
import { defineCollection, type Kept } from '../../documents.ts';
import type { House } from '../../house.ts';
import type { PlacedMount } from '../../mounts/mounts.ts';
import { RecentMap } from '../../recent-map.ts';
import { methodAt, methodPath } from '../auth-mount.ts';
import { requireSafeUrl } from '../jwt/settings.ts';
import { allOf } from '../listing.ts';
import { refuse } from '../token-settings.ts';

const listShape = z.strictObject({
  name: z.string(),
  /** Where it is asked for; empty: it was handed in. */
  url: z.string().max(2048),
  /** Hexadecimal, without zeros in front. */
  serials: z.array(z.string().max(200)).max(20_000),
  nextUpdate: z.number().int().nullable(),
  readAt: z.number().int(),
});
/** Certificates that are trusted no more, by their serial numbers. */
export type KeptRevocationList = z.infer<typeof listShape>;

/** By `MOUNT/NAME`. */
const lists = defineCollection<KeptRevocationList>('auth-revocation-list', listShape);

function listId(mount: PlacedMount, name: string): string {
  return `${mount.id}/${name.toLowerCase()}`;
}

function certAt(house: House, environment: string, path: string): Promise<PlacedMount> {
  return methodAt(house, environment, path, ['cert']);
}

/** The list that another server answers. Throws a CertificateError. */
async function fetchList({ outside }: Pick<House, 'outside'>, url: string): Promise<RevocationList> {
  if (!outside) throw new ClavigerError('operation-unsupported', 'This server asks no other servers here.');
  const { origin } = new URL(url);
  let answer: Awaited<ReturnType<typeof outside.ask>>;
  try {
    answer = await outside.ask({ method: 'GET', url, headers: {}, body: null, caPem: null });
  } catch (cause) {
    if (hasCode(cause, 'busy')) throw cause;
    throw new CertificateError(`${origin} did not answer`, { cause });
  }
  if (answer.status !== 200) throw new CertificateError(`${origin} answered with status ${answer.status}`);
  return readRevocationList(answer.body);
}

const listName = z
  .string()
  .regex(/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,254}[A-Za-z0-9_])?$/, 'must be a name of a revocation list');

const writeInput = z.strictObject({
  mount: methodPath,
  name: listName,
  source: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('pem'), pem: z.string().max(1_500_000) }),
    z.strictObject({ kind: z.literal('url'), url: z.string().max(2048) }),
  ]),
});
type WriteInput = z.infer<typeof writeInput>;

async function listOf(house: House, source: WriteInput['source']): Promise<RevocationList> {
  try {
    if (source.kind === 'pem') return readRevocationList(source.pem);
    requireSafeUrl(source.url, 'url');
    return await fetchList(house, source.url);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw refuse(`failed to parse CRL: ${error.message}`, source.kind === 'pem' ? 'crl' : 'url');
  }
}

/** Says which certificates are trusted no more, in the place of a list of the same name. */
export const writeRevocationList = defineOperation<WriteInput, {}>({
  name: 'auth.write-revocation-list',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'auth:write-revocation-list',
  run: async ({ house, caller, now }, { mount: path, name, source }) => {
    const { environment } = caller.principal;
    const mount = await certAt(house, environment, path);
    const { serials, nextUpdate } = await listOf(house, source);
    const list: KeptRevocationList = {
      name: name.toLowerCase(),
      url: source.kind === 'url' ? source.url : '',
      serials: [...serials],
      nextUpdate,
      readAt: now,
    };
    const place = { environment, id: listId(mount, name) };
    return {
      output: {},
      changes: [await lists.put(house, place, list)],
      facts: { mount: path, list: list.name, revoked: serials.length },
    };
  },
});

const named = z.strictObject({ mount: methodPath, name: listName });
type Named = z.infer<typeof named>;

/** A revocation list; null: there is none. */
export const readRevocationListOf = defineOperation<Named, { readonly list: KeptRevocationList | null }>({
  name: 'auth.read-revocation-list',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'auth:read-revocation-list',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await certAt(house, environment, path);
    const found = await lists.find(house, environment, listId(mount, name));
    return { output: { list: found?.content ?? null } };
  },
});

const atMount = z.strictObject({ mount: methodPath });
type AtMount = z.infer<typeof atMount>;

/** The names of the revocation lists of a mount, in order. */
export const listRevocationLists = defineOperation<AtMount, { readonly names: readonly string[] }>({
  name: 'auth.list-revocation-lists',
  kind: 'read',
  input: atMount,
  targets: [],
  permission: 'auth:list-revocation-lists',
  run: async ({ house, caller }, { mount: path }) => {
    const { environment } = caller.principal;
    const mount = await certAt(house, environment, path);
    const names: string[] = [];
    for await (const { content } of allOf(lists, { house, environment }, `${mount.id}/`))
      names.push(content.name);
    return { output: { names } };
  },
});

/** Takes a revocation list away: what it alone says is revoked is trusted again. */
export const deleteRevocationList = defineOperation<Named, { readonly found: boolean }>({
  name: 'auth.delete-revocation-list',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'auth:delete-revocation-list',
  quorum: 'principal',
  run: async ({ house, caller }, { mount: path, name }) => {
    const { environment } = caller.principal;
    const mount = await certAt(house, environment, path);
    const found = await lists.find(house, environment, listId(mount, name));
    return {
      output: { found: found !== null },
      changes: found ? [lists.removed(found)] : [],
      facts: { mount: path, list: name.toLowerCase() },
    };
  },
});

/** How long a list of an address is used that does not say when the next one is to be had, and how long after a failure it is not asked for. */
const usualMillis = 24 * 3_600_000;
const retryMillis = 60_000;

/** What a process knows beyond the record: a newer list of the same address. */
type Newer = { readonly serials: ReadonlySet<string>; readonly dueAt: Instant };
const newer = new WeakMap<House['documents'], RecentMap<Newer>>();
const listsMax = 500;

function newerOf({ documents }: Pick<House, 'documents'>): RecentMap<Newer> {
  let known = newer.get(documents);
  if (!known) newer.set(documents, (known = new RecentMap<Newer>(listsMax)));
  return known;
}

function dueAt(
  { url }: Pick<KeptRevocationList, 'url'>,
  nextUpdate: number | null,
  readAt: Instant,
): Instant {
  return url === '' ? Infinity : (nextUpdate ?? readAt + usualMillis);
}

//= vault: a list is asked for again once the next one is to be had; until that can be had the last one counts
async function serialsOf(house: House, { content, document }: Kept<KeptRevocationList>): Promise<Newer> {
  const known = newerOf(house);
  const place = `${document.environment}/${document.id}@${document.revision}`;
  const now = house.clock.now();
  const last = known.get(place) ?? {
    serials: new Set(content.serials),
    dueAt: dueAt(content, content.nextUpdate, content.readAt),
  };
  if (now < last.dueAt) {
    known.set(place, last);
    return last;
  }
  // others that log in meanwhile do not ask, too
  known.set(place, { ...last, dueAt: now + retryMillis });
  try {
    const { serials, nextUpdate } = await fetchList(house, content.url);
    const due = Math.max(dueAt(content, nextUpdate, now), now + retryMillis);
    const found = { serials: new Set(serials), dueAt: due };
    known.set(place, found);
    return found;
  } catch (error) {
    if (error instanceof CertificateError || hasCode(error, 'busy')) return last;
    throw error;
  }
}

/** Whether a serial number is on one of the lists of a mount, whoever made it. */
export async function revokedAt(
  house: House,
  environment: string,
  mount: PlacedMount,
): Promise<(serial: string) => boolean> {
  const all: ReadonlySet<string>[] = [];
  for await (const kept of allOf(lists, { house, environment }, `${mount.id}/`))
    all.push((await serialsOf(house, kept)).serials);
  return (serial) => all.some((serials) => serials.has(serial));
}
