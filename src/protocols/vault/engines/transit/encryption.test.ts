import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

type Json = Record<string, any>; // oxlint-disable-line no-explicit-any -- answers are any JSON

const bytesOf = (ciphertext: string): Buffer => Buffer.from(ciphertext.split(':')[2] ?? '', 'base64');

/** A backup of one version with this key, as Vault writes it. */
function backupOf(name: string, key: Buffer, policy: object): string {
  const entry = { key: b64(key), time: new Date().toISOString(), convergent_version: 3 };
  const whole = {
    name,
    keys: { '1': entry },
    type: 0,
    latest_version: 1,
    min_decryption_version: 1,
    ...policy,
  };
  return b64(JSON.stringify({ policy: whole, archived_keys: { keys: [{}, entry] } }));
}

describe('encryption of transit', () => {
  let vault: VaultServer;
  before(async () => {
    vault = await startVault();
    for (const [name, body] of Object.entries({
      aes: {},
      derived: { derived: true },
      convergent: { derived: true, convergent_encryption: true },
      chacha: { type: 'chacha20-poly1305' },
      rsa: { type: 'rsa-2048' },
      ec: { type: 'ecdsa-p256' },
    }))
      await vault.done('POST', `transit/keys/${name}`, body);
  });
  after(() => vault.close());

  const post = (path: string, body?: unknown) => vault.call('POST', `transit/${path}`, body);

  it('makes convergent ciphertexts byte for byte as version 3 of Vault does', async () => {
    const key = crypto.randomBytes(32);
    const policy = { derived: true, kdf: 1, convergent_encryption: true, convergent_version: -1 };
    assert.equal((await post('restore', { backup: backupOf('known', key, policy) })).status, 204);
    for (const plain of ['', 'hello', 'x'.repeat(1000)]) {
      const { ciphertext } = await vault.done('POST', 'transit/encrypt/known', {
        plaintext: b64(plain),
        context: b64('tenant'),
      });
      const keys = Buffer.from(crypto.hkdfSync('sha256', key, '', 'tenant', 64));
      const nonce = crypto.createHmac('sha256', keys.subarray(32)).update(plain).digest().subarray(0, 12);
      const cipher = crypto.createCipheriv('aes-256-gcm', keys.subarray(0, 32), nonce);
      const own = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      assert.equal(ciphertext, `vault:v1:${b64(own)}`);
    }
  });

  it('decrypts RSA as OAEP with SHA-256, and publishes the key for it', async () => {
    const { keys } = await vault.done('GET', 'transit/keys/rsa');
    const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING;
    const sealed = crypto.publicEncrypt(
      { key: keys['1'].public_key, padding, oaepHash: 'sha256' },
      Buffer.from('to you'),
    );
    const ciphertext = `vault:v1:${b64(sealed)}`;
    assert.deepEqual(await vault.done('POST', 'transit/decrypt/rsa', { ciphertext }), {
      plaintext: b64('to you'),
    });
  });

  it('takes version 0 for the first one, of ciphertexts from before there were versions', async () => {
    const { ciphertext } = await vault.done('POST', 'transit/encrypt/aes', { plaintext: b64('old') });
    const old = ciphertext.replace('vault:v1:', 'vault:v0:');
    assert.deepEqual(await vault.done('POST', 'transit/decrypt/aes', { ciphertext: old }), {
      plaintext: b64('old'),
    });
  });

  it('makes a key with its first use', async () => {
    const { ciphertext } = await vault.done('POST', 'transit/encrypt/upserted', {
      plaintext: b64('x'),
      type: 'chacha20-poly1305',
    });
    assert.equal((await vault.done('GET', 'transit/keys/upserted'))['type'], 'chacha20-poly1305');
    assert.deepEqual(await vault.done('POST', 'transit/decrypt/upserted', { ciphertext }), {
      plaintext: b64('x'),
    });
  });

  it('rewraps to the newest version, and data keys open', async () => {
    await vault.done('POST', 'transit/keys/turning', {});
    const { ciphertext } = await vault.done('POST', 'transit/encrypt/turning', { plaintext: b64('x') });
    await vault.done('POST', 'transit/keys/turning/rotate');
    const fresh = await vault.done('POST', 'transit/rewrap/turning', { ciphertext });
    assert.match(fresh['ciphertext'], /^vault:v2:/);
    assert.equal(fresh['key_version'], 2);
    for (const bits of [128, 256, 512]) {
      const made = await vault.done('POST', 'transit/datakey/plaintext/turning', { bits });
      assert.equal(Buffer.from(made['plaintext'], 'base64').length, bits / 8);
      const opened = await vault.done('POST', 'transit/decrypt/turning', { ciphertext: made['ciphertext'] });
      assert.equal(opened['plaintext'], made['plaintext']);
    }
    const wrapped = await vault.done('POST', 'transit/datakey/wrapped/turning');
    assert.equal(wrapped['plaintext'], undefined);
  });

  it('answers each item of a batch as it answers it alone', async () => {
    const item = fc.record(
      {
        plaintext: fc.oneof(
          fc.uint8Array({ maxLength: 40 }).map((bytes) => b64(bytes)),
          fc.constantFrom('no base64!', '===='),
        ),
        associated_data: fc.oneof(
          fc.uint8Array({ maxLength: 8 }).map((bytes) => b64(bytes)),
          fc.constant('%'),
        ),
        reference: fc.string({ maxLength: 5 }),
      },
      { requiredKeys: [] },
    );
    // convergent ciphertexts of equal items are equal, so that whole answers can be compared
    const context = b64('same');
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 6 }), async (items) => {
        const wished = items.map((each) => ({ ...each, context }));
        const batch = await post('encrypt/convergent', { batch_input: wished });
        const results = batch.data['batch_results'] as Json[];
        assert.equal(results.length, items.length);
        let failed = 0;
        for (const [at, wish] of wished.entries()) {
          const alone = await post('encrypt/convergent', wish);
          const { reference, ...result } = results[at] ?? {};
          assert.equal(reference, wish.reference ?? '');
          if (alone.status === 200) assert.deepEqual(result, alone.data);
          else assert.deepEqual({ errors: [result['error']] }, alone.body);
          if (alone.status !== 200) failed += 1;
        }
        assert.equal(batch.status, failed === 0 ? 200 : 400);
        const sealed = results.map((result, at) => ({
          ciphertext: result['ciphertext'] ?? 'none',
          context,
          ...(wished[at]?.associated_data === undefined
            ? {}
            : { associated_data: wished[at].associated_data }),
        }));
        const opened = await post('decrypt/convergent', { batch_input: sealed });
        for (const [at, wish] of sealed.entries()) {
          const alone = await post('decrypt/convergent', wish);
          const { reference: _none, ...result } = (opened.data['batch_results'] as Json[])[at] ?? {};
          if (alone.status === 200) {
            assert.deepEqual(result, alone.data);
            assert.equal(result['plaintext'], wished[at]?.plaintext);
          } else assert.deepEqual(result, { plaintext: '', error: alone.body['errors'][0] });
        }
      }),
      { numRuns: 25 },
    );
  });

  it('answers a partial failure as the request wants', async () => {
    const batch_input = [{ plaintext: b64('x') }, {}];
    const usual = await post('encrypt/aes', { batch_input });
    assert.equal(usual.status, 400);
    assert.equal(usual.data['batch_results'][1].error, 'missing plaintext to encrypt');
    assert.match(usual.data['batch_results'][0].ciphertext, /^vault:v1:/);
    assert.ok('request_id' in usual.body);
    assert.equal(
      (await post('encrypt/aes', { batch_input, partial_failure_response_code: '207' })).status,
      207,
    );
    const none = await post('encrypt/aes', { batch_input: [{}], partial_failure_response_code: 207 });
    assert.equal(none.status, 400);
  });

  const plaintext = b64('x');
  const refusals: readonly [string, object, RegExp][] = [
    ['encrypt/aes', {}, /^missing plaintext to encrypt$/],
    ['encrypt/aes', { plaintext: '*' }, /base64/],
    ['encrypt/aes', { plaintext, batch_input: [] }, /^missing batch input to process$/],
    ['encrypt/aes', { batch_input: 'x' }, /batch_input/],
    ['encrypt/aes', { batch_input: [7] }, /batch_input/],
    ['encrypt/aes', { plaintext, nonce: b64('123456789012') }, /nonce/],
    ['encrypt/aes', { plaintext, key_version: 2 }, /has no version 2/],
    ['encrypt/aes', { plaintext, key_version: 'new' }, /key_version/],
    ['encrypt/aes', { plaintext, associated_data: '*' }, /base64/],
    ['encrypt/derived', { plaintext }, /^missing 'context' for key derivation/],
    [
      'encrypt/derived',
      { batch_input: [{ plaintext, context: b64('a') }, { plaintext }] },
      /^context should be set either in all the request blocks or in none$/,
    ],
    ['encrypt/ec', { plaintext }, /not for encrypt/],
    ['encrypt/rsa', { plaintext: b64('x'.repeat(400)) }, /at most/],
    ['encrypt/bad%20name', { plaintext }, /^invalid key name/],
    ['encrypt/fresh', { plaintext, type: 'des' }, /^unknown key type des$/],
    ['encrypt/fresh', { plaintext, convergent_encryption: true }, /requires derivation/],
    ['decrypt/aes', {}, /^missing ciphertext to decrypt$/],
    ['decrypt/aes', { ciphertext: 'v1:abc' }, /^invalid ciphertext: no prefix$/],
    ['decrypt/aes', { ciphertext: 'vault:v9:AAAA' }, /^invalid ciphertext: version is too new$/],
    ['decrypt/aes', { ciphertext: 'vault:v1' }, /^invalid ciphertext: wrong number of fields/],
    ['decrypt/aes', { ciphertext: 'vault:v1:*' }, /^invalid ciphertext: could not decode base64$/],
    [
      'decrypt/aes',
      { ciphertext: `vault:v1:${b64('x'.repeat(40))}` },
      /^cipher: message authentication failed$/,
    ],
    ['decrypt/aes', { ciphertext: 'vault:v1:AAAA' }, /authentication failed/],
    ['decrypt/nobody', { ciphertext: 'vault:v1:AAAA' }, /^encryption key not found$/],
    ['rewrap/nobody', { ciphertext: 'vault:v1:AAAA' }, /^encryption key not found$/],
    ['rewrap/aes', {}, /^missing ciphertext to decrypt$/],
    ['datakey/plaintext/nobody', {}, /^encryption key not found$/],
    ['datakey/naked/aes', {}, /^Invalid path/],
    ['datakey/wrapped/aes', { bits: 100 }, /^invalid bit length$/],
    ['keys/aes/config', { min_decryption_version: 9 }, /^cannot set min decryption version of 9/],
    ['keys/aes/config', { min_encryption_version: 9 }, /^cannot set min encryption version of 9/],
    [
      'keys/aes/config',
      { auto_rotate_period: '5m' },
      /^auto rotate period must be 0 to disable or at least an hour$/,
    ],
    ['keys/nobody/rotate', {}, /^no existing key named nobody could be found$/],
    ['keys/nobody/config', {}, /^no existing key named nobody could be found$/],
    ['keys/new', { type: 'unheard-of' }, /^unknown key type unheard-of$/],
    ['keys/new', { type: 'hmac', key_size: 5 }, /^invalid key size 5,/],
  ];
  for (const [path, body, text] of refusals)
    it(`refuses ${path} ${JSON.stringify(body).slice(0, 80)}`, async () => {
      const answer = await post(path, body);
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
      assert.match(answer.body['errors'][0], text);
    });

  it('opens nothing with other associated data, another context or another key', async () => {
    const made = await vault.done('POST', 'transit/encrypt/derived', {
      plaintext,
      context: b64('a'),
      associated_data: b64('d'),
    });
    const { ciphertext } = made;
    const tries = [
      ['derived', { context: b64('b'), associated_data: b64('d') }],
      ['derived', { context: b64('a'), associated_data: b64('e') }],
      ['derived', { context: b64('a') }],
      ['aes', { associated_data: b64('d') }],
    ] as const;
    for (const [name, body] of tries)
      assert.deepEqual((await post(`decrypt/${name}`, { ciphertext, ...body })).body, {
        errors: ['cipher: message authentication failed'],
      });
    assert.equal(bytesOf(ciphertext).length, 12 + 1 + 16);
  });
});
