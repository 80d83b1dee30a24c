import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { type AlgorithmName, hasCode, type KeySpec } from '#domain';
import {
  agree,
  decapsulate,
  decryptRsa,
  encapsulate,
  type KeyMaterial,
  openPublicKey,
  sign,
  verify,
} from '#crypto';
import {
  hex,
  openBytes,
  pkcs8,
  spki,
  testVectors,
  type Vector,
  type VectorRun,
  verdictOf,
} from './vector-files.test.ts';

const rawX25519 = { type: 'x25519' } as const;

testVectors({
  file: 'x25519',
  accept: {
    // RFC 7748, 5: masks the top bit and accepts non-canonical values; both are public keys that hurt nobody
    ...{
      NonCanonicalPublic: 'rfc7748 5',
      SmallPublicKey: 'not of low order',
      SpecialPublicKey: 'not of low order',
    },
    ...{
      Twist: 'X25519 is secure on the twist',
      EdgeCaseShared: 'a sound key',
      EdgeCaseMultiplication: 'a sound key',
    },
    Ktv: 'a known value',
  },
  run: (_group, vector) => {
    const material = openBytes('X25519', pkcs8(hex(vector.private), { ...rawX25519, format: 'raw-private' }));
    const peer = spki(hex(vector.public), { ...rawX25519, format: 'raw-public' });
    return verdictOf(() => agree('X25519', material, peer), hex(vector.shared), ['public-key-invalid']);
  },
});

function ecdhRun(file: string, spec: KeySpec, namedCurve: string): VectorRun {
  const length = spec === 'EC_P256' ? 32 : 48;
  return {
    file,
    accept: { CompressedPoint: 'SEC 1, 2.3.4', CompressedPublic: 'SEC 1, 2.3.4' },
    covers: (_group, vector) => scalarOf(vector, length) !== null,
    run: (_group, vector) => {
      const scalar = scalarOf(vector, length) as Uint8Array;
      const material = openBytes(spec, pkcs8(scalar, { format: 'raw-private', type: 'ec', namedCurve }));
      const peer = hex(vector.public);
      return verdictOf(() => agree('ECDH', material, peer), hex(vector.shared), ['public-key-invalid']);
    },
  };
}

/** Scalars come as integers with leading zeros or without. */
function scalarOf(vector: Vector, length: number): Uint8Array | null {
  const digits = (vector.private as string).replace(/^(00)+/, '').padStart(2 * length, '0');
  return digits.length === 2 * length ? hex(digits) : null;
}

testVectors(ecdhRun('ecdh_secp256r1', 'EC_P256', 'prime256v1'));
testVectors(ecdhRun('ecdh_secp384r1', 'EC_P384', 'secp384r1'));

type SignatureRun = {
  file: string;
  spec: KeySpec;
  algorithm: AlgorithmName;
  digest?: string;
  /** Checks the digest form of each n-th vector only, where that form is slow. */
  every?: number;
};

/** Verifies the raw form, and the digest form where there is one: both must agree. */
function signatureRun(run: SignatureRun): VectorRun {
  const known = new Map<unknown, KeyMaterial>();
  return {
    file: run.file,
    // MissingNull: DigestInfo without parameters, which RFC 8017, 9.2 allows to refuse and OpenSSL refuses
    run: async (group, vector) => {
      const material = known.get(group) ?? openPublicKey(run.spec, hex(group.publicKeyDer));
      known.set(group, material);
      const [message, signature] = [hex(vector.msg), hex(vector.sig)];
      const valid = await verify(run.algorithm, material, message, signature, 'raw');
      if (run.digest && vector.tcId % (run.every ?? 1) === 0) {
        const digest = hash(run.digest, message, 'buffer');
        const again = await verify(run.algorithm, material, digest, signature, 'digest');
        assert.equal(again, valid, `${run.file} ${vector.tcId}: the digest form differs`);
      }
      return valid ? 'accepted' : 'refused';
    },
  };
}

for (const run of [
  { file: 'ecdsa_secp256r1_sha256', spec: 'EC_P256', algorithm: 'ECDSA_SHA_256', digest: 'sha256' },
  { file: 'ecdsa_secp256k1_sha256', spec: 'EC_SECP256K1', algorithm: 'ECDSA_SHA_256', digest: 'sha256' },
  { file: 'ecdsa_secp384r1_sha384', spec: 'EC_P384', algorithm: 'ECDSA_SHA_384', digest: 'sha384', every: 3 },
  { file: 'ed25519', spec: 'ED25519', algorithm: 'ED25519' },
  { file: 'rsa_pss_2048_sha256_mgf1_32', spec: 'RSA_2048', algorithm: 'RSA_PSS_SHA_256', digest: 'sha256' },
  { file: 'rsa_pss_3072_sha256_mgf1_32', spec: 'RSA_3072', algorithm: 'RSA_PSS_SHA_256', digest: 'sha256' },
  { file: 'rsa_signature_2048_sha256', spec: 'RSA_2048', algorithm: 'RSA_PKCS1_SHA_256', digest: 'sha256' },
  { file: 'rsa_signature_3072_sha384', spec: 'RSA_3072', algorithm: 'RSA_PKCS1_SHA_384', digest: 'sha384' },
] satisfies SignatureRun[]) {
  testVectors(signatureRun(run));
}

for (const [size, hashBits] of [
  [2048, 1],
  [2048, 256],
  [3072, 256],
] as const) {
  const name = `sha${hashBits}`;
  testVectors({
    file: `rsa_oaep_${size}_${name}_mgf1${name}`,
    // the face has no labels: a vector with one must not open
    run: (group, vector) => {
      const material = openBytes(`RSA_${size}`, hex(group.privateKeyPkcs8));
      const algorithm = `RSA_OAEP_SHA_${hashBits}` as AlgorithmName;
      const work = () => decryptRsa(algorithm, material, hex(vector.ct));
      const verdict = verdictOf(work, hex(vector.msg), ['ciphertext-invalid']);
      if (vector.label === '') return verdict;
      assert.equal(verdict, 'refused');
      return vector.result === 'valid' ? 'accepted' : 'refused';
    },
  });
}

for (const size of [44, 65] as const) {
  const spec = `ML_DSA_${size}` as KeySpec;
  testVectors({
    file: `mldsa_${size}_verify`,
    // the face has no contexts
    covers: (_group, vector) => (vector.ctx ?? '') === '',
    run: async (group, vector) => {
      try {
        const raw = { format: 'raw-public', type: `ml-dsa-${size}` } as const;
        const material = openPublicKey(
          spec,
          group.publicKeyDer ? hex(group.publicKeyDer) : spki(hex(group.publicKey), raw),
        );
        const valid = await verify('ML_DSA', material, hex(vector.msg), hex(vector.sig), 'raw');
        return valid ? 'accepted' : 'refused';
      } catch (error) {
        assert.ok(
          hasCode(error, 'public-key-invalid') || vector.flags.includes('IncorrectPublicKeyLength'),
          String(error),
        );
        return 'refused';
      }
    },
  });
}

testVectors({
  file: 'mldsa_44_sign_seed',
  // signing is hedged here: what can be asked is that the file's signature verifies, and a fresh one
  covers: (_group, vector) => (vector.ctx ?? '') === '' && vector.result === 'valid',
  run: async (group, vector) => {
    const seed = { format: 'raw-seed', type: 'ml-dsa-44' } as const;
    const encoded = pkcs8(hex(group.privateSeed), seed);
    assert.ok(!group.privateKeyPkcs8 || openBytes('ML_DSA_44', hex(group.privateKeyPkcs8)));
    const material = openBytes('ML_DSA_44', encoded);
    let valid = true;
    for (const form of ['raw', 'external-mu'] as const) {
      const field = form === 'raw' ? vector.msg : vector.mu;
      if (field === undefined) continue;
      valid &&= await verify('ML_DSA', material, hex(field), hex(vector.sig), form);
      const fresh = await sign('ML_DSA', material, hex(field), form);
      valid &&= await verify('ML_DSA', material, hex(field), fresh, form);
    }
    return valid ? 'accepted' : 'refused';
  },
});

for (const size of [512, 768] as const) {
  testVectors({
    file: `mlkem_${size}`,
    covers: (_group, vector) => hex(vector.seed).length === 64,
    run: (_group, vector) => {
      const raw = { format: 'raw-seed', type: `ml-kem-${size}` } as const;
      const material = openBytes(`ML_KEM_${size}`, pkcs8(hex(vector.seed), raw));
      const work = () => decapsulate(material, hex(vector.c));
      return verdictOf(work, hex(vector.K), ['ciphertext-invalid']);
    },
  });
}

//= fips203 7.2: the modulus check of an encapsulation key
testVectors({
  file: 'mlkem_768_encaps',
  run: (_group, vector) => {
    const key = hex(vector.ek);
    const prefix = hex('308204b2300b0609608648016503040402038204a100');
    try {
      const { ciphertext, secret } = encapsulate(openPublicKey('ML_KEM_768', Buffer.concat([prefix, key])));
      using made = secret;
      assert.equal(ciphertext.length, 1088);
      assert.equal(made.length, 32);
      return 'accepted';
    } catch (error) {
      assert.ok(hasCode(error, 'public-key-invalid'), String(error));
      return 'refused';
    }
  },
});
