import { randomBytes, type SecretBytes, passphraseDefaults, passphraseKey } from '#crypto';
import { StopError } from '#domain';
import type { RootOfTrust } from '#ports';
import { rootInMemory } from '../sealing.ts';

/**
 * What is kept, in clear, beside a store whose root is a passphrase: how the root key is derived from it.
 * A wrong passphrase is noticed when the first environment key does not open.
 */
export type PassphraseParameters = {
  readonly salt: string;
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
};

const saltBytes = 16;

/** Fresh parameters (argon2id) for a new store. */
export function newPassphraseParameters(): PassphraseParameters {
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
  const key = await passphraseKey(passphrase, {
    ...parameters,
    salt: Buffer.from(parameters.salt, 'base64'),
  });
  return rootInMemory(key, { kind: 'passphrase', where: 'a passphrase given at start', tier: 'development' });
}
