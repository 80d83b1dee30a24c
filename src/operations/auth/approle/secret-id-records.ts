import { z } from 'zod';
import { constantTimeEqual, keyedFingerprint, SecretBytes } from '#crypto';
import type { Instant } from '#domain';
import type { Change } from '#ports';
import { defineCollection, type Kept } from '../../documents.ts';
import type { House } from '../../house.ts';
import type { PlacedMount } from '../../mounts/mounts.ts';
import { ranges, seconds, uses } from '../token-settings.ts';

const secretIdShape = z.strictObject({
  /** The keyed hash of the secret id, which itself is not kept. */
  digest: z.string().length(64),
  accessor: z.string(),
  createdAt: z.number().int(),
  updatedAt: z.number().int(),
  /** As it was given; 0: any number. */
  numUses: uses,
  /** Null: any number. */
  usesLeft: uses.nullable(),
  ttlSeconds: seconds,
  metadata: z.record(z.string().max(512), z.string().max(4096)),
  cidrList: ranges,
  tokenBoundCidrs: ranges,
});
export type SecretIdRecord = z.infer<typeof secretIdShape>;

/** By `MOUNT/ROLE INSTANCE/DIGEST`, of which the beginning of the digest is enough to find it. */
export const secretIds = defineCollection<SecretIdRecord>('approle-secret-id', secretIdShape);
/** From accessors to secret ids; by `MOUNT/ROLE INSTANCE/ACCESSOR`. */
export const secretIdAccessors = defineCollection<{ readonly id: string }>(
  'approle-accessor',
  z.strictObject({ id: z.string() }),
);

export type SecretIdPlace = {
  readonly house: House;
  readonly environment: string;
  readonly mount: PlacedMount;
};

/** How a secret id is known: HMAC-SHA-256 under the key of its role. */
export function secretIdDigest(key: SecretBytes, secretId: string): string {
  using secret = SecretBytes.take(Buffer.from(secretId, 'utf8'));
  return keyedFingerprint(key, 'claviger secret id', secret);
}

export function secretIdId(mount: PlacedMount, instance: string, digest: string): string {
  return `${mount.id}/${instance}/${digest.slice(0, 32)}`;
}

export function accessorId(mount: PlacedMount, instance: string, accessor: string): string {
  return `${mount.id}/${instance}/${accessor}`;
}

/** A secret id by its digest; null: it is none of the role, or over. */
export async function secretIdOf(
  { house, environment, mount }: SecretIdPlace,
  instance: string,
  digest: string,
): Promise<Kept<SecretIdRecord> | null> {
  const found = await secretIds.find(house, environment, secretIdId(mount, instance, digest));
  if (!found) return null;
  return constantTimeEqual(Buffer.from(found.content.digest), Buffer.from(digest)) ? found : null;
}

/** The same by its accessor. */
export async function secretIdByAccessor(
  { house, environment, mount }: SecretIdPlace,
  instance: string,
  accessor: string,
): Promise<Kept<SecretIdRecord> | null> {
  const found = await secretIdAccessors.find(house, environment, accessorId(mount, instance, accessor));
  return found && secretIds.find(house, environment, found.content.id);
}

/** A new secret id and the way to it from its accessor. */
export async function secretIdCreated(
  { house, environment, mount }: SecretIdPlace,
  instance: string,
  record: SecretIdRecord,
): Promise<readonly Change[]> {
  const id = secretIdId(mount, instance, record.digest);
  const besides = { expiresAt: expiryOf(record) };
  return [
    // one that was the same may have been over, and still be there
    await secretIds.put(house, { environment, id }, record, besides),
    secretIdAccessors.created(environment, accessorId(mount, instance, record.accessor), { id }, besides),
  ];
}

export function expiryOf({ createdAt, ttlSeconds }: SecretIdRecord): Instant | null {
  return ttlSeconds === 0 ? null : createdAt + ttlSeconds * 1000;
}

/** The end of a secret id. */
export async function secretIdRemoved(
  { house, environment, mount }: SecretIdPlace,
  instance: string,
  kept: Kept<SecretIdRecord>,
): Promise<readonly Change[]> {
  const id = accessorId(mount, instance, kept.content.accessor);
  const accessor = await secretIdAccessors.find(house, environment, id);
  return [secretIds.removed(kept), ...(accessor ? [secretIdAccessors.removed(accessor)] : [])];
}

const perCommit = 500;

/** The secret ids of a role, at most so many as one commit takes away, and the changes that do. */
export async function secretIdsOf(
  place: SecretIdPlace,
  instance: string,
): Promise<{ readonly changes: readonly Change[] }> {
  const { house, environment, mount } = place;
  const page = { after: null, limit: perCommit };
  const changes: Change[] = [];
  for (const kept of await secretIds.list(house, environment, `${mount.id}/${instance}/`, page))
    changes.push(...(await secretIdRemoved(place, instance, kept)));
  return { changes };
}
