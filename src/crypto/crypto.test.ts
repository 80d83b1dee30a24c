import assert from 'node:assert/strict';
import {
  constants,
  createHash,
  createPublicKey,
  createSecretKey,
  verify as opensslVerify,
} from 'node:crypto';
import { inspect } from 'node:util';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { algorithmsFor, factsOf, hasCode, keySpecNames, type AlgorithmName, type KeySpec } from '#domain';
import * as crypto from './index.ts';

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const slow = new Set<KeySpec>([
  'RSA_4096',
  'SLH_DSA_SHA2_128S',
  'SLH_DSA_SHA2_192S',
  'SLH_DSA_SHA2_256S',
  'SLH_DSA_SHAKE_128S',
  'SLH_DSA_SHAKE_192S',
  'SLH_DSA_SHAKE_256S',
]);

async function fresh(spec: KeySpec) {
  const made = await crypto.generateMaterial(spec);
  return { ...made, material: crypto.openMaterial(spec, made.encoded) };
}

type Trial = (spec: KeySpec, algorithm: AlgorithmName) => Promise<void>;

const trials: Record<string, Trial> = {
  encrypt: async (spec, algorithm) => {
    const { material } = await fresh(spec);
    if (factsOf(spec).asymmetric) {
      const most = crypto.oaepPlaintextMax(spec, algorithm);
      const plaintext = crypto.randomBytes(most);
      const sealed = crypto.encryptRsa(algorithm, material, plaintext);
      assert.deepEqual(crypto.decryptRsa(algorithm, material, sealed), plaintext);
      assert.throws(() => crypto.encryptRsa(algorithm, material, crypto.randomBytes(most + 1)), {
        code: 'input-invalid',
      });
      return;
    }
    const sealed = crypto.seal(algorithm, material, utf8('text'), utf8('context'));
    assert.equal(crypto.open(algorithm, material, sealed, utf8('context')).toString(), 'text');
    assert.throws(() => crypto.open(algorithm, material, sealed, utf8('other')), {
      code: 'ciphertext-invalid',
    });
  },
  sign: async (spec, algorithm) => {
    const { material, publicKey } = await fresh(spec);
    const pub = crypto.openPublicKey(spec, publicKey ?? new Uint8Array());
    const message = utf8('a message');
    const signature = await crypto.sign(algorithm, material, message, 'raw');
    assert.ok(await crypto.verify(algorithm, pub, message, { signature, form: 'raw' }));
    assert.ok(!(await crypto.verify(algorithm, pub, utf8('b message'), { signature, form: 'raw' })));
    assert.ok(
      !(await crypto.verify(algorithm, pub, message, { signature: signature.subarray(1), form: 'raw' })),
    );
  },
  mac: async (spec, algorithm) => {
    const { material } = await fresh(spec);
    const code = crypto.mac(algorithm, material, utf8('m'));
    assert.ok(crypto.verifyMac(algorithm, material, utf8('m'), code));
    assert.ok(!crypto.verifyMac(algorithm, material, utf8('n'), code));
    assert.ok(!crypto.verifyMac(algorithm, material, utf8('m'), code.subarray(1)));
  },
  'key-agreement': async (spec, algorithm) => {
    const [a, b] = [await fresh(spec), await fresh(spec)];
    using left = crypto.agree(algorithm, a.material, b.publicKey ?? new Uint8Array());
    using right = crypto.agree(algorithm, b.material, a.publicKey ?? new Uint8Array());
    assert.ok(left.equals(right));
    const stranger = await fresh(spec === 'EC_P256' ? 'EC_P384' : 'EC_P256');
    assert.throws(() => crypto.agree(algorithm, a.material, stranger.publicKey ?? new Uint8Array()), {
      code: 'public-key-invalid',
    });
  },
  encapsulate: async (spec) => {
    const { material } = await fresh(spec);
    const { ciphertext, secret } = crypto.encapsulate(material);
    assert.ok(secret.equals(crypto.decapsulate(material, ciphertext)));
    assert.throws(() => crypto.decapsulate(material, ciphertext.subarray(1)), { code: 'ciphertext-invalid' });
  },
  wrap: async (spec, algorithm) => {
    const { material } = await fresh(spec);
    using secret = crypto.SecretBytes.random(32);
    const wrapped = crypto.wrapKey(algorithm, material, secret);
    assert.ok(secret.equals(crypto.unwrapKey(algorithm, material, wrapped)));
    wrapped[3] = (wrapped[3] ?? 0) ^ 1;
    assert.throws(() => crypto.unwrapKey(algorithm, material, wrapped), { code: 'ciphertext-invalid' });
    for (const length of [0, 8, 15]) {
      assert.throws(() => crypto.unwrapKey(algorithm, material, Buffer.alloc(length)), {
        code: 'ciphertext-invalid',
      });
    }
  },
  derive: async (spec, algorithm) => {
    const { material } = await fresh(spec);
    const ask = { salt: utf8('salt'), info: utf8('info'), length: 70 };
    using one = crypto.deriveKey(algorithm, material, ask);
    using two = crypto.deriveKey(algorithm, material, { ...ask, info: utf8('other') });
    assert.equal(one.length, 70);
    assert.ok(!one.equals(two));
  },
};

describe('every algorithm of every spec', () => {
  for (const spec of keySpecNames.filter((name) => !slow.has(name))) {
    for (const usage of factsOf(spec).usages) {
      const names = algorithmsFor(spec, usage);
      it(`${spec} can ${usage}`, async () => {
        assert.ok(names.length > 0);
        for (const name of names) await trials[usage]?.(spec, name);
      });
    }
  }

  it('walks the slow ones once', async () => {
    await trials['sign']?.('SLH_DSA_SHA2_128S', 'SLH_DSA');
  });
});

describe('signatures over digests', () => {
  const cases: [KeySpec, AlgorithmName, string, object][] = [
    ['RSA_2048', 'RSA_PKCS1_SHA_256', 'sha256', {}],
    ['RSA_2048', 'RSA_PKCS1_SHA_512', 'sha512', {}],
    [
      'RSA_2048',
      'RSA_PSS_SHA_256',
      'sha256',
      { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    ],
    [
      'RSA_3072',
      'RSA_PSS_SHA_384',
      'sha384',
      { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    ],
    ['EC_P256', 'ECDSA_SHA_256', 'sha256', {}],
    ['EC_P384', 'ECDSA_SHA_384', 'sha384', {}],
    ['EC_P521', 'ECDSA_SHA_512', 'sha512', {}],
    ['EC_SECP256K1', 'ECDSA_SHA_256', 'sha256', {}],
  ];
  for (const [spec, algorithm, hash, options] of cases) {
    it(`${algorithm} on ${spec}: OpenSSL verifies what the digest signed, and the other way round`, async () => {
      const { material, publicKey } = await fresh(spec);
      const message = utf8('the message itself');
      const digest = createHash(hash).update(message).digest();
      const signature = await crypto.sign(algorithm, material, digest, 'digest');
      const key = createPublicKey({ key: Buffer.from(publicKey ?? []), format: 'der', type: 'spki' });
      assert.ok(opensslVerify(hash, message, { key, ...options }, signature));
      const raw = await crypto.sign(algorithm, material, message, 'raw');
      assert.ok(await crypto.verify(algorithm, material, digest, { signature: raw, form: 'digest' }));
      digest[0] = (digest[0] ?? 0) ^ 1;
      assert.ok(!(await crypto.verify(algorithm, material, digest, { signature: raw, form: 'digest' })));
      await assert.rejects(crypto.sign(algorithm, material, digest.subarray(1), 'digest'), {
        code: 'input-invalid',
      });
    });
  }

  it('ML-DSA: a mu made outside gives a signature that OpenSSL verifies as one of the message', async () => {
    const { material, publicKey } = await fresh('ML_DSA_65');
    const message = utf8('message');
    const raw = Buffer.from(publicKey ?? []).subarray(-1952);
    //= fips204 algorithm 7 line 6: mu = H(H(pk, 64) || M', 64), M' = 0 || 0 || M
    const shake = (...parts: Uint8Array[]) =>
      createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest();
    const mu = shake(shake(raw), Buffer.of(0, 0), message);
    const signature = await crypto.sign('ML_DSA', material, mu, 'external-mu');
    assert.ok(await crypto.verify('ML_DSA', material, message, { signature, form: 'raw' }));
    assert.ok(await crypto.verify('ML_DSA', material, mu, { signature, form: 'external-mu' }));
  });
});

describe('XAES-256-GCM', () => {
  // the two vectors that the C2SP specification prints
  const nonce = utf8('ABCDEFGHIJKLMNOPQRSTUVWX');
  const vectors = [
    { key: 1, associated: '', sealed: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
    {
      key: 3,
      associated: 'c2sp.org/XAES-256-GCM',
      sealed: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
    },
  ];
  for (const { key, associated, sealed } of vectors) {
    it(`opens the vector with key ${key}`, () => {
      using secret = crypto.SecretBytes.take(Buffer.alloc(32, key));
      const material = crypto.openMaterial('AES_256', secret);
      const bytes = Buffer.concat([nonce, Buffer.from(sealed, 'hex')]);
      assert.equal(crypto.open('XAES_256_GCM', material, bytes, utf8(associated)).toString(), 'XAES-256-GCM');
    });
  }

  it('changes the prefix of its nonces after so many messages', async () => {
    const { material } = await fresh('AES_256');
    const prefixOf = () => crypto.seal('XAES_256_GCM', material, utf8(''), utf8('')).toString('hex', 0, 12);
    const first = prefixOf();
    for (let count = 1; count < 65_536; count += 1) prefixOf();
    assert.notEqual(prefixOf(), first);
  });
});

describe('sealing', () => {
  it('notices a change of any byte', async () => {
    const { material } = await fresh('AES_256');
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (text, at, flip) => {
          const sealed = crypto.seal('XAES_256_GCM', material, text, utf8('a'));
          const index = at % sealed.length;
          sealed[index] = (sealed[index] ?? 0) ^ flip;
          assert.throws(() => crypto.open('XAES_256_GCM', material, sealed, utf8('a')), {
            code: 'ciphertext-invalid',
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('seals a secret for one place only', () => {
    using kek = crypto.SecretBytes.random(32);
    using secret = crypto.SecretBytes.random(48);
    const place = { kek, salt: utf8('salt'), info: 'place' };
    const sealed = crypto.sealSecret(place, secret);
    assert.ok(secret.equals(crypto.openSecret(place, sealed)));
    const refused = (error: unknown) => hasCode(error, 'integrity-failed');
    assert.throws(() => crypto.openSecret({ ...place, info: 'elsewhere' }, sealed), refused);
    assert.throws(() => crypto.openSecret({ ...place, salt: utf8('pepper') }, sealed), refused);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 0x40;
      assert.throws(() => crypto.openSecret(place, changed), refused);
    }
  });
});

describe('secret bytes', () => {
  it('show nothing and are gone when they are disposed of', () => {
    const original = utf8('very secret');
    const secret = crypto.SecretBytes.take(original);
    assert.ok(original.every((byte) => byte === 0));
    assert.equal(
      `${String(secret)} ${JSON.stringify({ secret })} ${inspect(secret)}`.includes('very'),
      false,
    );
    let lent: Uint8Array = new Uint8Array();
    secret.use((bytes) => {
      lent = bytes;
    });
    secret[Symbol.dispose]();
    assert.ok(lent.every((byte) => byte === 0));
    assert.throws(() => secret.use(() => 0));
  });
});

describe('published vectors', () => {
  it('KWP of RFC 5649 section 6', () => {
    const material = {
      spec: 'AES_192' as const,
      key: createSecretKey(Buffer.from('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8', 'hex')),
      publicKey: null,
      derived: { sealing: null, opening: new Map() },
    };
    using secret = crypto.SecretBytes.take(Buffer.from('c37b7e6492584340bed12207808941155068f738', 'hex'));
    const wrapped = crypto.wrapKey('AES_KWP', material, secret);
    assert.equal(wrapped.toString('hex'), '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a');
  });

  it('CMAC of SP 800-38B example 2 (AES-128)', () => {
    using secret = crypto.SecretBytes.take(Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex'));
    const material = crypto.openMaterial('AES_128', secret);
    const code = crypto.mac('AES_CMAC', material, Buffer.from('6bc1bee22e409f96e93d7e117393172a', 'hex'));
    assert.equal(code.toString('hex'), '070a16b46b4d4144f79bdd9dd04a287c');
  });

  it('GCM-SIV of RFC 8452 appendix C.1', () => {
    using secret = crypto.SecretBytes.take(Buffer.from('01000000000000000000000000000000', 'hex'));
    const material = crypto.openMaterial('AES_128', secret);
    const sealed = Buffer.from(
      '030000000000000000000000b5d839330ac7b786578782fff6013b815b287c22493a364c',
      'hex',
    );
    assert.equal(crypto.open('AES_GCM_SIV', material, sealed, utf8('')).toString('hex'), '0100000000000000');
  });
});
