import { createPublicKey, type KeyObject } from 'node:crypto';
import type { JSONWebKeySet } from 'jose';
import { ClavigerError } from '#domain';

//= rfc8725 3.1: algorithms are allowed by name; none of them is `none`, and none is symmetric
/** Signature algorithms that a JWT may have. */
export const jwtAlgorithms = Object.freeze([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const);
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

export type JwtClaims = Readonly<Record<string, unknown>>;

/** Public keys by which tokens are verified: a set as its owner publishes it, or some that were given. */
export type JwtKeys =
  | { readonly kind: 'set'; readonly set: Readonly<Record<string, unknown>> }
  | { readonly kind: 'keys'; readonly keys: readonly KeyObject[] };

/** What became of a token: its claims, or why it has none. `unknown-key`: none of the keys is the one that it names. */
export type JwtResult =
  | { readonly claims: JwtClaims; readonly fault: null }
  | { readonly claims: null; readonly fault: 'malformed' | 'algorithm' | 'unknown-key' | 'signature' };

function failed(fault: NonNullable<JwtResult['fault']>): JwtResult {
  return { claims: null, fault };
}

/** A public key of a PEM (a key, or a certificate). Throws `input-invalid` for anything else, also for a private key. */
export function readPublicPem(pem: string): KeyObject {
  try {
    if (!/^-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE)-----/.test(pem.trim()))
      throw new Error('no public key');
    return createPublicKey(pem);
  } catch (cause) {
    throw new ClavigerError('input-invalid', 'error parsing public key: it is no PEM of a public key', {
      cause,
    });
  }
}

/** Whether a value is a set of keys. */
export function isKeySet(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { keys } = value as { keys?: unknown };
  return (
    Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null && !Array.isArray(key))
  );
}

/** Loaded with the first login: a start needs none of it. */
type Jose = typeof import('jose');
type Verified = { readonly payload: Uint8Array };

async function verifyWithSet(
  { compactVerify, createLocalJWKSet, errors }: Jose,
  jwt: string,
  set: JSONWebKeySet,
  algorithms: string[],
): Promise<Verified> {
  try {
    return await compactVerify(jwt, createLocalJWKSet(set), { algorithms });
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // the token names no key: each that fits is tried
    for await (const key of error) {
      try {
        return await compactVerify(jwt, key, { algorithms });
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

const keyTypes: Readonly<Record<string, readonly string[]>> = Object.freeze({
  __proto__: null as never,
  RS: ['rsa'],
  PS: ['rsa', 'rsa-pss'],
  ES: ['ec'],
  Ed: ['ed25519'],
});

async function verifyWithKeys(
  { compactVerify, errors }: Jose,
  jwt: string,
  keys: readonly KeyObject[],
  { alg, algorithms }: { readonly alg: string; readonly algorithms: string[] },
): Promise<Verified> {
  const fitting = keys.filter(({ asymmetricKeyType }) =>
    keyTypes[alg.slice(0, 2)]?.includes(asymmetricKeyType ?? ''),
  );
  for (const key of fitting) {
    try {
      return await compactVerify(jwt, key, { algorithms });
    } catch (error) {
      // a key of another curve or size is simply not the one
      if (error instanceof errors.JWSInvalid) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function claimsOf({ payload }: Verified): JwtClaims | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return value as JwtClaims;
  } catch {
    return null;
  }
}

/** Verifies the signature of a JWT and nothing else: when, for whom and by whom it was made is for the caller to check. */
export async function verifyJwt(
  jwt: string,
  keys: JwtKeys,
  allowed: readonly JwtAlgorithm[],
): Promise<JwtResult> {
  const jose = await import('jose');
  const { decodeProtectedHeader, errors } = jose;
  let alg: unknown;
  try {
    ({ alg } = decodeProtectedHeader(jwt));
  } catch {
    return failed('malformed');
  }
  const algorithms = allowed.filter((name) => jwtAlgorithms.includes(name));
  if (typeof alg !== 'string' || !(algorithms as string[]).includes(alg)) return failed('algorithm');
  try {
    const verified =
      keys.kind === 'set'
        ? await verifyWithSet(jose, jwt, keys.set as unknown as JSONWebKeySet, algorithms)
        : await verifyWithKeys(jose, jwt, keys.keys, { alg, algorithms });
    const claims = claimsOf(verified);
    return claims ? { claims, fault: null } : failed('malformed');
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return failed('unknown-key');
    if (error instanceof errors.JWSInvalid) return failed('malformed');
    // a key that fits neither the algorithm nor its bounds verifies nothing
    return failed('signature');
  }
}
