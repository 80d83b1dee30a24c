import { ed25519ph } from '@noble/curves/ed25519.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ClavigerError } from '#domain';
import { type KeyMaterial, publicOf, secretOf } from './material.ts';

// what node:crypto does not offer of OpenSSL: Ed25519ph, and ML-DSA over a mu that was made outside

function endOf(der: Buffer, length: number): Uint8Array {
  return Uint8Array.from(der.subarray(der.length - length));
}

/** Lends the last bytes of the PKCS#8 form (a seed of 32 bytes in both cases) and wipes all copies. */
function withSeed<T>(material: KeyMaterial, work: (seed: Uint8Array) => T): T {
  const der = secretOf(material).export({ format: 'der', type: 'pkcs8' });
  const seed = endOf(der, 32);
  der.fill(0);
  try {
    return work(seed);
  } finally {
    seed.fill(0);
  }
}

function publicBytes(material: KeyMaterial, length: number): Uint8Array {
  return endOf(publicOf(material).export({ format: 'der', type: 'spki' }), length);
}

export function signEd25519ph(material: KeyMaterial, message: Uint8Array): Uint8Array {
  return withSeed(material, (seed) => ed25519ph.sign(Uint8Array.from(message), seed));
}

//= rfc8032 5.1.7: strict verification, without the leniency of ZIP 215
export function verifyEd25519ph(material: KeyMaterial, message: Uint8Array, signature: Uint8Array): boolean {
  return ed25519ph.verify(Uint8Array.from(signature), Uint8Array.from(message), publicBytes(material, 32), {
    zip215: false,
  });
}

const mlDsa: Readonly<Record<string, typeof ml_dsa44>> = {
  ML_DSA_44: ml_dsa44,
  ML_DSA_65: ml_dsa65,
  ML_DSA_87: ml_dsa87,
};

function mlDsaOf(material: KeyMaterial): typeof ml_dsa44 {
  const found = mlDsa[material.spec];
  if (found) return found;
  throw new ClavigerError('algorithm-forbids', `${material.spec} is not a key of ML-DSA.`);
}

//= fips204 6.2: ML-DSA.Sign_internal over a mu computed elsewhere
export function signExternalMu(material: KeyMaterial, mu: Uint8Array): Uint8Array {
  const scheme = mlDsaOf(material);
  return withSeed(material, (seed) => {
    const { secretKey } = scheme.keygen(seed);
    try {
      return scheme.internal.sign(Uint8Array.from(mu), secretKey, { externalMu: true });
    } finally {
      secretKey.fill(0);
    }
  });
}

export function verifyExternalMu(material: KeyMaterial, mu: Uint8Array, signature: Uint8Array): boolean {
  const scheme = mlDsaOf(material);
  const publicKey = publicBytes(material, scheme.lengths.publicKey ?? 0);
  return scheme.internal.verify(Uint8Array.from(signature), Uint8Array.from(mu), publicKey, {
    externalMu: true,
  });
}
