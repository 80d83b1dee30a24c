import type { KeyObject } from 'node:crypto';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ClavigerError, type KeySpec } from '#domain';
import { type KeyHandle, privateKeyOf } from './key-handle.ts';
import { rawPublicKey } from './signature-ec.ts';
import { nativeForm, type SignatureForm, signatureAlgorithm } from './signature-shape.ts';

type Lattice = typeof ml_dsa44;

const parameterSets: Readonly<Partial<Record<KeySpec, Lattice>>> = Object.freeze({
  __proto__: null as never,
  ML_DSA_44: ml_dsa44,
  ML_DSA_65: ml_dsa65,
  ML_DSA_87: ml_dsa87,
});

const externalMu = Object.freeze({ externalMu: true });

const externalMuForm: SignatureForm = Object.freeze({
  messageLength: 64,
  sign: async (handle: KeyHandle, mu: Uint8Array) => {
    const lattice = latticeOf(handle);
    return withExpandedKey(lattice, privateKeyOf(handle), (key) =>
      lattice.internal.sign(mu, key, externalMu),
    );
  },
  verify: async (handle: KeyHandle, mu: Uint8Array, signature: Uint8Array) => {
    try {
      return latticeOf(handle).internal.verify(signature, mu, rawPublicKey(handle.publicKey), externalMu);
    } catch {
      return false;
    }
  },
});

/**
 * ML-DSA, hedged, with an empty context (FIPS 204, algorithm 2); OpenSSL takes no external mu through Node.
 */
export const mlDsa = signatureAlgorithm({ raw: nativeForm(null), 'external-mu': externalMuForm });

/** SLH-DSA, hedged, with an empty context (FIPS 205, algorithm 22). */
export const slhDsa = signatureAlgorithm({ raw: nativeForm(null) });

function latticeOf(handle: KeyHandle): Lattice {
  return parameterSets[handle.spec] as Lattice;
}

function withExpandedKey<T>(lattice: Lattice, key: KeyObject, work: (expanded: Uint8Array) => T): T {
  const seed = seedOf(key);
  let expanded: Uint8Array | null = null;
  try {
    expanded = lattice.keygen(seed).secretKey;
    return work(expanded);
  } finally {
    seed.fill(0);
    expanded?.fill(0);
  }
}

function seedOf(key: KeyObject): Uint8Array {
  try {
    return key.export({ format: 'raw-seed' });
  } catch (cause) {
    const message = 'An ML-DSA key that was imported without its seed does not sign an external mu.';
    throw new ClavigerError('operation-unsupported', message, { cause });
  }
}
