import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, type ErrorCode, factsOf, hasCode, type KeySpec, keySpecNames } from '#domain';
import {
  ed25519Expanded,
  ed25519FromExpanded,
  generateMaterial,
  openMaterial,
  type PrivateKeyForm,
  privateKeyDer,
  privateKeyPem,
  publicKeyOf,
  publicKeyPem,
  rawPublicKeyOf,
  readPrivateKey,
  SecretBytes,
} from '#crypto';
import { opensslMakes, opensslMissing } from './openssl-command.fixture.ts';
import { secretPem } from './pem.ts';
import { hex, pkcs8 } from './vector-files.test.ts';

const code =
  (expected: ErrorCode) =>
  (error: unknown): boolean =>
    hasCode(error, expected);

const opened = (secret: SecretBytes): Buffer => secret.use((bytes) => Buffer.from(bytes));
const pairSpecs = keySpecNames.filter((spec) => factsOf(spec).asymmetric && !/^(RSA_[34]|SLH)/.test(spec));

/** The forms that keys of a spec have, and how OpenSSL names them. */
function formsOf(spec: KeySpec): PrivateKeyForm[] {
  if (spec.startsWith('RSA')) return ['PKCS8', 'PKCS1'];
  return spec.startsWith('EC_') ? ['PKCS8', 'SEC1'] : ['PKCS8'];
}

test('PEM: whatever the bytes, it is what a PEM writer makes of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
      using pem = secretPem('PRIVATE KEY', bytes);
      const lines = Buffer.from(bytes)
        .toString('base64')
        .match(/.{1,64}/g) as string[];
      const expected = ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
      assert.equal(opened(pem).toString(), expected);
    }),
  );
  using all = secretPem('X', Buffer.from(Array.from({ length: 256 }, (_value, index) => index)));
  const body = opened(all).toString().split('\n').slice(1, -2).join('');
  assert.equal(body, Buffer.from(Array.from({ length: 256 }, (_value, index) => index)).toString('base64'));
});

test('every pair goes out in its forms and comes back the same, as DER and as PEM', async () => {
  for (const spec of pairSpecs) {
    const { encoded, publicKey } = await generateMaterial(spec);
    using secret = encoded;
    for (const form of formsOf(spec)) {
      using der = privateKeyDer(secret, form);
      using pem = privateKeyPem(secret, form);
      const type = form.toLowerCase() as 'pkcs8';
      const expected = createPrivateKey({ key: opened(secret), format: 'der', type: 'pkcs8' });
      assert.deepEqual(opened(der), expected.export({ format: 'der', type }), `${spec} ${form}`);
      assert.equal(opened(pem).toString(), expected.export({ format: 'pem', type }), `${spec} ${form}`);
      for (const content of [der, pem]) {
        const read = readPrivateKey(content);
        using back = read.encoded;
        assert.equal(read.spec, spec);
        assert.ok(back.equals(secret), `${spec} ${form}`);
        assert.deepEqual(publicKeyOf(openMaterial(spec, back)), publicKey);
      }
    }
  }
});

test('a form that keys of the type do not have is refused, and so is a secret key', async () => {
  for (const spec of pairSpecs) {
    const { encoded } = await generateMaterial(spec);
    using secret = encoded;
    for (const form of ['PKCS1', 'SEC1'] as const) {
      if (formsOf(spec).includes(form)) continue;
      assert.throws(() => privateKeyPem(secret, form), code('operation-unsupported'), `${spec} ${form}`);
    }
  }
  using aes = SecretBytes.random(32);
  for (const form of ['PKCS8', 'PKCS1', 'SEC1'] as const)
    assert.throws(() => privateKeyDer(aes, form), code('integrity-failed'));
});

test('public keys: PEM is what OpenSSL writes, the raw form what the standard says', async () => {
  for (const spec of pairSpecs) {
    const { encoded, publicKey } = await generateMaterial(spec);
    encoded[Symbol.dispose]();
    const spki = publicKey as Uint8Array;
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    assert.equal(publicKeyPem(spki), key.export({ format: 'pem', type: 'spki' }));
    if (spec.startsWith('RSA')) {
      assert.throws(() => rawPublicKeyOf(spki), code('operation-unsupported'));
      continue;
    }
    const raw = Buffer.from(rawPublicKeyOf(spki));
    assert.deepEqual(Buffer.from(spki).subarray(-raw.length), raw);
    if (spec === 'ED25519') assert.equal(raw.length, 32);
    if (spec === 'EC_P521') assert.equal(raw.length, 133);
  }
  const sound = generateKeyPairSync('ed25519');
  const spki = sound.publicKey.export({ format: 'der', type: 'spki' });
  for (const wrong of [
    Buffer.alloc(0),
    Buffer.concat([spki, Buffer.alloc(1)]),
    sound.privateKey.export({ format: 'der', type: 'pkcs8' }),
    Buffer.alloc(44),
    hex('3000'),
    Buffer.from('-----BEGIN PUBLIC KEY-----'),
  ])
    for (const work of [publicKeyPem, rawPublicKeyOf])
      assert.throws(() => work(wrong), code('public-key-invalid'));
});

//= rfc8032 7.1: TEST 1
test('Ed25519: the 64 bytes are the seed and the public half, and come back', () => {
  const seed = hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const half = hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  using encoded = SecretBytes.copyOf(pkcs8(seed, { format: 'raw-private', type: 'ed25519' }));
  using expanded = ed25519Expanded(encoded);
  assert.deepEqual(opened(expanded), Buffer.concat([seed, half]));
  using back = ed25519FromExpanded(expanded);
  assert.ok(back.equals(encoded));
});

test('Ed25519: a public half that is not that of the seed is refused, each bit of it', async () => {
  const { encoded } = await generateMaterial('ED25519');
  using secret = encoded;
  using expanded = ed25519Expanded(secret);
  const bytes = opened(expanded);
  for (let bit = 0; bit < 512; bit += 1) {
    const wrong = Buffer.from(bytes);
    wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7));
    using made = SecretBytes.take(wrong);
    assert.throws(() => ed25519FromExpanded(made), code('material-unsuitable'));
  }
  for (const length of [0, 32, 63, 65]) {
    using made = SecretBytes.random(length);
    assert.throws(() => ed25519FromExpanded(made), code('material-unsuitable'));
  }
  const other = await generateMaterial('X25519');
  using x25519 = other.encoded;
  assert.throws(() => ed25519Expanded(x25519), code('operation-unsupported'));
});

function refuses(content: Uint8Array, message: string): void {
  using secret = SecretBytes.copyOf(content);
  assert.throws(() => readPrivateKey(secret), code('material-unsuitable'), message);
}

test('what is not one clear private key of a spec is refused', () => {
  const pem = (key: KeyObject, more: object = {}): Buffer =>
    Buffer.from(key.export({ format: 'pem', type: 'pkcs8', ...more }) as string);
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const good = pem(ec.privateKey);
  const der = ec.privateKey.export({ format: 'der', type: 'pkcs8' });
  refuses(Buffer.alloc(0), 'nothing');
  refuses(Buffer.alloc(32, 1), 'a secret key');
  refuses(Buffer.from('-----BEGIN PRIVATE KEY-----'), 'a beginning alone');
  refuses(Buffer.concat([good, good]), 'two keys');
  refuses(Buffer.concat([Buffer.from('text\n'), good]), 'text before it');
  refuses(Buffer.concat([good, Buffer.from('text')]), 'text after it');
  refuses(Buffer.concat([der, Buffer.alloc(1)]), 'a byte after it');
  refuses(der.subarray(0, -1), 'a byte less');
  refuses(pem(ec.privateKey, { cipher: 'aes-256-cbc', passphrase: 'secret' }), 'encrypted');
  refuses(Buffer.from(ec.publicKey.export({ format: 'pem', type: 'spki' })), 'a public key');
  refuses(ec.publicKey.export({ format: 'der', type: 'spki' }), 'a public key');
  refuses(pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey), 'RSA of 1024 bits');
  refuses(pem(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey), 'e is 3');
  refuses(pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey), 'RSA for PSS alone');
  refuses(pem(generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey), 'a curve of no spec');
  refuses(pem(generateKeyPairSync('x448').privateKey), 'X448');
});

test('a point that is not that of the scalar is refused', () => {
  const [one, other] = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  const der = (one as NonNullable<typeof one>).privateKey.export({ format: 'der', type: 'pkcs8' });
  const point = (other as NonNullable<typeof other>).publicKey
    .export({ format: 'der', type: 'spki' })
    .subarray(-65);
  refuses(Buffer.concat([der.subarray(0, -65), point]), 'another point');
});

test('bytes that were changed are a key or the one refusal', () => {
  const source = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const contents = [
    source.export({ format: 'der', type: 'pkcs8' }),
    source.export({ format: 'der', type: 'sec1' }),
    Buffer.from(source.export({ format: 'pem', type: 'sec1' })),
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'der', type: 'pkcs1' }),
  ];
  for (const content of contents)
    fc.assert(
      fc.property(
        fc.nat(content.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 6 }),
        fc.nat(4),
        (place, bytes, removed) => {
          using changed = SecretBytes.take(
            Buffer.concat([content.subarray(0, place), bytes, content.subarray(place + removed)]),
          );
          try {
            readPrivateKey(changed).encoded[Symbol.dispose]();
          } catch (error) {
            assert.ok(error instanceof ClavigerError && error.code === 'material-unsuitable', String(error));
          }
        },
      ),
      { numRuns: 150 },
    );
});

test('openssl reads every form that we write, and we those that it writes', {
  skip: opensslMissing(),
}, async () => {
  for (const spec of ['RSA_2048', 'EC_P256', 'EC_P521', 'EC_SECP256K1', 'ED25519'] as const) {
    const { encoded, publicKey } = await generateMaterial(spec);
    using secret = encoded;
    for (const form of formsOf(spec)) {
      using pem = privateKeyPem(secret, form);
      const key = opened(pem);
      const half = opensslMakes(['pkey', '-in', 'key', '-pubout'], { key });
      assert.equal(half.toString(), publicKeyPem(publicKey as Uint8Array));
      // since version 3 the command writes PKCS#8 unless told otherwise
      const traditional = form === 'PKCS8' ? [] : ['-traditional'];
      for (const outform of ['PEM', 'DER']) {
        using theirs = SecretBytes.take(
          opensslMakes(['pkey', '-in', 'key', '-outform', outform, ...traditional], { key }),
        );
        if (outform === 'PEM') assert.deepEqual(opened(theirs), key);
        using back = readPrivateKey(theirs).encoded;
        assert.ok(back.equals(secret), `${spec} ${form} ${outform}`);
      }
    }
  }
});

test('a key of a curve without its point, or with a short one, comes in as any other', {
  skip: opensslMissing(),
}, async () => {
  const { encoded } = await generateMaterial('EC_P384');
  using secret = encoded;
  using pem = privateKeyPem(secret, 'SEC1');
  const key = opened(pem);
  for (const option of [['-no_public'], ['-conv_form', 'compressed']]) {
    const made = opensslMakes(['ec', '-in', 'key', '-outform', 'DER', ...option], { key });
    using theirs = SecretBytes.take(made);
    assert.notEqual(made.length, privateKeyDer(secret, 'SEC1').length);
    using back = readPrivateKey(theirs).encoded;
    assert.ok(back.equals(secret), option.join(' '));
  }
});
