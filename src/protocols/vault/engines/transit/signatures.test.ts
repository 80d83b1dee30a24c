import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

const message = 'the quick brown fox';
const input = b64(message);

describe('signatures of transit', () => {
  let vault: VaultServer;
  before(async () => {
    vault = await startVault();
    for (const [name, body] of Object.entries({
      ec: { type: 'ecdsa-p256' },
      ec384: { type: 'ecdsa-p384' },
      ed: { type: 'ed25519' },
      edd: { type: 'ed25519', derived: true },
      rsa: { type: 'rsa-2048' },
      pq: { type: 'ml-dsa', parameter_set: '44' },
      aes: {},
      cmac: { type: 'aes256-cmac' },
      hmac: { type: 'hmac', key_size: 32 },
    }))
      await vault.done('POST', `transit/keys/${name}`, body);
  });
  after(() => vault.close());

  const publicKey = async (name: string) =>
    (await vault.done('GET', `transit/keys/${name}`))['keys']['1'].public_key as string;
  const bytesOf = (signature: string, alphabet: BufferEncoding = 'base64') =>
    Buffer.from(signature.split(':')[2] ?? '', alphabet);

  it('makes signatures that OpenSSL verifies with the published key', async () => {
    const ec = await vault.done('PUT', 'transit/sign/ec', { input });
    assert.match(ec['signature'], /^vault:v1:/);
    assert.equal(ec['key_version'], 1);
    assert.ok(crypto.verify('sha256', Buffer.from(message), await publicKey('ec'), bytesOf(ec['signature'])));

    const jws = await vault.done('PUT', 'transit/sign/ec384/sha2-384', {
      input,
      marshaling_algorithm: 'jws',
    });
    assert.equal(bytesOf(jws['signature'], 'base64url').length, 96);
    const raw = { key: await publicKey('ec384'), dsaEncoding: 'ieee-p1363' as const };
    assert.ok(crypto.verify('sha384', Buffer.from(message), raw, bytesOf(jws['signature'], 'base64url')));

    const pss = await vault.done('PUT', 'transit/sign/rsa/sha2-512', { input, salt_length: 'hash' });
    const pssKey = {
      key: await publicKey('rsa'),
      padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 64,
    };
    assert.ok(crypto.verify('sha512', Buffer.from(message), pssKey, bytesOf(pss['signature'])));

    const pkcs1 = await vault.done('PUT', 'transit/sign/rsa/sha3-256', {
      input,
      signature_algorithm: 'pkcs1v15',
    });
    assert.ok(
      crypto.verify('sha3-256', Buffer.from(message), await publicKey('rsa'), bytesOf(pkcs1['signature'])),
    );

    const ed = await vault.done('PUT', 'transit/sign/ed', { input });
    const edKey = crypto.createPublicKey({
      key: Buffer.from(await publicKey('ed'), 'base64'),
      format: 'raw-public',
      asymmetricKeyType: 'ed25519',
    } as never);
    assert.ok(crypto.verify(null, Buffer.from(message), edKey, bytesOf(ed['signature'])));
  });

  it('verifies what it signed, under every choice, and nothing else', async () => {
    const choices: [string, object][] = [
      ['ec', {}],
      ['ec', { marshaling_algorithm: 'jws', hash_algorithm: 'sha2-512' }],
      ['ec384', { algorithm: 'sha3-384' }],
      ['rsa', {}],
      ['rsa', { salt_length: 20 }],
      ['rsa', { salt_length: '33', hash_algorithm: 'sha2-384' }],
      ['rsa', { signature_algorithm: 'pkcs1v15', hash_algorithm: 'sha1' }],
      ['rsa', { signature_algorithm: 'pkcs1v15', hash_algorithm: 'none', prehashed: true }],
      ['ed', { prehashed: 'true' }],
      ['edd', { context: b64('one') }],
      ['pq', {}],
    ];
    for (const [name, choice] of choices) {
      const { signature } = await vault.done('PUT', `transit/sign/${name}`, { input, ...choice });
      const verify = async (body: object) =>
        vault.call('PUT', `transit/verify/${name}`, { ...choice, ...body });
      assert.equal(
        (await verify({ input, signature })).data['valid'],
        true,
        `${name} ${JSON.stringify(choice)}`,
      );
      assert.equal((await verify({ input: b64('other'), signature })).data['valid'], false, name);
      const changed = `${signature.slice(0, -8)}AAAA${signature.slice(-4)}`;
      if (changed !== signature)
        assert.notEqual((await verify({ input, signature: changed })).data['valid'], true);
    }
  });

  it('takes what cosign sends', async () => {
    const digest = crypto.createHash('sha256').update(message).digest();
    const sent = { input: b64(digest), prehashed: true, key_version: '0', signature_algorithm: 'pkcs1v15' };
    const { signature } = await vault.done('PUT', 'transit/sign/ec/sha2-256', sent);
    assert.ok(crypto.verify('sha256', Buffer.from(message), await publicKey('ec'), bytesOf(signature)));
    const check = { input: b64(digest), prehashed: true, signature };
    assert.deepEqual(await vault.done('PUT', 'transit/verify/ec/sha2-256', check), { valid: true });
  });

  it('gives the public key of a derived key, which is called otherwise in a batch', async () => {
    const context = b64('one');
    const single = await vault.done('PUT', 'transit/sign/edd', { input, context });
    assert.equal(Buffer.from(single['public_key'], 'base64').length, 32);
    const batch = await vault.done('PUT', 'transit/sign/edd', { batch_input: [{ input, context }] });
    assert.deepEqual(batch['batch_results'], [
      {
        signature: single['signature'],
        key_version: 1,
        publickey: single['public_key'],
        reference: '',
      },
    ]);
    const other = await vault.done('PUT', 'transit/sign/edd', { input, context: b64('two') });
    assert.notEqual(other['public_key'], single['public_key']);
    const missing = await vault.call('PUT', 'transit/sign/edd', { input });
    assert.equal(missing.status, 400);
    assert.match(missing.body['errors'][0], /^missing 'context' for key derivation/);
  });

  it('signs the empty string where a single request has no input', async () => {
    const { signature } = await vault.done('PUT', 'transit/sign/ec', {});
    assert.deepEqual(await vault.done('PUT', 'transit/verify/ec', { input: '', signature }), { valid: true });
  });

  it('answers a batch by item, as 200', async () => {
    const answer = await vault.call('PUT', 'transit/sign/ec', {
      batch_input: [{ input, reference: 'a' }, {}, { input: '%' }],
    });
    assert.equal(answer.status, 200);
    const [good, missing, broken] = answer.data['batch_results'];
    assert.equal(good.reference, 'a');
    assert.deepEqual(missing, { error: 'missing input', reference: '' });
    assert.match(broken.error, /base64/);
    const verified = await vault.call('PUT', 'transit/verify/ec', {
      batch_input: [
        { input, signature: good.signature },
        { input: b64('x'), signature: good.signature },
        { input, signature: 'v1:abc' },
        { input, signature: good.signature.replace('v1', 'v9') },
      ],
    });
    assert.equal(verified.status, 200);
    assert.deepEqual(verified.data['batch_results'], [
      { valid: true, reference: '' },
      { valid: false, reference: '' },
      { valid: false, error: 'invalid signature: no prefix', reference: '' },
      { valid: false, error: 'invalid signature: version is too new', reference: '' },
    ]);
  });

  it('refuses an older version for signing, and heeds the floor for verifying', async () => {
    await vault.done('POST', 'transit/keys/turning', { type: 'ecdsa-p256' });
    const first = await vault.done('PUT', 'transit/sign/turning', { input });
    await vault.done('POST', 'transit/keys/turning/rotate');
    const second = await vault.done('PUT', 'transit/sign/turning', { input });
    assert.match(second['signature'], /^vault:v2:/);
    assert.equal((await vault.call('PUT', 'transit/sign/turning', { input, key_version: 1 })).status, 400);
    const check = { input, signature: first['signature'] };
    assert.deepEqual(await vault.done('PUT', 'transit/verify/turning', check), { valid: true });
    await vault.done('POST', 'transit/keys/turning/config', { min_decryption_version: 2 });
    const late = await vault.call('PUT', 'transit/verify/turning', check);
    assert.deepEqual(late.body, {
      errors: ['ciphertext or signature version is disallowed by policy (too old)'],
    });
  });

  const refusals: readonly [string, object, RegExp][] = [
    ['sign/nobody', { input }, /^signing key not found$/],
    ['verify/nobody', { input, signature: 'vault:v1:aaaa' }, /^signature verification key not found$/],
    ['sign/ec/md5', { input }, /^invalid hash algorithm "md5"$/],
    ['sign/ec', { input, hash_algorithm: 'sha4' }, /^invalid hash algorithm "sha4"$/],
    ['sign/ec', { input, marshaling_algorithm: 'xml' }, /^invalid marshaling type "xml"$/],
    ['sign/rsa', { input, salt_length: 'some' }, /^salt length neither 'auto', 'hash', nor an int: some$/],
    ['sign/rsa', { input, salt_length: -5 }, /^salt length is invalid: -5$/],
    ['sign/rsa', { input, salt_length: 4000 }, /salt/],
    [
      'sign/rsa/none',
      { input },
      /^hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15$/,
    ],
    ['sign/rsa', { input, prehashed: true }, /digest/],
    ['sign/rsa', { input, signature_algorithm: 'x' }, /unsupported signature algorithm/],
    ['sign/ec', { input, key_version: -1 }, /negative/],
    ['sign/ec', { input, key_version: 7 }, /has no version 7/],
    ['sign/ec', { input, batch_input: [] }, /^missing batch input to process$/],
    ['sign/ec', { input: 'no base64!' }, /base64/],
    ['sign/aes', { input }, /not for sign/],
    ['sign/hmac', { input }, /not for sign/],
    ['verify/ec', { input }, /^neither a 'signature'/],
    ['verify/ec', { input, signature: 'vault:v1:aaaa', hmac: 'vault:v1:aaaa' }, /^provide one of/],
    ['verify/ec', { batch_input: [{ input }] }, /^no batch_input elements have/],
    [
      'verify/ec',
      { batch_input: [{ input, signature: 'x' }, { input }] },
      /^some elements of batch_input are missing 'signature'$/,
    ],
    ['verify/ec', { batch_input: [{ input, signature: 'x' }, { hmac: 'x' }] }, /must all provide/],
    ['verify/ec', { input, signature: 'vault:v1:!!' }, /^invalid signature: could not decode base64$/],
    ['hmac/nobody', { input }, /^encryption key not found$/],
    ['hmac/aes/md5', { input }, /^unsupported algorithm "md5"$/],
    ['hmac/aes', {}, /^missing input for HMAC$/],
    ['hmac/aes', { input: '%%' }, /base64/],
    ['hmac/aes', { input, key_version: 9 }, /has no version 9/],
    ['cmac/aes', { input }, /not for mac/],
    ['cmac/hmac', { input }, /does not offer AES_CMAC/],
    ['cmac/cmac', { input, mac_length: 17 }, /^invalid MAC length 17/],
    ['cmac/cmac/four', { input }, /not a number/],
    ['verify/aes', { input, hmac: 'v1' }, /^invalid HMAC: no prefix$/],
    ['verify/aes', { input, hmac: 'vault:v4:AAAA' }, /^invalid HMAC: version is too new$/],
  ];
  for (const [path, body, text] of refusals)
    it(`refuses ${path} ${JSON.stringify(body)}`, async () => {
      const answer = await vault.call('POST', `transit/${path}`, body);
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
      assert.match(answer.body['errors'][0], text);
    });
});

describe('codes of transit', () => {
  let vault: VaultServer;
  before(async () => {
    vault = await startVault();
    for (const [name, body] of Object.entries({
      aes: {},
      ec: { type: 'ecdsa-p256' },
      rsa: { type: 'rsa-2048' },
      hmac: { type: 'hmac', key_size: 64 },
      cmac: { type: 'aes256-cmac' },
      derived: { derived: true, convergent_encryption: true },
    }))
      await vault.done('POST', `transit/keys/${name}`, body);
  });
  after(() => vault.close());

  it('makes and checks HMACs beside every kind of key', async () => {
    for (const name of ['aes', 'ec', 'rsa', 'hmac', 'cmac', 'derived']) {
      for (const hash of ['sha2-256', 'sha3-512', 'sha1']) {
        const { hmac } = await vault.done('PUT', `transit/hmac/${name}/${hash}`, { input });
        assert.match(hmac, /^vault:v1:/);
        const check = { input, hmac, hash_algorithm: hash };
        assert.deepEqual(await vault.done('PUT', `transit/verify/${name}`, check), { valid: true });
        assert.deepEqual(
          await vault.done('PUT', `transit/verify/${name}/${hash}`, { hmac, input: b64('x') }),
          {
            valid: false,
          },
        );
      }
    }
  });

  it('gives another code under another version, and still checks the older one', async () => {
    const old = await vault.done('PUT', 'transit/hmac/aes', { input });
    await vault.done('POST', 'transit/keys/aes/rotate');
    const fresh = await vault.done('PUT', 'transit/hmac/aes', { input });
    assert.match(fresh['hmac'], /^vault:v2:/);
    const batch_input = [old, fresh].map(({ hmac }) => ({ input, hmac }));
    const { batch_results } = await vault.done('PUT', 'transit/verify/aes', { batch_input });
    assert.deepEqual(batch_results, [
      { valid: true, reference: '' },
      { valid: true, reference: '' },
    ]);
  });

  it('makes and checks CMACs of a length', async () => {
    for (const length of [16, 8]) {
      const { cmac } = await vault.done('PUT', `transit/cmac/cmac/${length}`, { input });
      assert.equal(Buffer.from(cmac.split(':')[2], 'base64').length, length);
      const check = { input, cmac, mac_length: length };
      assert.deepEqual(await vault.done('PUT', 'transit/verify/cmac', check), { valid: true });
      assert.deepEqual(await vault.done('PUT', `transit/verify/cmac/${length}`, { input, cmac }), {
        valid: true,
      });
    }
    const whole = await vault.done('PUT', 'transit/cmac/cmac', {
      batch_input: [{ input, reference: 'r' }, {}],
    });
    assert.equal(whole['batch_results'][0].reference, 'r');
    assert.equal(whole['batch_results'][1].error, 'missing input for CMAC');
  });
});
