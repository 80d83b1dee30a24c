import type { KeyObject } from 'node:crypto';
import type { KeySpec } from '#domain';
import { handleOf, type KeyMaterial } from './key-handle.ts';
import { toBigInt, weaknessOfRsa } from './weak-rsa.ts';

/**
 * Why nobody should use a key, in words that follow "it is refused: "; null where nothing was found. Meant
 * for keys that came from outside: a sound fresh key is refused less than once in a million. What it looks
 * for is in the numbers of the key alone; lists of keys that others published are not looked into. The bytes
 * that were looked at are wiped; the BigInts that numbers of pairs become can not be.
 */
export async function weaknessOf(spec: KeySpec, material: KeyMaterial): Promise<string | null> {
  const { key, holds } = handleOf(material);
  const type = holds === 'secret' ? 'secret' : (key.asymmetricKeyType ?? '');
  if (type === 'rsa') return await weaknessOfRsa(key);
  if (holds === 'public') return null;
  const bytes = secretBytesOf(key, type);
  if (bytes === null) return null;
  try {
    if (type === 'ec') return weaknessOfScalar(spec, bytes) ?? weaknessOfPattern(bytes);
    return weaknessOfPattern(bytes);
  } finally {
    bytes.fill(0);
  }
}

/** Pairs whose whole secret is one seed. */
const seedForms: Readonly<Record<string, 'raw-private' | 'raw-seed'>> = Object.freeze({
  __proto__: null as never,
  ec: 'raw-private',
  ed25519: 'raw-private',
  ed448: 'raw-private',
  x25519: 'raw-private',
  'ml-dsa-44': 'raw-seed',
  'ml-dsa-65': 'raw-seed',
  'ml-dsa-87': 'raw-seed',
  'ml-kem-512': 'raw-seed',
  'ml-kem-768': 'raw-seed',
  'ml-kem-1024': 'raw-seed',
});

/** The bytes that the key is made of; null where it has no seed, or came without it. */
function secretBytesOf(key: KeyObject, type: string): Buffer | null {
  if (type === 'secret') return key.export();
  const format = seedForms[type];
  if (format === undefined) return null;
  try {
    return key.export({ format } as never) as unknown as Buffer;
  } catch {
    return null;
  }
}

//= sec2 2.4 and sp800-186 3.2.1: the order of the base point of each curve
const curveOrders: Readonly<Partial<Record<KeySpec, bigint>>> = Object.freeze({
  __proto__: null as never,
  EC_P256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  EC_P384:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  EC_P521:
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  EC_SECP256K1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
});

/** Scalars within this of either end can be found by trying. */
const scalarMargin = 2n ** 64n;

//= sp800-56ar3 5.6.2.1.2: the private key is in [1, n - 1]; the public half is compared where the key is opened
function weaknessOfScalar(spec: KeySpec, bytes: Uint8Array): string | null {
  const order = curveOrders[spec];
  if (order === undefined) return null;
  const scalar = toBigInt(bytes);
  if (scalar < 1n || scalar >= order) return 'its private number is not below the order of the curve';
  if (scalar < scalarMargin || order - scalar < scalarMargin)
    return 'its private number can be found by trying';
  return null;
}

/**
 * Text and test vectors are let in: secrets that a company has in use already are often the former, and who brings the latter knows it.
 */
function weaknessOfPattern(bytes: Uint8Array): string | null {
  const half = Math.floor(bytes.length / 2);
  if (bytes.every((byte) => byte === bytes[0])) return 'it is one byte, repeated';
  if (longestRun(bytes) >= half) return 'half of it or more is one byte, repeated';
  if (new Set(bytes).size <= bytes.length / 4) return 'it has too few different bytes';
  return null;
}

function longestRun(bytes: Uint8Array): number {
  let longest = 0;
  let run = 0;
  bytes.forEach((byte, at) => {
    run = at > 0 && byte === bytes[at - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  });
  return longest;
}
