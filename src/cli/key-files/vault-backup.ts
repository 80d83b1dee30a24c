import { CliError, exitCodes } from '../exit.ts';
import { refused } from './found.ts';

/**
 * Backups of keys as Vault's and OpenBao's transit engines make them: base64 of JSON, with the material in plain text. Here they are looked
 * at, and only for what is no secret; the server reads them for good.
 */
export type FoundBackup = {
  /** What the server is sent. */
  readonly encoded: string;
  /** The key's name over there. */
  readonly name: string;
  /** The name that the file gives it; null: it gives none. */
  readonly label: string | null;
  readonly type: string;
  readonly versions: number;
  /** When the newest version was made, RFC 3339; empty where it is not said. */
  readonly newestAt: string;
  /** What does not come with it. */
  readonly left: readonly string[];
  /** Why the server will refuse it; null: nothing here says so. */
  readonly why: string | null;
};

/** Vault's numbers of types. OpenBao has HMAC under 10, and under 11, without a key_size, XChaCha20-Poly1305. */
export const typesByNumber: Readonly<Record<number, string>> = Object.freeze({
  0: 'aes256-gcm96',
  1: 'ecdsa-p256',
  2: 'ed25519',
  3: 'rsa-2048',
  4: 'rsa-4096',
  5: 'chacha20-poly1305',
  6: 'ecdsa-p384',
  7: 'ecdsa-p521',
  8: 'aes128-gcm96',
  9: 'rsa-3072',
  10: 'hmac',
  11: 'hmac',
});

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const count = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);

function typeOf({ type, key_size: size }: Json): string {
  if (type === 11 && count(size) === 0) return 'xchacha20-poly1305';
  return typesByNumber[Number(type)] ?? `number ${String(type)}`;
}

function whyRefused(policy: Json, entries: readonly Json[]): string | null {
  const type = typeOf(policy);
  if (type.startsWith('number ') || type.startsWith('xchacha')) return `keys of type ${type} are not offered`;
  if (policy['derived'] === true && policy['kdf'] !== 1)
    return 'its keys are derived in the old way, not by HKDF';
  const own = policy['convergent_version'];
  const versions = own === -1 ? entries.map((entry) => count(entry['convergent_version'])) : [count(own)];
  if (policy['convergent_encryption'] === true && versions.some((version) => version !== 3))
    return 'convergent encryption of a version before 3 is not offered';
  const template = policy['version_template'];
  if (typeof template === 'string' && template !== '' && template !== 'vault:v{{version}}:')
    return 'its ciphertexts begin with words of their own';
  return null;
}

function leftBehind(policy: Json, entries: readonly Json[]): string[] {
  const has = (member: string) =>
    entries.some((entry) => typeof entry[member] === 'string' && entry[member] !== '');
  return [
    ...(typeOf(policy) !== 'hmac' && has('hmac_key')
      ? ['hmac_key: codes made over there beside its purpose are not verified here']
      : []),
    ...(entries.some(
      (entry) => Array.isArray(entry['certificate_chain']) && entry['certificate_chain'].length,
    )
      ? ['certificate_chain']
      : []),
  ];
}

function lookAt(encoded: string, label: string | null): FoundBackup {
  const bytes = Buffer.from(encoded, 'base64');
  const backup = parsed(bytes.toString('utf8'));
  bytes.fill(0);
  const policy = isObject(backup) ? backup['policy'] : undefined;
  if (!isObject(policy) || !isObject(policy['keys']) || typeof policy['name'] !== 'string')
    throw refused(
      label === null
        ? 'This is no backup of transit.'
        : `What is called ${JSON.stringify(label)} is no backup of transit.`,
      'vault read -field=backup transit/backup/NAME > FILE',
    );
  const entries = Object.values(policy['keys']).filter(isObject);
  const [oldest, latest] = [
    Math.max(1, count(policy['min_available_version'])),
    count(policy['latest_version']),
  ];
  const newest = policy['keys'][String(latest)];
  const time = isObject(newest) && typeof newest['time'] === 'string' ? newest['time'] : '';
  return {
    encoded,
    name: policy['name'],
    label,
    type: typeOf(policy),
    versions: Math.max(0, latest - oldest + 1),
    newestAt: time.startsWith('0001-') ? '' : time,
    left: leftBehind(policy, entries),
    why: whyRefused(policy, entries),
  };
}

const base64Form = /^[A-Za-z0-9+/]{16,}={0,2}$/;

/** The backup in an answer of Vault's, or the ones that an object names. */
function inObject(value: Json): readonly FoundBackup[] {
  const inner = isObject(value['data']) ? value['data'] : value;
  const members = Object.entries(inner);
  if (members.length === 1 && typeof inner['backup'] === 'string') return [lookAt(inner['backup'], null)];
  return members.map(([label, encoded]) => {
    if (typeof encoded !== 'string' || !base64Form.test(encoded))
      throw refused(`The member ${JSON.stringify(label)} is no backup.`);
    return lookAt(encoded, label);
  });
}

function inLine(line: string, at: number): readonly FoundBackup[] {
  const value = parsed(line);
  if (isObject(value)) return inObject(value);
  if (base64Form.test(line)) return [lookAt(line, null)];
  // what stands there may be a secret: it is not told
  throw refused(`Line ${at + 1} is neither a backup in base64 nor JSON.`);
}

/** The backups in a file: one, one on each line, Vault's answer in JSON, or `{ name: backup }`. */
export function readVaultBackups(content: Buffer): readonly FoundBackup[] {
  const text = content.toString('utf8').replace(/^\uFEFF/, '');
  const whole = parsed(text);
  const found = isObject(whole)
    ? inObject(whole)
    : text.split(/\r?\n/).flatMap((line, at) => (line.trim() === '' ? [] : inLine(line.trim(), at)));
  if (found.length === 0) throw new CliError(exitCodes.usage, 'There is no backup in it.');
  return found;
}
