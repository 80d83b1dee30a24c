import assert from 'node:assert/strict';
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  constants,
  randomBytes,
  verify,
} from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { materialFor } from './import.fixture.ts';
import { startKms, type Kms } from './kms.fixture.ts';

type Metadata = { readonly KeyMetadata: Readonly<Record<string, unknown>> };

const algorithms = [
  'RSAES_OAEP_SHA_1',
  'RSAES_OAEP_SHA_256',
  'RSA_AES_KEY_WRAP_SHA_1',
  'RSA_AES_KEY_WRAP_SHA_256',
];
const message = Buffer.from('a message').toString('base64');
const dayMillis = 86_400_000;

describe('imported key material', () => {
  let kms: Kms;
  let later = 0;
  before(async () => {
    const clock = { now: () => Date.now() + later };
    kms = await startKms({ clock });
  });
  after(() => kms.close());

  const external = (spec?: string, usage?: string) => kms.newKey(spec, usage, { Origin: 'EXTERNAL' });
  const told = async (KeyId: string) => (await kms.ask<Metadata>('DescribeKey', { KeyId })).KeyMetadata;
  const encrypt = (KeyId: string) =>
    kms.ask<{ CiphertextBlob: string }>('Encrypt', { KeyId, Plaintext: message });
  const pkcs8 = (type: 'rsa' | 'ec' | 'ed25519', options: object) =>
    generateKeyPairSync(type as 'rsa', options as never) as unknown as {
      publicKey: ReturnType<typeof createPublicKey>;
      privateKey: ReturnType<typeof createPublicKey>;
    };
  const der = (key: ReturnType<typeof createPublicKey>) =>
    key.export({ format: 'der', type: 'pkcs8' } as never) as unknown as Buffer;

  it('makes a pending key usable, by every wrapping algorithm and key', async () => {
    for (const algorithm of algorithms) {
      for (const spec of ['RSA_2048', 'RSA_3072', 'RSA_4096']) {
        const key = await external();
        assert.deepEqual(
          [(await told(key))['KeyState'], (await told(key))['Origin'], (await told(key))['Enabled']],
          ['PendingImport', 'EXTERNAL', false],
        );
        assert.match(
          await kms.refusal('Encrypt', { KeyId: key, Plaintext: message }),
          /^KMSInvalidState.*pending import/,
        );
        const done = await kms.ask<{ KeyId: string; KeyMaterialId: string }>(
          'ImportKeyMaterial',
          await materialFor(kms, key, randomBytes(32), { algorithm, spec }),
        );
        assert.equal(done.KeyId, key);
        const facts = await told(key);
        assert.deepEqual(
          [facts['KeyState'], facts['ExpirationModel'], facts['CurrentKeyMaterialId']],
          ['Enabled', 'KEY_MATERIAL_DOES_NOT_EXPIRE', done.KeyMaterialId],
        );
        const { CiphertextBlob } = await encrypt(key);
        assert.equal(
          (await kms.ask<{ Plaintext: string }>('Decrypt', { CiphertextBlob })).Plaintext,
          message,
        );
      }
    }
  });

  it('is the very key that was brought: outside it verifies, codes and decrypts alike', async () => {
    const rsa = pkcs8('rsa', { modulusLength: 2048 });
    const signer = await external('RSA_2048', 'SIGN_VERIFY');
    const byAes = { algorithm: 'RSA_AES_KEY_WRAP_SHA_256', spec: 'RSA_3072' };
    await kms.ask('ImportKeyMaterial', await materialFor(kms, signer, der(rsa.privateKey), byAes));
    const { Signature } = await kms.ask<{ Signature: string }>('Sign', {
      KeyId: signer,
      Message: message,
      SigningAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_256',
    });
    const text = Buffer.from(message, 'base64');
    assert.ok(verify('sha256', text, rsa.publicKey, Buffer.from(Signature, 'base64')));

    const opener = await external('RSA_2048', 'ENCRYPT_DECRYPT');
    await kms.ask('ImportKeyMaterial', await materialFor(kms, opener, der(rsa.privateKey), byAes));
    const outside = publicEncrypt(
      { key: rsa.publicKey as never, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      text,
    );
    const opened = await kms.ask<{ Plaintext: string }>('Decrypt', {
      KeyId: opener,
      CiphertextBlob: outside.toString('base64'),
      EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
    });
    assert.equal(opened.Plaintext, message);

    for (const [curve, spec, algorithm] of [
      ['prime256v1', 'ECC_NIST_P256', 'ECDSA_SHA_256'],
      ['secp384r1', 'ECC_NIST_P384', 'ECDSA_SHA_384'],
      ['secp521r1', 'ECC_NIST_P521', 'ECDSA_SHA_512'],
      ['secp256k1', 'ECC_SECG_P256K1', 'ECDSA_SHA_256'],
    ] as const) {
      const pair = pkcs8('ec', { namedCurve: curve });
      const key = await external(spec, 'SIGN_VERIFY');
      await kms.ask(
        'ImportKeyMaterial',
        await materialFor(kms, key, der(pair.privateKey), {
          algorithm: 'RSA_AES_KEY_WRAP_SHA_1',
          spec: 'RSA_2048',
        }),
      );
      const made = await kms.ask<{ Signature: string }>('Sign', {
        KeyId: key,
        Message: message,
        SigningAlgorithm: algorithm,
      });
      assert.ok(
        verify(
          algorithm.slice(6).replace('_', ''),
          text,
          pair.publicKey,
          Buffer.from(made.Signature, 'base64'),
        ),
        spec,
      );
    }

    const edwards = pkcs8('ed25519', {});
    const edwardsKey = await external('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY');
    await kms.ask('ImportKeyMaterial', await materialFor(kms, edwardsKey, der(edwards.privateKey)));
    const signed = await kms.ask<{ Signature: string }>('Sign', {
      KeyId: edwardsKey,
      Message: message,
      SigningAlgorithm: 'ED25519_SHA_512',
    });
    assert.ok(verify(null, text, edwards.publicKey, Buffer.from(signed.Signature, 'base64')));

    const secret = randomBytes(48);
    const code = await external('HMAC_384', 'GENERATE_VERIFY_MAC');
    await kms.ask('ImportKeyMaterial', await materialFor(kms, code, secret));
    const { Mac } = await kms.ask<{ Mac: string }>('GenerateMac', {
      KeyId: code,
      Message: message,
      MacAlgorithm: 'HMAC_SHA_384',
    });
    assert.equal(Mac, createHmac('sha384', secret).update(text).digest('base64'));
  });

  it('can be deleted, and comes back as the same only', async () => {
    const bytes = randomBytes(32);
    const key = await external();
    const material = await materialFor(kms, key, bytes);
    await kms.ask('ImportKeyMaterial', material);
    const { CiphertextBlob } = await encrypt(key);
    await kms.ask('DeleteImportedKeyMaterial', { KeyId: key });
    await kms.ask('DeleteImportedKeyMaterial', { KeyId: key });
    assert.equal((await told(key))['KeyState'], 'PendingImport');
    assert.match(await kms.refusal('Decrypt', { CiphertextBlob }), /^KMSInvalidStateException/);
    for (const operation of ['EnableKey', 'DisableKey'])
      assert.match(await kms.refusal(operation, { KeyId: key }), /^KMSInvalidStateException/);
    const other = await materialFor(kms, key, randomBytes(32));
    assert.match(await kms.refusal('ImportKeyMaterial', other), /^IncorrectKeyMaterialException/);
    // the token is good for as long as it says
    await kms.ask('ImportKeyMaterial', material);
    assert.equal((await kms.ask<{ Plaintext: string }>('Decrypt', { CiphertextBlob })).Plaintext, message);
    // over material that is here, too
    await kms.ask('ImportKeyMaterial', await materialFor(kms, key, bytes));
    assert.equal((await kms.ask<{ Plaintext: string }>('Decrypt', { CiphertextBlob })).Plaintext, message);
    assert.match(await kms.refusal('ImportKeyMaterial', other), /^IncorrectKeyMaterialException/);
  });

  it('expires, at use and by itself', async () => {
    const bytes = randomBytes(32);
    const key = await external();
    const validTo = Math.floor(Date.now() / 1000) + 3600;
    const { ExpirationModel: _never, ...material } = await materialFor(kms, key, bytes);
    await kms.ask('ImportKeyMaterial', { ...material, ValidTo: validTo });
    const facts = await told(key);
    assert.deepEqual([facts['ExpirationModel'], facts['ValidTo']], ['KEY_MATERIAL_EXPIRES', validTo]);
    await encrypt(key);
    later = 3_601_000;
    try {
      assert.match(await kms.refusal('Encrypt', { KeyId: key, Plaintext: message }), /pending import/);
      await kms.composition.maintenance.tick();
      assert.equal((await told(key))['KeyState'], 'PendingImport');
      await kms.ask('ImportKeyMaterial', await materialFor(kms, key, bytes));
      await encrypt(key);
    } finally {
      later = 0;
    }
  });

  it('is refused with a token of another key, a changed one, or one that is over', async () => {
    const [key, other] = [await external(), await external()];
    const material = await materialFor(kms, key, randomBytes(32));
    const strange = await materialFor(kms, other, randomBytes(32));
    const swapped = { ...material, ImportToken: strange.ImportToken };
    assert.match(await kms.refusal('ImportKeyMaterial', swapped), /^InvalidImportTokenException/);
    const token = Buffer.from(material.ImportToken, 'base64');
    for (const at of [0, 1, 13, token.length - 1]) {
      const changed = Buffer.from(token);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const asked = { ...material, ImportToken: changed.toString('base64') };
      assert.match(
        await kms.refusal('ImportKeyMaterial', asked),
        /^InvalidImportTokenException/,
        `byte ${at}`,
      );
    }
    later = dayMillis + 1000;
    try {
      assert.match(await kms.refusal('ImportKeyMaterial', material), /^ExpiredImportTokenException/);
    } finally {
      later = 0;
    }
    const wrapped = Buffer.from(material.EncryptedKeyMaterial, 'base64');
    wrapped[9] = (wrapped[9] ?? 0) ^ 1;
    const damaged = { ...material, EncryptedKeyMaterial: wrapped.toString('base64') };
    assert.match(await kms.refusal('ImportKeyMaterial', damaged), /^InvalidCiphertextException/);
    assert.equal((await told(key))['KeyState'], 'PendingImport');
    await kms.ask('ImportKeyMaterial', material);
  });

  it('is refused where it does not suit the key', async () => {
    const small = pkcs8('rsa', { modulusLength: 1024 });
    const curve = pkcs8('ec', { namedCurve: 'prime256v1' });
    const exponent = pkcs8('rsa', { modulusLength: 2048, publicExponent: 65_535 });
    const byAes = { algorithm: 'RSA_AES_KEY_WRAP_SHA_256', spec: 'RSA_2048' };
    for (const [spec, usage, bytes] of [
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', randomBytes(16)],
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', Buffer.alloc(32)],
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', Buffer.alloc(32, 7)],
      ['HMAC_256', 'GENERATE_VERIFY_MAC', randomBytes(31)],
      ['RSA_2048', 'SIGN_VERIFY', der(exponent.privateKey)],
      ['RSA_2048', 'SIGN_VERIFY', der(small.privateKey)],
      ['RSA_2048', 'SIGN_VERIFY', der(curve.privateKey)],
      ['ECC_NIST_P384', 'SIGN_VERIFY', der(curve.privateKey)],
      ['ECC_NIST_P256', 'SIGN_VERIFY', randomBytes(120)],
    ] as const) {
      const key = await external(spec, usage);
      const material = await materialFor(kms, key, bytes, byAes);
      assert.match(await kms.refusal('ImportKeyMaterial', material), /^IncorrectKeyMaterialException/, spec);
    }
  });

  it('belongs to keys of origin EXTERNAL only, which do not rotate by themselves', async () => {
    const own = await kms.newKey();
    const parameters = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' };
    for (const [operation, input] of [
      ['GetParametersForImport', { KeyId: own, ...parameters }],
      ['DeleteImportedKeyMaterial', { KeyId: own }],
      ['CreateKey', { Origin: 'EXTERNAL', KeySpec: 'ML_DSA_65', KeyUsage: 'SIGN_VERIFY' }],
    ] as const)
      assert.match(await kms.refusal(operation, input), /^UnsupportedOperationException/, operation);
    const key = await external();
    const material = await materialFor(kms, key, randomBytes(32));
    await kms.ask('ImportKeyMaterial', material);
    assert.match(await kms.refusal('EnableKeyRotation', { KeyId: key }), /^UnsupportedOperationException/);
    const code = await external('HMAC_256', 'GENERATE_VERIFY_MAC');
    await kms.ask('ImportKeyMaterial', await materialFor(kms, code, randomBytes(32)));
    assert.match(await kms.refusal('RotateKeyOnDemand', { KeyId: code }), /^UnsupportedOperationException/);
    for (const more of [{ ImportType: 'NEW_KEY_MATERIAL' }, { KeyMaterialDescription: 'words' }]) {
      const rotating = { ...(await materialFor(kms, code, randomBytes(32))), ...more };
      assert.match(await kms.refusal('ImportKeyMaterial', rotating), /^UnsupportedOperationException/);
    }
    const rsa = await external('RSA_2048', 'SIGN_VERIFY');
    assert.match(
      await kms.refusal('GetParametersForImport', { KeyId: rsa, ...parameters }),
      /^UnsupportedOperationException/,
    );
  });

  it('rotates on demand, to material that was brought for it', async () => {
    type Entry = Readonly<Record<string, unknown>>;
    const rotations = async (KeyId: string, IncludeKeyMaterial = 'ALL_KEY_MATERIAL') =>
      (await kms.ask<{ Rotations: Entry[] }>('ListKeyRotations', { KeyId, IncludeKeyMaterial })).Rotations;
    const members = (entry: Entry | undefined) =>
      [entry?.['KeyMaterialState'], entry?.['ImportState'], entry?.['KeyMaterialDescription']] as const;
    const open = async (CiphertextBlob: string) =>
      (await kms.ask<{ Plaintext: string }>('Decrypt', { CiphertextBlob })).Plaintext;
    const key = await external();
    assert.deepEqual(await rotations(key), []);
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const first = await kms.ask<{ KeyMaterialId: string }>('ImportKeyMaterial', {
      ...(await materialFor(kms, key, one)),
      KeyMaterialDescription: 'the first',
    });
    const old = (await encrypt(key)).CiphertextBlob;
    assert.match(await kms.refusal('RotateKeyOnDemand', { KeyId: key }), /^KMSInvalidStateException/);
    const isNew = { ImportType: 'NEW_KEY_MATERIAL' };
    const named = { ...(await materialFor(kms, key, two)), ...isNew, KeyMaterialId: first.KeyMaterialId };
    assert.match(await kms.refusal('ImportKeyMaterial', named), /^ValidationException/);
    const validTo = Math.floor(Date.now() / 1000) + 3600;
    const { ExpirationModel: _never, ...material } = await materialFor(kms, key, two);
    const second = await kms.ask<{ KeyMaterialId: string }>('ImportKeyMaterial', {
      ...material,
      ...isNew,
      ValidTo: validTo,
      KeyMaterialDescription: 'the second',
    });
    assert.notEqual(second.KeyMaterialId, first.KeyMaterialId);
    assert.equal((await told(key))['CurrentKeyMaterialId'], first.KeyMaterialId);
    const third = { ...(await materialFor(kms, key, randomBytes(32))), ...isNew };
    assert.match(await kms.refusal('ImportKeyMaterial', third), /^KMSInvalidStateException/);
    const waiting = (await rotations(key)).at(-1);
    assert.deepEqual(members(waiting), ['PENDING_ROTATION', 'IMPORTED', 'the second']);
    assert.deepEqual([waiting?.['ValidTo'], waiting?.['RotationDate']], [validTo, undefined]);
    assert.deepEqual(await rotations(key, 'ROTATIONS_ONLY'), []);

    await kms.ask('RotateKeyOnDemand', { KeyId: key });
    assert.equal((await told(key))['CurrentKeyMaterialId'], second.KeyMaterialId);
    assert.equal((await told(key))['ValidTo'], validTo);
    const listed = await rotations(key);
    assert.deepEqual(listed.map(members), [
      ['NON_CURRENT', 'IMPORTED', 'the first'],
      ['CURRENT', 'IMPORTED', 'the second'],
    ]);
    assert.deepEqual([listed[0]?.['RotationType'], listed[1]?.['RotationType']], [undefined, 'ON_DEMAND']);
    const fresh = (await encrypt(key)).CiphertextBlob;
    assert.deepEqual([await open(old), await open(fresh)], [message, message]);

    // any of the materials missing: the whole key waits
    const deleted = await kms.ask<{ KeyMaterialId: string }>('DeleteImportedKeyMaterial', {
      KeyId: key,
      KeyMaterialId: first.KeyMaterialId,
    });
    assert.equal(deleted.KeyMaterialId, first.KeyMaterialId);
    assert.equal((await told(key))['KeyState'], 'PendingImport');
    assert.match(await kms.refusal('Decrypt', { CiphertextBlob: fresh }), /^KMSInvalidStateException/);
    assert.equal((await rotations(key))[0]?.['ImportState'], 'PENDING_IMPORT');
    const again = { ...(await materialFor(kms, key, one)), ImportType: 'EXISTING_KEY_MATERIAL' };
    const wrong = { ...again, KeyMaterialId: second.KeyMaterialId };
    assert.match(await kms.refusal('ImportKeyMaterial', wrong), /^IncorrectKeyMaterialException/);
    await kms.ask('ImportKeyMaterial', { ...again, KeyMaterialId: first.KeyMaterialId });
    assert.deepEqual([await open(old), await open(fresh)], [message, message]);
    assert.deepEqual(members((await rotations(key))[0]), ['NON_CURRENT', 'IMPORTED', 'the first']);
    later = 3_601_000;
    try {
      await kms.composition.maintenance.tick();
      assert.deepEqual(
        (await rotations(key)).map((entry) => entry['ImportState']),
        ['IMPORTED', 'PENDING_IMPORT'],
      );
      assert.equal((await told(key))['KeyState'], 'PendingImport');
    } finally {
      later = 0;
    }
  });

  it('asks for an end that can be', async () => {
    const key = await external();
    const { ExpirationModel: _never, ...material } = await materialFor(kms, key, randomBytes(32));
    const now = Math.floor(Date.now() / 1000);
    for (const more of [
      {},
      { ExpirationModel: 'KEY_MATERIAL_EXPIRES' },
      { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE', ValidTo: now + 100 },
      { ValidTo: now - 1 },
      { ValidTo: now + 366 * 86_400 },
    ])
      assert.match(await kms.refusal('ImportKeyMaterial', { ...material, ...more }), /^ValidationException/);
  });

  it('ends with its key', async () => {
    const key = await external();
    const material = await materialFor(kms, key, randomBytes(32));
    await kms.ask('ScheduleKeyDeletion', { KeyId: key, PendingWindowInDays: 7 });
    assert.equal((await told(key))['KeyState'], 'PendingDeletion');
    assert.match(await kms.refusal('ImportKeyMaterial', material), /^KMSInvalidStateException/);
    await kms.ask('CancelKeyDeletion', { KeyId: key });
    assert.equal((await told(key))['KeyState'], 'PendingImport');
    await kms.ask('ImportKeyMaterial', material);
    await kms.ask('ScheduleKeyDeletion', { KeyId: key, PendingWindowInDays: 7 });
    later = 8 * dayMillis;
    try {
      await kms.composition.maintenance.tick();
      assert.match(await kms.refusal('DescribeKey', { KeyId: key }), /^NotFoundException/);
    } finally {
      later = 0;
    }
  });
});
