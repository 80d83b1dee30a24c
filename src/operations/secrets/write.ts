import { z } from 'zod';
import { hasCode } from '#domain';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import type { House } from '../house.ts';
import type { Outcome, Work } from '../operation.ts';
import { requirePresumed } from '../presumed.ts';
import {
  isTold,
  newHead,
  requireExpected,
  versionOf,
  withVersion,
  type SecretHead,
  type SecretSettings,
  type SecretVersion,
} from './head.ts';
import {
  headId,
  headOf,
  heads,
  type Secret,
  secretPath,
  settingsOf,
  storeId,
  valueId,
  values,
} from './places.ts';
import { openedValue, readAnew, removal, sealedValue, type SecretValue } from './values.ts';

export type SecretLabels = SecretHead['labels'];
/** A version that was written, without its value. */
export type WrittenSecret = { readonly version: SecretVersion; readonly labels: SecretLabels };

const object = z.custom<SecretValue>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'the value of a secret is an object',
);

const writeInput = z.strictObject({
  store: storeId,
  path: secretPath,
  value: object,
  /** The version that must be the current one, 0 for none at all; null: any. */
  expected: z.int().min(0).nullable(),
  /** How many versions are kept, whatever settings say; null: as they say. */
  keep: z.int().min(1).max(1000).nullable(),
});
type WriteInput = z.infer<typeof writeInput>;

type Standing = {
  readonly secret: Secret;
  readonly before: Kept<SecretHead> | null;
  readonly settings: SecretSettings;
};

/** Writes a new version, and evicts those that there is no room for any more. */
async function written(
  { house, caller, now }: Work,
  { secret, before, settings }: Standing,
  { value, keep }: Pick<WriteInput, 'value' | 'keep'>,
): Promise<Outcome<WrittenSecret>> {
  const { environment } = caller.principal;
  const added = withVersion(before?.content ?? newHead(now), settings, { now, keep });
  const { number } = added.version;
  const changes: Change[] = [
    before ? heads.replaced(before, added.head) : heads.created(environment, headId(secret), added.head),
    await sealedValue(house, environment, { secret, number }, value),
    ...(await evictions(house, environment, secret, added.evicted)),
  ];
  return {
    output: { version: added.version, labels: added.head.labels },
    changes,
    facts: { store: secret.store, path: secret.path, version: number },
  };
}

async function evictions(
  house: House,
  environment: string,
  secret: Secret,
  numbers: readonly number[],
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const number of numbers) {
    const kept = await values.find(house, environment, valueId(secret, number));
    if (kept) changes.push(...removal(kept.document, { erases: false }));
  }
  return changes;
}

/** Writes a secret: its first version, or the next one. */
export const writeSecret = defineOperation<WriteInput, WrittenSecret>({
  name: 'secrets.write',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'secrets:write',
  run: async (work, { expected, value, keep, ...secret }) => {
    const { house, caller } = work;
    const { environment } = caller.principal;
    const before = await headOf(house, environment, secret);
    requirePresumed(caller, before !== null);
    const settings = await settingsOf(house, environment, secret.store);
    requireExpected(before?.content ?? null, settings, expected);
    return written(work, { secret, before, settings }, { value, keep });
  },
});

/** A value with another one merged into it; null takes a member away. */
//= rfc7396 2
export function merged(target: unknown, patch: SecretValue): SecretValue {
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const result = new Map(Object.entries(base));
  for (const [name, wish] of Object.entries(patch)) {
    if (wish === null) result.delete(name);
    else if (typeof wish !== 'object' || Array.isArray(wish)) result.set(name, wish);
    else result.set(name, merged(result.get(name), wish as SecretValue));
  }
  return Object.fromEntries(result);
}

const patchInput = z.strictObject({
  store: storeId,
  path: secretPath,
  patch: object,
  expected: z.int().min(0).nullable(),
});
type PatchInput = z.infer<typeof patchInput>;
type PatchedSecret = { readonly secret: WrittenSecret | null; readonly written: boolean };

/** Writes the current version of a secret anew with changes; `written` is false where there is none to be changed. */
export const patchSecret = defineOperation<PatchInput, PatchedSecret>({
  name: 'secrets.patch',
  kind: 'manage',
  input: patchInput,
  targets: [],
  permission: 'secrets:patch',
  run: async (work, { expected, patch, ...secret }) => {
    const { house, caller, now } = work;
    const { environment } = caller.principal;
    const facts = { store: secret.store, path: secret.path };
    const patched = async (before: Kept<SecretHead> | null): Promise<Outcome<PatchedSecret>> => {
      if (!before) return { output: { secret: null, written: false }, facts };
      const settings = await settingsOf(house, environment, secret.store);
      requireExpected(before.content, settings, expected);
      const version = versionOf(before.content, 0);
      if (!version) return { output: { secret: null, written: false }, facts };
      const { labels } = before.content;
      if (!isTold(version, now)) return { output: { secret: { version, labels }, written: false }, facts };
      const value = await openedValue(house, environment, { secret, number: version.number });
      const standing = { secret, before, settings };
      const done = await written(work, standing, { value: merged(value, patch), keep: null });
      return { ...done, output: { secret: done.output, written: true } };
    };
    try {
      return await patched(await headOf(house, environment, secret));
    } catch (error) {
      if (!hasCode(error, 'key-destroyed')) throw error;
      return readAnew(house, environment, secret, patched);
    }
  },
});
