import { z } from 'zod';
import { tokenId } from '#access';
import { ClavigerError, type Instant } from '#domain';
import type { Change } from '#ports';
import { defineCollection } from '../documents.ts';
import type { House } from '../house.ts';
import { tokens } from './lease.ts';

/** Ids that were chosen a moment ago, for all environments in the first one: two that choose the same at once meet here. */
const claims = defineCollection<{}>('token-claim', z.strictObject({}));
const claimMillis = 60_000;

async function isTaken({ store }: House, id: string): Promise<boolean> {
  if (await store.credential(id)) return true;
  for (const { environment } of await store.environments()) {
    const place = { environment: environment.name, collection: tokens.name, id };
    if (await store.documents.get(place)) return true;
  }
  return false;
}

/**
 * The changes by which a token has the id that somebody chose for it; null: none was chosen. A token is found by its id alone, so it is
 * one in the whole house. Throws `input-invalid` where it is taken.
 */
export async function claimOf(house: House, chosen: string | null, now: Instant): Promise<readonly Change[]> {
  if (chosen === null) return [];
  const id = tokenId(chosen);
  if (await isTaken(house, id))
    throw new ClavigerError('input-invalid', 'cannot create a token with a duplicate ID');
  const place = { environment: await house.firstEnvironment(), id };
  // once the other's commit is done its token is seen
  return [await claims.put(house, place, {}, { expiresAt: now + claimMillis })];
}
