import { z } from 'zod';
import type { Key, Tag } from '#domain';
import { defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference } from '../inputs.ts';
import type { Caller } from '../operation.ts';
import { revised, updateOf } from './change.ts';

const ownerMax = 256;
/** Who answers for a key: a team, a service, a person. */
export const ownerName = z
  .string()
  .min(1)
  .max(ownerMax)
  .refine((name) => name.trim() !== '', 'is not of spaces alone');

//= sp800-57p1r6-ipd 8.2: an inventory shows who owns each key
/**
 * Who owns a new key: who is named; else what its tag `owner` says, for protocols whose requests name nobody; else who makes it. It is
 * never empty.
 */
export function ownerOf(caller: Caller, named: string | null, tags: readonly Tag[]): string {
  const tag = tags.find(({ key }) => key.toLowerCase() === 'owner')?.value.trim() ?? '';
  return named ?? (tag === '' ? caller.principal.name : tag);
}

const ownerInput = z.strictObject({ key: keyReference, owner: ownerName });
type OwnerInput = z.infer<typeof ownerInput>;

/** Hands a key over to another owner; who may use it does not change. */
export const setOwner = defineOperation<OwnerInput, Key>({
  name: 'keys.set-owner',
  kind: 'manage',
  input: ownerInput,
  targets: [onKey<OwnerInput>({ permission: 'keys:set-owner', act: 'manage', conditions: notScheduled })],
  run: ({ keys }, { owner }) => {
    const { key } = present(keys[0]);
    const after = { ...key, owner };
    return {
      output: revised(key, after),
      changes: [updateOf(key, after)],
      facts: { ownerBefore: key.owner, owner },
    };
  },
});
