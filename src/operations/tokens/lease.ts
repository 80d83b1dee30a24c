import { z } from 'zod';
import { ClavigerError, type Instant } from '#domain';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';

const text = z.string().max(1024);
const seconds = z.number().int().min(0).max(3_153_600_000);
const words = z.array(z.string().max(256)).max(1000);
const meta = z.record(z.string().max(512), z.string().max(4096)).nullable();

const leaseShape = z.strictObject({
  accessor: z.string().max(64),
  principalId: z.string().max(64),
  displayName: text,
  policies: words,
  /** The path by which it was made. */
  path: text,
  meta,
  createdAt: z.number().int(),
  /** How long it was given at first, in seconds; 0: for ever. */
  ttlSeconds: seconds,
  /** How old it can become at most; 0: as old as the mount lets it. */
  explicitMaxSeconds: seconds,
  /** How much each renewal gives; 0: as the time to live. */
  periodSeconds: seconds,
  /** The most that renewals can reach, from its making; 0: not bounded. */
  maxSeconds: seconds,
  /** Requests that are left; null: as many as there come. */
  usesLeft: z.number().int().min(0).nullable(),
  usesMax: z.number().int().min(0),
  parentId: z.string().max(64).nullable(),
  isRenewable: z.boolean(),
  type: z.enum(['service', 'batch']),
  boundCidrs: words,
  role: z.string().max(256).nullable(),
  entity: z.strictObject({ id: text, name: text }).nullable(),
  /** The digest of the key of the certificate for which it was given, and who signed that; absent: it was none. */
  certificate: z.strictObject({ mountId: text, key: text, authority: text }).optional(),
  renewedAt: z.number().int().nullable(),
  endsAt: z.number().int().nullable(),
});
/** What a token was given: for how long, by which policies, under whom. It is kept under the hash of the token. */
export type TokenLease = z.infer<typeof leaseShape>;

export const tokens = defineCollection<TokenLease>('token', leaseShape);
/** From accessors to tokens. */
export const accessors = defineCollection<{ readonly tokenId: string }>(
  'token-accessor',
  z.strictObject({ tokenId: z.string() }),
);
/** The tokens under a token: ids are `PARENT/CHILD`. */
export const children = defineCollection<{}>('token-child', z.strictObject({}));

type Shelf = Pick<House, 'store' | 'documents' | 'clock'>;

/** A token by its accessor. Throws `credential-unknown`. */
export async function tokenOfAccessor(
  house: Shelf,
  environment: string,
  accessor: string,
): Promise<Kept<TokenLease>> {
  const found = await accessors.find(house, environment, accessor);
  const kept = found && (await tokens.find(house, environment, found.content.tokenId));
  if (kept) return kept;
  throw new ClavigerError('input-invalid', 'invalid accessor', { details: { field: 'accessor' } });
}

/** When a lease ends that was given so many seconds; null: never. */
export function endAfter(now: Instant, ttlSeconds: number): Instant | null {
  return ttlSeconds === 0 ? null : now + ttlSeconds * 1000;
}
