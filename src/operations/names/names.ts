import { z } from 'zod';
import { ClavigerError, factsOf, type Key, type KeyName } from '#domain';
import { anyCondition, defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference, nameOfKey, page } from '../inputs.ts';
import { anyRegion, type KeyReference, type Work } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { findKey } from '../target.ts';

const nameAndKey = z.strictObject({ name: nameOfKey, key: keyReference });
type NameAndKey = z.infer<typeof nameAndKey>;

const nameOnly = z.strictObject({ name: nameOfKey });
type NameOnly = z.infer<typeof nameOnly>;

const byName = (wish: { name: string }): KeyReference => ({ kind: 'name', name: wish.name });

/** Gives a key a name. */
export const createName = defineOperation<NameAndKey, KeyName>({
  name: 'names.create',
  kind: 'manage',
  input: nameAndKey,
  targets: [onKey<NameAndKey>({ permission: 'names:create', act: 'manage', conditions: notScheduled })],
  run: ({ keys, caller, now }, wish) => {
    const { key } = present(keys[0]);
    const name: KeyName = {
      environment: key.environment,
      region: caller.region === anyRegion ? key.region : caller.region,
      name: wish.name,
      keyId: key.id,
      createdAt: now,
      updatedAt: now,
    };
    return { output: name, changes: [{ kind: 'name-created', name }], facts: { name: wish.name } };
  },
});

type Place = Pick<Work, 'house' | 'caller'> & { readonly key: Key };

/**
 * The record of a name that was found. Throws `name-not-found` where it is gone since; whether it still stands for the key that was
 * authorized is asked by the commit.
 */
async function nameRecord({ house, caller, key }: Place, name: string): Promise<KeyName> {
  const region = caller.region === anyRegion ? key.region : caller.region;
  const found = await house.store.name(key.environment, region, name);
  if (found) return found;
  throw new ClavigerError('name-not-found', `There is no key named ${name}.`, { details: { name } });
}

/** Points a name to another key, of the same usage and kind, so that who uses the name can go on. */
export const moveName = defineOperation<NameAndKey, KeyName>({
  name: 'names.move',
  kind: 'manage',
  input: nameAndKey,
  targets: [
    { permission: 'names:move', act: 'manage', conditions: anyCondition, reference: byName },
    onKey<NameAndKey>({ permission: 'names:move-to', act: 'manage', conditions: notScheduled }),
  ],
  quorum: 'import-replace',
  run: async ({ house, keys, caller, now }, wish) => {
    const [from, to] = [present(keys[0]).key, present(keys[1]).key];
    requireSameKind(from, to);
    const old = await nameRecord({ house, caller, key: from }, wish.name);
    const name: KeyName = { ...old, keyId: to.id, updatedAt: now };
    return {
      output: name,
      changes: [{ kind: 'name-moved', name, expectedKeyId: from.id }],
      facts: { name: wish.name },
    };
  },
});

function requireSameKind(from: Key, to: Key): void {
  const [old, next] = [factsOf(from.spec), factsOf(to.spec)];
  if (from.usage === to.usage && old.asymmetric === next.asymmetric) return;
  throw new ClavigerError('input-invalid', 'A name can only move to a key of the same usage and kind.', {
    details: { field: 'key' },
  });
}

/** Takes a name away; the key stays. */
export const deleteName = defineOperation<NameOnly, KeyName>({
  name: 'names.delete',
  kind: 'manage',
  input: nameOnly,
  targets: [{ permission: 'names:delete', act: 'manage', conditions: anyCondition, reference: byName }],
  quorum: 'import-replace',
  run: async ({ house, keys, caller }, wish) => {
    const { key } = present(keys[0]);
    const name = await nameRecord({ house, caller, key }, wish.name);
    const { environment, region } = name;
    return {
      output: name,
      changes: [{ kind: 'name-deleted', environment, region, name: name.name, expectedKeyId: key.id }],
      facts: { name: wish.name },
    };
  },
});

const listInput = z.strictObject({
  /** Only names that begin so, in all regions. */
  prefix: z.string().max(600).optional(),
  key: keyReference.nullable(),
  page,
});
type ListInput = z.infer<typeof listInput>;

/** The names of the caller's environment and region, or those of one key. */
export const listNames = defineOperation<
  ListInput,
  { readonly names: readonly KeyName[]; readonly next: string | null }
>({
  name: 'names.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'names:list',
  run: async ({ house, caller }, wish) => {
    const keyId = wish.key === null ? null : (await findKey(house, caller, wish.key)).key.id;
    const { environment } = caller.principal;
    const { prefix = null } = wish;
    const { entries, next } = await pageOf(
      wish.page,
      (asked) =>
        prefix === null
          ? house.store.names(environment, caller.region, keyId, asked)
          : house.store.namesAcross(environment, prefix, asked),
      (name) => name.name,
    );
    return { output: { names: entries, next } };
  },
});
