import { currentVersion, isDestroyed, type Instant, type Key } from '#domain';
import { publicKeyPem, rawPublicKeyOf, type BackedUpVersion } from '#operations';
import { base64 } from '../../fields.ts';
import { VaultError } from '../../vault-error.ts';
import { convergentNumber, hkdfNumber, hmacNumber, typeNames } from './backup-format.ts';
import { bigJson } from './backup-json.ts';
import { typeOf } from './key-types.ts';

type Jwk = Readonly<Record<string, string | undefined>>;

function numberOf(jwk: Jwk, name: string): bigint {
  return BigInt(`0x${Buffer.from(jwk[name] ?? '', 'base64url').toString('hex') || '0'}`);
}

function pairMembers(key: Key, { material }: BackedUpVersion): Readonly<Record<string, unknown>> {
  const jwk = JSON.parse(Buffer.from(material).toString('utf8')) as Jwk;
  const json = (name: string) => bigJson(numberOf(jwk, name));
  if (key.spec.startsWith('EC_')) return { ec_x: json('x'), ec_y: json('y'), ec_d: json('d') };
  const precomputed = { Dp: json('dp'), Dq: json('dq'), Qinv: json('qi'), CRTValues: [] };
  return {
    rsa_key: {
      N: json('n'),
      E: json('e'),
      D: json('d'),
      Primes: [json('p'), json('q')],
      Precomputed: precomputed,
    },
    rsa_public_key: { N: json('n'), E: json('e') },
  };
}

function publicText({ spec }: Key, publicKey: Uint8Array | null): string {
  if (!publicKey || spec.startsWith('RSA_')) return '';
  return spec === 'ED25519' ? base64(rawPublicKeyOf(publicKey)) : publicKeyPem(publicKey);
}

const noTime = '0001-01-01T00:00:00Z';
const emptyEntry = {
  key: null,
  hmac_key: null,
  time: noTime,
  ec_x: null,
  ec_y: null,
  ec_d: null,
  rsa_key: null,
  rsa_public_key: null,
  public_key: '',
  convergent_version: 0,
  creation_time: 0,
};

function entryFor(key: Key, one: BackedUpVersion): Readonly<Record<string, unknown>> {
  const isNumbers = key.spec.startsWith('EC_') || key.spec.startsWith('RSA_');
  const { createdAt, publicKey } = one.version;
  return {
    ...emptyEntry,
    ...(isNumbers ? pairMembers(key, one) : { key: base64(one.material) }),
    hmac_key: base64(one.macKey),
    time: new Date(createdAt).toISOString(),
    public_key: publicText(key, publicKey),
    convergent_version: key.derivation?.convergent ? convergentNumber : 0,
    creation_time: Math.floor(createdAt / 1000),
  };
}

function typeNumberOf(key: Key): number {
  const { type } = typeOf(key);
  const numbers = Object.entries(typeNames).filter(([, name]) => name === type);
  const number = numbers.at(-1)?.[0];
  if (number === undefined) throw new VaultError(400, `keys of type ${type} have no form of a backup`);
  return Number(number);
}

function derivationMembers({ derivation }: Key) {
  const convergent = derivation?.convergent ?? false;
  return {
    derived: derivation !== undefined,
    kdf: derivation ? hkdfNumber : 0,
    convergent_encryption: convergent,
    // each version says its own
    convergent_version: convergent ? -1 : 0,
  };
}

function settingMembers(key: Key) {
  return {
    exportable: key.exportable ?? false,
    min_encryption_version: key.floors?.protect ?? 0,
    deletion_allowed: key.deletable ?? false,
    allow_plaintext_backup: key.plaintextBackup ?? false,
    auto_rotate_period: key.rotation ? Math.round(key.rotation.periodDays * 86_400) * 1e9 : 0,
    Imported: key.origin === 'imported' && !key.localRotation,
    AllowImportedKeyRotation: false,
  };
}

/** The backup of a key, base64. The caller wipes the versions. */
export function writeBackup(
  name: string,
  key: Key,
  versions: readonly BackedUpVersion[],
  now: Instant,
): string {
  const type = typeNumberOf(key);
  const latest = currentVersion(key).number;
  const left = key.versions.find(({ state }) => !isDestroyed(state))?.number ?? 1;
  const oldest = left === 1 ? 0 : left;
  const floor = Math.max(1, key.floors?.process ?? 1);
  const entries = new Map(versions.map((one) => [one.version.number, entryFor(key, one)]));
  const archive = [];
  for (let number = oldest; number <= latest; number += 1) archive.push(entries.get(number) ?? emptyEntry);
  const working = [...entries].filter(([number]) => number >= floor);
  const first = versions[0];
  const policy = {
    name,
    ...(type === hmacNumber && first ? { key_size: first.material.length } : {}),
    keys: Object.fromEntries(working.map(([number, entry]) => [String(number), entry])),
    ...derivationMembers(key),
    ...settingMembers(key),
    min_decryption_version: floor,
    latest_version: latest,
    archive_version: latest,
    archive_min_version: oldest,
    min_available_version: oldest,
    type,
    backup_info: { time: new Date(now).toISOString(), version: latest },
    restore_info: null,
    version_template: '',
    storage_prefix: '',
  };
  const bytes = Buffer.from(`${JSON.stringify({ policy, archived_keys: { keys: archive } })}\n`);
  const encoded = base64(bytes);
  bytes.fill(0);
  return encoded;
}
