import {
  canDerive,
  currentVersion,
  factsOf,
  isDestroyed,
  type Instant,
  type Key,
  type KeyVersion,
} from '#domain';
import { publicKeyPem, rawPublicKeyOf } from '#operations';
import { base64 } from '../../fields.ts';
import { hmacSizeOf, typeOf } from './key-types.ts';

const curveNames: Readonly<Record<string, string>> = Object.freeze({
  __proto__: null as never,
  EC_P256: 'P-256',
  EC_P384: 'P-384',
  EC_P521: 'P-521',
  EC_SECP256K1: 'secp256k1',
});

/** A time as Go prints it. */
export function rfc3339(at: Instant): string {
  return new Date(at).toISOString();
}

function publicHalf(key: Key, { publicKey }: KeyVersion): string {
  //= vault: pairs that are derived have a public half for each context, and none of their own
  if (!publicKey || key.derivation) return '';
  //= vault: an ed25519 public key is its 32 bytes in base64; every other one is PEM
  return key.spec === 'ED25519' ? base64(rawPublicKeyOf(publicKey)) : publicKeyPem(publicKey);
}

/** The oldest version that is not destroyed, as far as trimming goes: 0 where none was trimmed. */
export function minAvailable(key: Key): number {
  const first = key.versions.find(({ state }) => !isDestroyed(state));
  return !first || first.number === 1 ? 0 : first.number;
}

function versionViews(key: Key, publicKeyOf: PublicKeyOf): Readonly<Record<string, unknown>> {
  const isPair = factsOf(key.spec).asymmetric;
  const floor = key.floors?.process ?? 1;
  const views: Record<string, unknown> = {};
  for (const version of key.versions) {
    if (isDestroyed(version.state) || version.number < floor) continue;
    views[String(version.number)] = isPair
      ? {
          name: curveNames[key.spec] ?? typeOf(key).type,
          public_key: publicKeyOf(version),
          certificate_chain: '',
          creation_time: rfc3339(version.createdAt),
        }
      : Math.floor(version.createdAt / 1000);
  }
  return views;
}

/** The public half of a version as it is told; keys that others are derived from have one for each context. */
export type PublicKeyOf = (version: KeyVersion) => string;

function uses(key: Key) {
  const has = (usage: Key['usage']): boolean => key.usage === usage || key.secondUsage === usage;
  return {
    supports_encryption: has('encrypt'),
    supports_decryption: has('encrypt'),
    supports_signing: has('sign'),
    supports_derivation: canDerive(key),
  };
}

/** A key as Vault describes it. */
export function keyView(
  name: string,
  key: Key,
  publicKeyOf: PublicKeyOf = (version) => publicHalf(key, version),
) {
  const { type, parameterSet } = typeOf(key);
  const latest = currentVersion(key);
  const size = hmacSizeOf(key);
  return {
    name,
    type,
    ...(size === null ? {} : { key_size: size }),
    ...(parameterSet === undefined ? {} : { parameter_set: parameterSet }),
    derived: key.derivation !== undefined,
    ...(key.derivation
      ? {
          kdf: 'hkdf_sha256',
          convergent_encryption: key.derivation.convergent,
          ...(key.derivation.convergent ? { convergent_encryption_version: -1 } : {}),
        }
      : {}),
    deletion_allowed: key.deletable ?? false,
    exportable: key.exportable ?? false,
    allow_plaintext_backup: key.plaintextBackup ?? false,
    min_available_version: minAvailable(key),
    min_decryption_version: key.floors?.process ?? 1,
    min_encryption_version: key.floors?.protect ?? 0,
    latest_version: latest.number,
    auto_rotate_period: key.rotation ? Math.round(key.rotation.periodDays * 86_400) : 0,
    imported_key: key.origin === 'imported',
    ...(key.origin === 'imported' ? { imported_key_allow_rotation: key.localRotation ?? false } : {}),
    soft_deleted: key.suspendedAt !== null,
    ...uses(key),
    keys: versionViews(key, publicKeyOf),
    // what Vault has no word for
    claviger_id: key.id,
    claviger_tier: key.tier,
    claviger_owner: key.owner,
  };
}
