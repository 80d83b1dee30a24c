import { z } from 'zod';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import type { Outcome, Work } from '../operation.ts';
import { withDeleted, withDestroyed, withUndeleted, type SecretHead } from './head.ts';
import {
  endings,
  headOf,
  heads,
  type Secret,
  secretPath,
  storeId,
  valueId,
  values,
  valuesPrefix,
} from './places.ts';
import { removal } from './values.ts';

const versionsInput = z.strictObject({
  store: storeId,
  path: secretPath,
  versions: z.array(z.int().min(0)).min(1).max(1000),
});
type VersionsInput = z.infer<typeof versionsInput>;

/** Which versions were changed; those that could not be are left out. */
export type ChangedVersions = { readonly versions: readonly number[] };

type VersionChange = (
  head: SecretHead,
  numbers: readonly number[],
) => {
  readonly head: SecretHead;
  readonly numbers: readonly number[];
};

async function changed(
  { house, caller }: Work,
  { versions, ...secret }: VersionsInput,
  change: VersionChange,
): Promise<Outcome<ChangedVersions>> {
  const before = await headOf(house, caller.principal.environment, secret);
  const numbers = versions.map((number) => (number === 0 ? (before?.content.current ?? 0) : number));
  const done = before ? change(before.content, numbers) : null;
  const facts = factsOf(secret, done?.numbers ?? []);
  if (!before || !done || done.numbers.length === 0) return { output: { versions: [] }, facts };
  return { output: { versions: done.numbers }, changes: [heads.replaced(before, done.head)], facts };
}

function factsOf({ store, path }: Secret, numbers: readonly number[]) {
  return { store, path, versions: numbers.slice(0, 100).join(',') };
}

/** Tells the values of versions no more, until they are brought back; 0 is the current one. */
export const deleteSecret = defineOperation<VersionsInput, ChangedVersions>({
  name: 'secrets.delete',
  kind: 'manage',
  input: versionsInput,
  targets: [],
  permission: 'secrets:delete',
  run: (work, input) => changed(work, input, (head, numbers) => withDeleted(head, numbers, work.now)),
});

/** Brings deleted versions back. */
export const undeleteSecret = defineOperation<VersionsInput, ChangedVersions>({
  name: 'secrets.undelete',
  kind: 'manage',
  input: versionsInput,
  targets: [],
  permission: 'secrets:undelete',
  run: (work, input) => changed(work, input, withUndeleted),
});

/** Destroys shred secrets and takes away what reminds of it; done again it does no harm. */
async function shredNow(house: House, shredIds: readonly string[]): Promise<void> {
  if (shredIds.length > 0) await house.hierarchy.shredMany(shredIds);
}

/** The first of the ids, beside a long path; all of them stand in the records of `shredEndedSecrets`, which follows. */
function idsTold(shredIds: readonly string[]): string {
  return shredIds.slice(0, 40).join(',');
}

function shredIdsOf(changes: readonly Change[]): readonly string[] {
  return changes.flatMap((change) =>
    change.kind === 'document-put' && change.document.collection === endings.name ? [change.document.id] : [],
  );
}

/**
 * Destroys the values of versions, in every copy of the store: their shred secrets are destroyed before it is answered, and should the
 * process end before that, the house does it as soon as it runs again.
 */
export const destroySecret = defineOperation<VersionsInput, ChangedVersions>({
  name: 'secrets.destroy',
  kind: 'manage',
  input: versionsInput,
  targets: [],
  permission: 'secrets:destroy',
  run: async (work, input) => {
    const { house, caller } = work;
    const marked = await changed(work, input, withDestroyed);
    const removals: Change[] = [];
    for (const number of marked.output.versions) {
      const kept = await values.find(house, caller.principal.environment, valueId(input, number));
      if (kept) removals.push(...removal(kept.document, { erases: true }));
    }
    const shredIds = shredIdsOf(removals);
    return {
      ...marked,
      changes: [...(marked.changes ?? []), ...removals],
      facts: { ...marked.facts, shredded: idsTold(shredIds) },
      afterwards: () => shredNow(house, shredIds),
    };
  },
});

const removeInput = z.strictObject({ store: storeId, path: secretPath });
type RemoveInput = z.infer<typeof removeInput>;

const valuesMax = 2000;

/** Takes a secret away with all that is known of it, and destroys its values as `destroySecret` does. */
export const removeSecret = defineOperation<RemoveInput, { readonly removed: boolean }>({
  name: 'secrets.remove',
  kind: 'manage',
  input: removeInput,
  targets: [],
  permission: 'secrets:remove',
  run: async ({ house, caller }, secret) => {
    const { environment } = caller.principal;
    const before = await headOf(house, environment, secret);
    const facts = { store: secret.store, path: secret.path, removed: before !== null };
    if (!before) return { output: { removed: false }, facts };
    const standing = await values.list(house, environment, valuesPrefix(secret), {
      after: null,
      limit: valuesMax,
    });
    const removals = standing.flatMap(({ document }) => removal(document, { erases: true }));
    const shredIds = shredIdsOf(removals);
    return {
      output: { removed: true },
      changes: [heads.removed(before, true), ...removals],
      facts: { ...facts, shredded: idsTold(shredIds) },
      afterwards: () => shredNow(house, shredIds),
    };
  },
});

/** Whether values of an environment are gone whose shred secrets may not be destroyed yet. */
export async function hasEndedSecrets(house: House, environment: string): Promise<boolean> {
  return (await endings.list(house, environment, '', { after: null, limit: 1 })).length > 0;
}

/** As many as the facts of one record have room for. */
const shredsAtOnce = 100;
const shredInput = z.strictObject({ limit: z.int().min(1).max(shredsAtOnce) });
type ShredInput = z.infer<typeof shredInput>;

/** Destroys the shred secrets of values that are gone; the house alone does. */
export const shredEndedSecrets = defineOperation<ShredInput, { readonly shredded: number }>({
  name: 'secrets.shred',
  kind: 'manage',
  input: shredInput,
  targets: [],
  permission: 'secrets:shred',
  run: async ({ house, caller }, { limit }) => {
    const due = await endings.list(house, caller.principal.environment, '', { after: null, limit });
    await shredNow(
      house,
      due.map(({ document }) => document.id),
    );
    return {
      output: { shredded: due.length },
      changes: due.map((kept) => endings.removed(kept)),
      // with the records of these, a restore knows what it must not bring back
      facts: { shredded: due.map(({ document }) => document.id).join(',') },
    };
  },
});
