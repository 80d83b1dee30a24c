import { argon2, pbkdf2 } from 'node:crypto';
import { ClavigerError } from '#domain';
import { SecretBytes } from './secret-bytes.ts';

/** Costs of Argon2id, as they are written down beside what the passphrase protects. */
export type PassphraseCosts = {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
};

export type PassphraseParameters = PassphraseCosts & {
  /** 16 to 64 random bytes. */
  readonly salt: Uint8Array;
};

//= rfc9106 4: the second recommended option (64 MiB, three passes, four lanes)
/** What a new passphrase gets. */
export const passphraseDefaults: PassphraseCosts = Object.freeze({
  memoryKiB: 65_536,
  passes: 3,
  parallelism: 4,
});

/** What is accepted: below is too weak for any passphrase, above would be a way to exhaust the machine. */
export const passphraseBounds = Object.freeze({
  memoryKiB: Object.freeze({ min: 19_456, max: 4_194_304 }),
  passes: Object.freeze({ min: 1, max: 64 }),
  parallelism: Object.freeze({ min: 1, max: 64 }),
  saltLength: Object.freeze({ min: 16, max: 64 }),
});

/**
 * Derives a 32-byte key from a passphrase with Argon2id (RFC 9106), off the main thread. Throws
 * `input-invalid` for an empty passphrase or a cost out of bounds, `operation-unsupported` where OpenSSL
 * offers no Argon2 (FIPS provider).
 */
export async function passphraseKey(
  passphrase: SecretBytes,
  parameters: PassphraseParameters,
): Promise<SecretBytes> {
  requireWithin('memoryKiB', parameters.memoryKiB);
  requireWithin('passes', parameters.passes);
  requireWithin('parallelism', parameters.parallelism);
  requireWithin('saltLength', parameters.salt.length);
  if (passphrase.length === 0) throw new ClavigerError('input-invalid', 'The passphrase is empty.');
  const key = await passphrase.use((message) => derive(message, parameters));
  return SecretBytes.take(key);
}

/** Costs of PBKDF2-HMAC-SHA-512, for where Argon2 is not approved. */
export type Pbkdf2Parameters = { readonly iterations: number; readonly salt: Uint8Array };

//= owasp password storage cheat sheet: 210,000 iterations of PBKDF2-HMAC-SHA512 at least; a root key is opened once a start
export const pbkdf2Defaults = Object.freeze({ iterations: 1_000_000 });
export const pbkdf2Bounds = Object.freeze({ min: 210_000, max: 100_000_000 });

//= sp800-132 5.3
/** The same with PBKDF2-HMAC-SHA-512 (SP 800-132). Throws `input-invalid` for an empty passphrase or a cost out of bounds. */
export async function approvedPassphraseKey(
  passphrase: SecretBytes,
  { iterations, salt }: Pbkdf2Parameters,
): Promise<SecretBytes> {
  requireWithin('saltLength', salt.length);
  const { min, max } = pbkdf2Bounds;
  if (!Number.isSafeInteger(iterations) || iterations < min || iterations > max)
    throw new ClavigerError('input-invalid', `The passphrase cost iterations must be from ${min} to ${max}.`);
  if (passphrase.length === 0) throw new ClavigerError('input-invalid', 'The passphrase is empty.');
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  passphrase.use((bytes) =>
    pbkdf2(bytes, salt, iterations, 32, 'sha512', (error, key) => (error ? reject(error) : resolve(key))),
  );
  return SecretBytes.take(await promise);
}

function requireWithin(name: keyof typeof passphraseBounds, value: number): void {
  const { min, max } = passphraseBounds[name];
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new ClavigerError('input-invalid', `The passphrase cost ${name} must be from ${min} to ${max}.`);
}

function derive(message: Uint8Array, costs: PassphraseParameters): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const options = {
    message,
    nonce: costs.salt,
    parallelism: costs.parallelism,
    tagLength: 32,
    memory: costs.memoryKiB,
    passes: costs.passes,
  };
  try {
    argon2('argon2id', options, (error, key) => (error ? reject(refused(error)) : resolve(key)));
  } catch (cause) {
    reject(refused(cause));
  }
  return promise;
}

function refused(cause: unknown): ClavigerError {
  return new ClavigerError('operation-unsupported', 'Argon2id is not available here.', { cause });
}
