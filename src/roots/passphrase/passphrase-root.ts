import {
  randomBytes,
  type SecretBytes,
  approvedPassphraseKey,
  passphraseDefaults,
  passphraseKey,
  pbkdf2Defaults,
} from '#crypto';
import { StopError } from '#domain';
import type { RootOfTrust } from '#ports';
import { rootInMemory } from '../sealing.ts';

/**
 * What is kept, in clear, beside a store whose root is a passphrase: how the root key is derived from it.
 * A wrong passphrase is noticed when the first environment key does not open.
 */
export type PassphraseParameters = Argon2Parameters | Pbkdf2Parameters;

type Argon2Parameters = {
  /** Absent in what was written before there was another. */
  readonly kdf?: 'argon2id';
  readonly salt: string;
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
};

/** Where only approved algorithms are used (FIPS). */
type Pbkdf2Parameters = {
  readonly kdf: 'pbkdf2-hmac-sha-512';
  readonly salt: string;
  readonly iterations: number;
};

const saltBytes = 16;

/** Fresh parameters for a new root: argon2id, or PBKDF2 where only approved algorithms are used. */
export function newPassphraseParameters(approvedOnly: true): Pbkdf2Parameters;
export function newPassphraseParameters(approvedOnly?: false): Argon2Parameters;
export function newPassphraseParameters(approvedOnly?: boolean): PassphraseParameters;
export function newPassphraseParameters(approvedOnly = false): PassphraseParameters {
  if (approvedOnly) {
    const salt = Buffer.from(randomBytes(saltBytes)).toString('base64');
    return { kdf: 'pbkdf2-hmac-sha-512', salt, ...pbkdf2Defaults };
  }
  return { salt: Buffer.from(randomBytes(saltBytes)).toString('base64'), ...passphraseDefaults };
}

function damaged(cause?: unknown): StopError {
  return new StopError('integrity-failed', 'The passphrase parameters of the store are damaged.', { cause });
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged();
}

/** Reads what `newPassphraseParameters` made and a store has kept. Throws a StopError where it is damaged. */
export function parsePassphraseParameters(text: string): PassphraseParameters {
  const value = readObject(text);
  const number = (name: string): number => {
    const found = value[name];
    if (typeof found === 'number' && Number.isSafeInteger(found) && found > 0) return found;
    throw damaged();
  };
  const { salt } = value;
  if (typeof salt !== 'string') throw damaged();
  const bytes = Buffer.from(salt, 'base64');
  if (bytes.length !== saltBytes || bytes.toString('base64') !== salt) throw damaged();
  if (value['kdf'] === 'pbkdf2-hmac-sha-512')
    return { kdf: value['kdf'], salt, iterations: number('iterations') };
  if (value['kdf'] !== undefined && value['kdf'] !== 'argon2id') throw damaged();
  return {
    salt,
    memoryKiB: number('memoryKiB'),
    passes: number('passes'),
    parallelism: number('parallelism'),
  };
}

/** The root of trust that a passphrase opens. The caller disposes of the passphrase. */
export async function openPassphraseRoot(
  passphrase: SecretBytes,
  parameters: PassphraseParameters,
): Promise<RootOfTrust> {
  const salt = Buffer.from(parameters.salt, 'base64');
  const key =
    parameters.kdf === 'pbkdf2-hmac-sha-512'
      ? await approvedPassphraseKey(passphrase, { ...parameters, salt })
      : await passphraseKey(passphrase, { ...parameters, salt });
  return rootInMemory(key, { kind: 'passphrase', where: 'a passphrase given at start', tier: 'development' });
}
