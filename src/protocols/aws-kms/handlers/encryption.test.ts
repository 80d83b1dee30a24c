import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from '../kms.fixture.ts';

const text = (base64: string) => Buffer.from(base64, 'base64').toString();
const bytes = (count: number) => Buffer.alloc(count, 7).toString('base64');
const message = Buffer.from('a message').toString('base64');
const incorrectKey =
  'IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation.';
const invalidCiphertext = 'InvalidCiphertextException: ';

let kms: Kms;
let key: string;
before(async () => {
  kms = await startKms();
  key = await kms.newKey();
});
after(() => kms.close());

async function sealed(input: object = {}): Promise<string> {
  return (await kms.ask<{ CiphertextBlob: string }>('Encrypt', { KeyId: key, Plaintext: message, ...input }))
    .CiphertextBlob;
}

describe('an encryption context', () => {
  const context = { purpose: 'test', Ünicode: '✓ 💥', empty: '' };

  it('must be the same, in any order', async () => {
    const CiphertextBlob = await sealed({ EncryptionContext: context });
    const open = (EncryptionContext?: object) => ({
      CiphertextBlob,
      ...(EncryptionContext ? { EncryptionContext } : {}),
    });
    const reversed = Object.fromEntries(Object.entries(context).reverse());
    for (const same of [context, reversed]) {
      const opened = await kms.ask<{ Plaintext: string }>('Decrypt', open(same));
      assert.equal(text(opened.Plaintext), 'a message');
    }
    const { purpose: _purpose, ...fewer } = context;
    for (const other of [
      undefined,
      {},
      fewer,
      { ...context, more: 'x' },
      { ...context, purpose: 'Test' },
      { ...context, Purpose: 'test' },
      { ...fewer, purpos: 'etest' },
      // the same letters, composed otherwise
      { ...context, purpose: 'test'.normalize('NFD'), 'U\u0308nicode': '✓ 💥' },
    ]) {
      assert.equal(await kms.refusal('Decrypt', open(other)), invalidCiphertext);
    }
  });

  it('that is empty is none', async () => {
    await kms.ask('Decrypt', { CiphertextBlob: await sealed({ EncryptionContext: {} }) });
    await kms.ask('Decrypt', { CiphertextBlob: await sealed(), EncryptionContext: {} });
  });

  it('has names that JavaScript has other uses for', async () => {
    const EncryptionContext = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as object;
    const CiphertextBlob = await sealed({ EncryptionContext });
    await kms.ask('Decrypt', { CiphertextBlob, EncryptionContext });
    assert.equal(await kms.refusal('Decrypt', { CiphertextBlob }), invalidCiphertext);
  });

  it('is bounded, and belongs to secret keys', async () => {
    await sealed({ EncryptionContext: { k: 'v'.repeat(8191) } });
    assert.match(
      await kms.refusal('Encrypt', {
        KeyId: key,
        Plaintext: message,
        EncryptionContext: { k: 'v'.repeat(8192) },
      }),
      /^ValidationException: ./,
    );
    const pair = await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT');
    assert.equal(
      await kms.refusal('Encrypt', {
        KeyId: pair,
        Plaintext: message,
        EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
        EncryptionContext: { a: 'b' },
      }),
      'ValidationException: EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.',
    );
  });
});

describe('Encrypt and Decrypt', () => {
  it('answer with the ARN, the algorithm and the material', async () => {
    const alias = 'alias/encrypting';
    await kms.ask('CreateAlias', { AliasName: alias, TargetKeyId: key });
    const { CiphertextBlob, ...rest } = await kms.ask<{ CiphertextBlob: string }>('Encrypt', {
      KeyId: alias,
      Plaintext: message,
    });
    assert.deepEqual(rest, { KeyId: key, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    const { KeyMetadata } = await kms.ask<{ KeyMetadata: Record<string, string> }>('DescribeKey', {
      KeyId: key,
    });
    for (const KeyId of [undefined, key, key.slice(-36), alias]) {
      assert.deepEqual(await kms.ask('Decrypt', { CiphertextBlob, ...(KeyId ? { KeyId } : {}) }), {
        KeyId: key,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        Plaintext: message,
        KeyMaterialId: KeyMetadata['CurrentKeyMaterialId'],
      });
    }
  });

  it('take 1 to 4,096 bytes', async () => {
    await sealed({ Plaintext: bytes(1) });
    const longest = await sealed({ Plaintext: bytes(4096) });
    assert.ok(Buffer.from(longest, 'base64').length <= 6144);
    const opened = await kms.ask<{ Plaintext: string }>('Decrypt', { CiphertextBlob: longest });
    assert.equal(opened.Plaintext, bytes(4096));
    const at =
      "ValidationException: 1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must";
    for (const [Plaintext, rule] of [
      ['', 'have length greater than or equal to 1'],
      [bytes(4097), 'have length less than or equal to 4096'],
      [undefined, 'not be null'],
    ] as const) {
      assert.equal(await kms.refusal('Encrypt', { KeyId: key, Plaintext }), `${at} ${rule}`);
    }
  });

  it('refuse another key than the one that encrypted', async () => {
    const CiphertextBlob = await sealed();
    const others = [
      await kms.newKey(),
      await kms.newKey('RSA_2048', 'ENCRYPT_DECRYPT'),
      await kms.newKey('RSA_2048', 'SIGN_VERIFY'),
    ];
    for (const KeyId of others)
      assert.equal(await kms.refusal('Decrypt', { CiphertextBlob, KeyId }), incorrectKey);
    assert.match(await kms.refusal('Decrypt', { CiphertextBlob, KeyId: 'alias/none' }), /^NotFoundException/);
  });

  it('refuse every changed byte, and every missing or further one', async () => {
    const blob = Buffer.from(await sealed(), 'base64');
    for (let at = 0; at < blob.length; at += 1) {
      const changed = Buffer.from(blob);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const refusal = await kms.refusal('Decrypt', { CiphertextBlob: changed.toString('base64') });
      // the key id stands in bytes 1 to 17: another one is a key that nobody may use
      if (at >= 1 && at < 18)
        assert.match(refusal, /^AccessDeniedException: The ciphertext refers to/, `byte ${at}`);
      else assert.equal(refusal, invalidCiphertext, `byte ${at}`);
    }
    for (const other of [
      Buffer.concat([blob, Buffer.alloc(1)]),
      blob.subarray(0, -1),
      blob.subarray(0, 30),
      Buffer.from('AAAA'),
    ]) {
      assert.equal(
        await kms.refusal('Decrypt', { CiphertextBlob: other.toString('base64') }),
        invalidCiphertext,
      );
    }
  });

  it('need a ciphertext of 1 to 6,144 bytes', async () => {
    const at =
      "ValidationException: 1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length";
    assert.equal(await kms.refusal('Decrypt', { CiphertextBlob: '' }), `${at} greater than or equal to 1`);
    assert.equal(
      await kms.refusal('Decrypt', { CiphertextBlob: bytes(6145) }),
      `${at} less than or equal to 6144`,
    );
    assert.equal(
      await kms.refusal('Decrypt'),
      "ValidationException: 1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
    );
  });
});
