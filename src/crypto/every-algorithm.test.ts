import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AlgorithmName, algorithmUsage, factsOf, hasCode, type KeySpec, keySpecNames } from '#domain';
import {
  agree,
  decapsulate,
  decryptRsa,
  deriveKey,
  encapsulate,
  encryptRsa,
  type KeyMaterial,
  mac,
  messageForms,
  open,
  openMaterial,
  openPublicKey,
  SecretBytes,
  seal,
  sign,
  unwrapKey,
  verify,
  verifyMac,
  wrapKey,
} from '#crypto';
import { type Algorithm, algorithmOf, algorithms } from './algorithms.ts';
import { generateMaterial } from './material.ts';

const message = Buffer.from('the message');
const aad = Buffer.from('the context');

type Opened = { readonly full: KeyMaterial; readonly publicKey: Uint8Array | null };

async function freshKey(spec: KeySpec): Promise<Opened> {
  const { encoded, publicKey } = await generateMaterial(spec);
  using secret = encoded;
  return { full: openMaterial(spec, secret), publicKey };
}

function publicHalf(key: Opened): KeyMaterial {
  assert.ok(key.publicKey);
  return openPublicKey(key.full.spec, key.publicKey);
}

const messageOfForm = { raw: message, digest: null, 'external-mu': Buffer.alloc(64, 7) };

/** A round trip of each kind of algorithm, protecting with the least that it takes. */
const roundTrips: {
  readonly [K in Algorithm['kind']]: (name: AlgorithmName, key: Opened) => void | Promise<void>;
} = {
  aead: (name, key) => {
    const sealed = seal(name, key.full, message, aad);
    assert.deepEqual(Buffer.from(open(name, key.full, sealed, aad)), message);
  },
  'rsa-encryption': (name, key) => {
    const ciphertext = encryptRsa(name, publicHalf(key), message);
    assert.deepEqual(Buffer.from(decryptRsa(name, key.full, ciphertext)), message);
  },
  signature: async (name, key) => {
    const forms = messageForms(name, key.full);
    assert.ok(forms.includes('raw'));
    for (const form of forms) {
      const signed = messageOfForm[form] ?? Buffer.alloc(digestLength(name), 5);
      const signature = await sign(name, key.full, signed, form);
      assert.equal(await verify(name, publicHalf(key), signed, signature, form), true, `${name} ${form}`);
      const other = Buffer.from(signed);
      other[0] = (other[0] as number) ^ 1;
      assert.equal(await verify(name, key.full, other, signature, form), false, `${name} ${form}`);
    }
  },
  mac: (name, key) => {
    const code = mac(name, key.full, message);
    assert.equal(verifyMac(name, key.full, message, code), true);
    assert.equal(verifyMac(name, key.full, aad, code), false);
    assert.equal(verifyMac(name, key.full, message, code.subarray(1)), false);
  },
  agreement: async (name, key) => {
    const peer = await freshKey(key.full.spec);
    assert.ok(key.publicKey && peer.publicKey);
    using mine = agree(name, key.full, peer.publicKey);
    using theirs = agree(name, peer.full, key.publicKey);
    assert.equal(mine.equals(theirs), true);
  },
  kem: (_name, key) => {
    const { ciphertext, secret } = encapsulate(publicHalf(key));
    using made = secret;
    using got = decapsulate(key.full, ciphertext);
    assert.equal(got.length, 32);
    assert.equal(made.equals(got), true);
  },
  kdf: (name, key) => {
    using derived = deriveKey(name, key.full, { salt: message, info: aad, length: 100 });
    using again = deriveKey(name, key.full, { salt: message, info: aad, length: 100 });
    using other = deriveKey(name, key.full, { salt: aad, info: message, length: 100 });
    assert.equal(derived.length, 100);
    assert.equal(derived.equals(again), true);
    assert.equal(derived.equals(other), false);
  },
  wrap: (name, key) => {
    using secret = SecretBytes.random(32);
    using back = unwrapKey(name, key.full, wrapKey(name, key.full, secret));
    assert.equal(secret.equals(back), true);
  },
};

function digestLength(name: AlgorithmName): number {
  return name === 'ED25519_PH' ? 64 : Number(name.slice(-3)) / 8;
}

test('every algorithm of every spec has an entry, and every entry a spec', () => {
  const offered = new Set(keySpecNames.flatMap((spec) => factsOf(spec).algorithms));
  assert.deepEqual(Object.keys(algorithms).sort(), [...offered].sort());
  assert.equal(Object.getPrototypeOf(algorithms), null);
  assert.ok(Object.isFrozen(algorithms));
});

test('every spec agrees with its facts on what it is', async () => {
  assert.ok(keySpecNames.length >= 37);
  for (const spec of keySpecNames) {
    for (const name of factsOf(spec).algorithms)
      assert.ok(factsOf(spec).usages.includes(algorithmUsage(name)));
  }
});

// side by side, because the s-sets of SLH-DSA take up to a second for a signature, in the thread pool
describe('round trips', { concurrency: true }, () => {
  for (const spec of keySpecNames) {
    test(`a generated key of ${spec} works with each of its algorithms`, async () => {
      const key = await freshKey(spec);
      assert.equal(key.publicKey !== null, factsOf(spec).asymmetric);
      for (const name of factsOf(spec).algorithms) await roundTrips[algorithms[name].kind](name, key);
    });
  }
});

test('no algorithm is found for a spec that does not offer it, nor as another kind', () => {
  const names = Object.keys(algorithms) as AlgorithmName[];
  for (const spec of keySpecNames) {
    for (const name of names) {
      const find = (kind: Algorithm['kind']) => () => algorithmOf(kind, name, spec);
      const { kind } = algorithms[name];
      if (factsOf(spec).algorithms.includes(name)) {
        assert.equal(find(kind)(), algorithms[name]);
        assert.throws(find(kind === 'aead' ? 'mac' : 'aead'), isForbidden);
      } else {
        assert.throws(find(kind), isForbidden, `${spec} ${name}`);
      }
    }
  }
  assert.throws(() => algorithmOf('aead', 'toString' as AlgorithmName, 'AES_256'), isForbidden);
});

test('the functions of the face ask for the algorithm of their own kind', async () => {
  const { full } = await freshKey('AES_256');
  using secret = SecretBytes.random(16);
  assert.throws(() => seal('AES_KW', full, message, aad), isForbidden);
  assert.throws(() => open('AES_CMAC', full, message, aad), isForbidden);
  assert.throws(() => mac('AES_GCM', full, message), isForbidden);
  assert.throws(() => wrapKey('AES_GCM', full, secret), isForbidden);
  assert.throws(() => encapsulate(full), isForbidden);
  assert.throws(() => encryptRsa('RSA_OAEP_SHA_256', full, message), isForbidden);
  assert.throws(() => agree('ECDH', full, message), isForbidden);
  assert.throws(() => deriveKey('HKDF_SHA_256', full, { salt: aad, info: aad, length: 1 }), isForbidden);
  await assert.rejects(sign('ED25519', full, message, 'raw'), isForbidden);
  await assert.rejects(verify('ED25519', full, message, aad, 'raw'), isForbidden);
});

function isForbidden(error: unknown): boolean {
  return hasCode(error, 'algorithm-forbids');
}
