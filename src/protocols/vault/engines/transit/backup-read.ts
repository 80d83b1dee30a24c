import { z } from 'zod';
import type { Instant } from '#domain';
import type { BroughtMaterial } from '#operations';
import { VaultError } from '../../vault-error.ts';
import { convergentNumber, hkdfNumber, hmacNumber, typeNames } from './backup-format.ts';
import { parseBackupJson } from './backup-json.ts';
import { kindOf } from './key-types.ts';

const curves = Object.freeze({
  'ecdsa-p256': 'P-256',
  'ecdsa-p384': 'P-384',
  'ecdsa-p521': 'P-521',
} as const);
const latestMax = 100_000;

const text = z.string().nullish();
const count = z.number().int().min(0).max(latestMax).nullish();
const big = z.union([z.bigint(), z.number().int().min(0)]).transform((value) => BigInt(value));
const entryShape = z.looseObject({
  key: text,
  time: text,
  ec_x: big.nullish(),
  ec_y: big.nullish(),
  ec_d: big.nullish(),
  rsa_key: z.looseObject({ N: big, E: big, D: big, Primes: z.array(big) }).nullish(),
  convergent_version: z.number().int().nullish(),
});
type Entry = z.infer<typeof entryShape>;

const backupShape = z.looseObject({
  policy: z.looseObject({
    name: z.string().max(256),
    keys: z.record(z.string(), entryShape),
    type: z.number().int(),
    key_size: count,
    derived: z.boolean().nullish(),
    kdf: z.number().int().nullish(),
    convergent_encryption: z.boolean().nullish(),
    convergent_version: z.number().int().nullish(),
    exportable: z.boolean().nullish(),
    allow_plaintext_backup: z.boolean().nullish(),
    deletion_allowed: z.boolean().nullish(),
    soft_deleted: z.boolean().nullish(),
    min_decryption_version: count,
    min_encryption_version: count,
    min_available_version: count,
    latest_version: z.number().int().min(1).max(latestMax),
    version_template: text,
    auto_rotate_period: z.number().min(0).nullish(),
    Imported: z.boolean().nullish(),
    AllowImportedKeyRotation: z.boolean().nullish(),
  }),
  archived_keys: z.looseObject({ keys: z.array(entryShape).nullish() }).nullish(),
});
type Backup = z.infer<typeof backupShape>;
type Policy = Backup['policy'];

function unreadable(why: string): VaultError {
  return new VaultError(400, `the backup is not readable: ${why}`);
}

function parseBackup(encoded: string): Backup {
  const bytes = Buffer.from(encoded, 'base64');
  try {
    const read = backupShape.safeParse(parseBackupJson(bytes.toString('utf8')));
    if (read.success) return read.data;
    throw unreadable(`${read.error.issues[0]?.path.join('.') ?? ''} is not what a backup has there`);
  } finally {
    bytes.fill(0);
  }
}

function rsaOf({ rsa_key: rsa }: Entry): BroughtMaterial {
  const [p, q] = rsa?.Primes ?? [];
  if (!rsa || rsa.Primes.length !== 2 || p === undefined || q === undefined)
    throw unreadable('a version has no RSA key of two primes');
  return { kind: 'rsa', n: rsa.N, e: rsa.E, d: rsa.D, p, q };
}

function materialOf(type: string, entry: Entry): BroughtMaterial {
  if (type.startsWith('rsa-')) return rsaOf(entry);
  if (type in curves) {
    const { ec_x: x, ec_y: y, ec_d: d } = entry;
    if (typeof x !== 'bigint' || typeof y !== 'bigint' || typeof d !== 'bigint')
      throw unreadable('a version has no private key of a curve');
    return { kind: 'ec', curve: curves[type as keyof typeof curves], x, y, d };
  }
  const bytes = Buffer.from(entry.key ?? '', 'base64');
  if (bytes.length === 0) throw unreadable('a version has no key');
  return { kind: type === 'ed25519' ? 'ed25519' : 'bytes', bytes };
}

function madeAt({ time }: Entry): Instant {
  const at = Date.parse(time ?? '');
  return Number.isFinite(at) && at > 0 ? at : Number.MAX_SAFE_INTEGER;
}

/** The entry of a version: among the working keys, or in the archive, where the first place is for the oldest one that is left. */
function entryOf({ policy, archived_keys: archive }: Backup, number: number): Entry | undefined {
  const found = policy.keys[String(number)] ?? archive?.keys?.[number - (policy.min_available_version ?? 0)];
  const isEmpty = !found || (!found.key && !found.rsa_key && typeof found.ec_d !== 'bigint');
  return isEmpty ? undefined : found;
}

//= vault: nonces of convergent encryption were made otherwise before version 3; such ciphertexts open, new ones would not be the same
function requireKnownConvergence(policy: Policy, entry: Entry): void {
  if (!policy.convergent_encryption) return;
  const own = policy.convergent_version ?? 0;
  const version = own === -1 ? (entry.convergent_version ?? 0) : own;
  if (version !== convergentNumber)
    throw unreadable(
      `convergent encryption of version ${version} is not offered: only ${convergentNumber} is`,
    );
}

function typeNameOf({ type, key_size: size }: Policy): string {
  const name = typeNames[type];
  if (!name) throw unreadable(`keys of type number ${type} are not offered`);
  // OpenBao's XChaCha20-Poly1305 has the number of Vault's HMAC, and no key_size
  if (type === hmacNumber && (size ?? 0) === 0)
    throw unreadable('keys of type xchacha20-poly1305 are not offered');
  return name;
}

function derivationOf(policy: Policy): { readonly convergent: boolean } | undefined {
  if (!policy.derived) return undefined;
  if (policy.kdf !== hkdfNumber) throw unreadable('its keys are derived in the old way, not by HKDF');
  return { convergent: policy.convergent_encryption ?? false };
}

function floorsOf(policy: Policy): { readonly protect: number; readonly process: number } | undefined {
  const protect = policy.min_encryption_version ?? 0;
  const process = Math.max(1, policy.min_decryption_version ?? 1);
  if (Math.max(protect, process) > policy.latest_version)
    throw unreadable('its lowest versions are too high');
  return protect === 0 && process === 1 ? undefined : { protect, process };
}

/** A version that a backup holds. */
export type HeldVersion = {
  readonly number: number;
  readonly createdAt: Instant;
  readonly material: BroughtMaterial;
};

/** Wipes what can be wiped of them. */
export function wipeVersions(versions: readonly HeldVersion[]): void {
  for (const { material } of versions) if ('bytes' in material) material.bytes.fill(0);
}

function versionsOf(backup: Backup, type: string): readonly HeldVersion[] {
  const { policy } = backup;
  const versions: HeldVersion[] = [];
  try {
    const first = Math.max(1, policy.min_available_version ?? 0);
    for (let number = first; number <= policy.latest_version; number += 1) {
      const entry = entryOf(backup, number);
      if (!entry) throw unreadable(`version ${number} is missing`);
      requireKnownConvergence(policy, entry);
      versions.push({ number, createdAt: madeAt(entry), material: materialOf(type, entry) });
    }
    return versions;
  } catch (error) {
    wipeVersions(versions);
    throw error;
  }
}

/** A backup, as the house restores it; the caller wipes its versions. Throws in Vault's words. */
export function readBackup(encoded: string) {
  const backup = parseBackup(encoded);
  const { policy } = backup;
  const type = typeNameOf(policy);
  if (policy.version_template && policy.version_template !== 'vault:v{{version}}:')
    throw unreadable('its ciphertexts begin with words of their own');
  const derivation = derivationOf(policy);
  const floors = floorsOf(policy);
  const versions = versionsOf(backup, type);
  try {
    const size = type === 'hmac' ? policy.key_size || lengthOf(versions[0]?.material) : 0;
    const rotationSeconds = Math.trunc((policy.auto_rotate_period ?? 0) / 1e9);
    return {
      name: policy.name,
      versions,
      shape: {
        ...kindOf(type, size, undefined),
        exportable: policy.exportable ?? false,
        plaintextBackup: policy.allow_plaintext_backup ?? false,
        deletable: policy.deletion_allowed ?? false,
        localRotation: policy.Imported ? (policy.AllowImportedKeyRotation ?? false) : true,
        ...(derivation ? { derivation } : {}),
        ...(floors ? { floors } : {}),
        ...(policy.soft_deleted ? { suspended: true } : {}),
        ...(rotationSeconds >= 3600 ? { rotationSeconds } : {}),
      },
    };
  } catch (error) {
    wipeVersions(versions);
    throw error;
  }
}

function lengthOf(material: BroughtMaterial | undefined): number {
  return material && 'bytes' in material ? material.bytes.length : 0;
}
