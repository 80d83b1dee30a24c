import { publicKeyOf, SecretBytes, type KeyMaterial } from '#crypto';
import { ClavigerError, type CountedVersion, isDestroyed, type Key, type KeyVersion } from '#domain';
import type { Change } from '#ports';
import type { House } from '../house.ts';

type Place = { readonly environment: string; readonly keyId: string };

const pairIdentity = (publicKey: Uint8Array): SecretBytes => SecretBytes.copyOf(publicKey);

/** The fingerprint of material: of its public half where it has one, which all its encodings share. */
function fingerprint(house: House, material: SecretBytes, publicKey: Uint8Array | null): string {
  if (publicKey === null) return house.fingerprintOf(material);
  using identity = pairIdentity(publicKey);
  return house.fingerprintOf(identity);
}

/** What the store learns of a new version of a key that may leave: the material may come back, and is known then. */
export function materialKnown(
  house: House,
  { environment, keyId }: Place,
  material: SecretBytes,
  publicKey: Uint8Array | null,
): Change {
  return { kind: 'material-known', fingerprint: fingerprint(house, material, publicKey), environment, keyId };
}

/** Material that came from outside and may be here, with the versions of other keys that have it too. */
export type OwnMaterial = { readonly known: Change; readonly twins: readonly Twin[] };
export type Twin = { readonly keyId: string; readonly version: KeyVersion };

/**
 * The same for material that came from outside. Throws `material-unsuitable` where it is that of a key of another environment, or of a
 * destroyed key other than this one; which one it is, only the record says.
 */
export async function requireOwnMaterial(
  house: House,
  { id: keyId, environment }: Pick<Key, 'id' | 'environment'>,
  material: SecretBytes,
  opened: KeyMaterial,
): Promise<OwnMaterial> {
  const publicKey = publicKeyOf(opened);
  const known = fingerprint(house, material, publicKey);
  const change: Change = { kind: 'material-known', fingerprint: known, environment, keyId };
  const holders = await house.store.fingerprints.holders(known);
  // it comes back to where it was
  if (holders.some((holder) => holder.keyId === keyId)) return { known: change, twins: [] };
  const twins: Twin[] = [];
  for (const holder of holders) {
    if (holder.environment !== environment) {
      throw refused('it is that of a key elsewhere', { duplicateOf: holder.keyId, in: holder.environment });
    }
    const other = await house.store.key(holder.keyId);
    if (other?.key.versions.every(({ state }: KeyVersion) => isDestroyed(state)))
      throw refused('it is that of a key that was destroyed', { duplicateOf: holder.keyId });
    if (other?.key.destruction)
      throw refused('it is that of a key that waits for its destruction', { duplicateOf: holder.keyId });
    if (!other) continue;
    const versions = await versionsWith(house, other.key, material, publicKey);
    requireUntainted(other.key, versions);
    twins.push(...versions.map((version) => ({ keyId: holder.keyId, version })));
  }
  return { known: change, twins };
}

async function versionsWith(
  house: House,
  key: Key,
  material: SecretBytes,
  publicKey: Uint8Array | null,
): Promise<readonly KeyVersion[]> {
  const materialId = await house.hierarchy.materialId(key.environment, key.id, material);
  return key.versions.filter(
    (version) =>
      version.materialId === materialId ||
      // a pair has several encodings
      (publicKey !== null && version.publicKey !== null && Buffer.from(publicKey).equals(version.publicKey)),
  );
}

/** A version by itself can be destroyed or compromised, though its key lives on. */
function requireUntainted(key: Key, versions: readonly KeyVersion[]): void {
  for (const { number, state } of versions) {
    if (!isDestroyed(state) && state !== 'compromised') continue;
    throw refused(`it is that of a version that is ${state}`, { duplicateOf: key.id, version: number });
  }
}

/**
 * The count to which the uses of material are added that other versions have, too; undefined: it is new here. Where they came with counts
 * of their own it is the largest.
 */
export async function countOf(house: House, twins: readonly Twin[]): Promise<CountedVersion | undefined> {
  let found: (CountedVersion & { readonly operations: number }) | undefined;
  for (const { keyId, version } of twins) {
    const counted = version.countedAs ?? { keyId, version: version.number };
    const { operations } = await house.store.usage(counted.keyId, counted.version);
    if (!found || operations > found.operations) found = { ...counted, operations };
  }
  return found && { keyId: found.keyId, version: found.version };
}

function refused(why: string, recorded: ClavigerError['recorded']): ClavigerError {
  return new ClavigerError('material-unsuitable', `The key material can not be taken: ${why}.`, { recorded });
}
