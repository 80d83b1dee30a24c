import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

/** Wraps a key as Vault's documentation tells people to, with OpenSSL alone. */
function wrapFor(publicKey: string, material: Buffer, oaepHash = 'sha256'): string {
  const aes = crypto.randomBytes(32);
  const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING;
  const first = crypto.publicEncrypt({ key: publicKey, padding, oaepHash }, aes);
  const kwp = crypto.createCipheriv('id-aes256-wrap-pad', aes, Buffer.from('a65959a6', 'hex'));
  return b64(Buffer.concat([first, kwp.update(material), kwp.final()]));
}

const hkdf = (key: Buffer, context: string, length: number): Buffer =>
  Buffer.from(crypto.hkdfSync('sha256', key, '', context, length));

describe('keys that are brought to transit', () => {
  let vault: VaultServer;
  let wrappingKey = '';
  before(async () => {
    vault = await startVault();
    wrappingKey = (await vault.done('GET', 'transit/wrapping_key'))['public_key'];
  });
  after(() => vault.close());

  const bring = (name: string, material: Buffer, body: object = {}, path = 'import') =>
    vault.call('POST', `transit/keys/${name}/${path}`, {
      ciphertext: wrapFor(wrappingKey, material),
      ...body,
    });

  it('has one wrapping key of 4096 bits, which is no key of the mount', async () => {
    const { asymmetricKeyDetails } = crypto.createPublicKey(wrappingKey);
    assert.equal(asymmetricKeyDetails?.modulusLength, 4096);
    assert.equal((await vault.done('GET', 'transit/wrapping_key'))['public_key'], wrappingKey);
    assert.equal((await vault.call('LIST', 'transit/keys')).status, 404);
  });

  it('opens what a key encrypted elsewhere, with and without associated data', async () => {
    const key = crypto.randomBytes(32);
    assert.equal((await bring('aes', key)).status, 204);
    const view = await vault.done('GET', 'transit/keys/aes');
    assert.deepEqual([view['imported_key'], view['imported_key_allow_rotation']], [true, false]);
    for (const aad of ['', 'beside']) {
      const nonce = crypto.randomBytes(12);
      const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce);
      if (aad !== '') cipher.setAAD(Buffer.from(aad));
      const bytes = Buffer.concat([nonce, cipher.update('old secret'), cipher.final(), cipher.getAuthTag()]);
      const opened = await vault.done('POST', 'transit/decrypt/aes', {
        ciphertext: `vault:v1:${b64(bytes)}`,
        ...(aad === '' ? {} : { associated_data: b64(aad) }),
      });
      assert.equal(opened['plaintext'], b64('old secret'));
    }
  });

  it('opens what ChaCha20-Poly1305 encrypted elsewhere', async () => {
    const key = crypto.randomBytes(32);
    assert.equal((await bring('chacha', key, { type: 'chacha20-poly1305' })).status, 204);
    const nonce = crypto.randomBytes(12);
    const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
    const bytes = Buffer.concat([nonce, cipher.update('sea'), cipher.final(), cipher.getAuthTag()]);
    const opened = await vault.done('POST', 'transit/decrypt/chacha', {
      ciphertext: `vault:v1:${b64(bytes)}`,
    });
    assert.equal(opened['plaintext'], b64('sea'));
  });

  it('derives keys as HKDF-SHA-256 does, for encryption and for ed25519', async () => {
    const key = crypto.randomBytes(32);
    assert.equal((await bring('derived', key, { derived: true })).status, 204);
    const context = b64('tenant 7');
    const sealed = await vault.done('POST', 'transit/encrypt/derived', { plaintext: b64('mine'), context });
    const bytes = Buffer.from(sealed['ciphertext'].split(':')[2], 'base64');
    const open = crypto.createDecipheriv('aes-256-gcm', hkdf(key, 'tenant 7', 32), bytes.subarray(0, 12));
    open.setAuthTag(bytes.subarray(-16));
    assert.equal(`${open.update(bytes.subarray(12, -16))}${open.final()}`, 'mine');

    const pair = crypto.generateKeyPairSync('ed25519').privateKey;
    const der = pair.export({ format: 'der', type: 'pkcs8' });
    assert.equal((await bring('ed', der, { type: 'ed25519', derived: true })).status, 204);
    const signed = await vault.done('POST', 'transit/sign/ed', { input: b64('x'), context });
    const jwk = pair.export({ format: 'jwk' }) as Record<string, string>;
    const base = Buffer.concat([jwk['d'], jwk['x']].map((part) => Buffer.from(part ?? '', 'base64url')));
    const own = crypto.createPrivateKey({
      key: hkdf(base, 'tenant 7', 32),
      format: 'raw-private',
      asymmetricKeyType: 'ed25519',
    } as never);
    assert.equal(signed['signature'], `vault:v1:${b64(crypto.sign(null, Buffer.from('x'), own))}`);
  });

  it('signs with what was brought: every kind of pair, and codes', async () => {
    const pairs: [string, string, crypto.KeyObject][] = [
      ['p256', 'ecdsa-p256', crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
      ['p521', 'ecdsa-p521', crypto.generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
      ['ed2', 'ed25519', crypto.generateKeyPairSync('ed25519').privateKey],
      ['rsa', 'rsa-2048', crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ];
    for (const [name, type, key] of pairs) {
      const brought = await bring(name, key.export({ format: 'der', type: 'pkcs8' }), { type });
      assert.equal(brought.status, 204, JSON.stringify(brought.body));
      const { signature } = await vault.done('POST', `transit/sign/${name}`, {
        input: b64('x'),
        signature_algorithm: 'pkcs1v15',
      });
      const bytes = Buffer.from(signature.split(':')[2], 'base64');
      const hash = type === 'ed25519' ? null : 'sha256';
      assert.ok(crypto.verify(hash, Buffer.from('x'), crypto.createPublicKey(key), bytes), name);
    }
    const mac = crypto.randomBytes(32);
    assert.equal((await bring('mac', mac, { type: 'hmac' })).status, 204);
    for (const length of [33, 64, 512]) {
      assert.equal((await bring(`mac${length}`, crypto.randomBytes(length), { type: 'hmac' })).status, 204);
      assert.equal((await vault.done('GET', `transit/keys/mac${length}`))['key_size'], length);
    }
    for (const length of [31, 513])
      assert.equal((await bring('mac-no', crypto.randomBytes(length), { type: 'hmac' })).status, 400);
    const { hmac } = await vault.done('POST', 'transit/hmac/mac/sha2-512', { input: b64('x') });
    assert.equal(hmac, `vault:v1:${crypto.createHmac('sha512', mac).update('x').digest('base64')}`);
  });

  it('takes every hash of OAEP that Vault names', async () => {
    for (const [word, name] of [
      ['SHA1', 'sha1'],
      ['SHA224', 'sha224'],
      ['sha384', 'sha384'],
      ['SHA512', 'sha512'],
    ] as const) {
      const ciphertext = wrapFor(wrappingKey, crypto.randomBytes(16), name);
      const body = { ciphertext, hash_function: word, type: 'aes128-gcm96' };
      assert.equal((await vault.call('POST', `transit/keys/by-${name}/import`, body)).status, 204, word);
    }
  });

  it('brings further versions, which protect at once, and rotates where that was allowed', async () => {
    const [one, two] = [crypto.randomBytes(32), crypto.randomBytes(32)];
    await bring('more', one);
    const old = await vault.done('POST', 'transit/encrypt/more', { plaintext: b64('old') });
    const fresh = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    assert.equal((await bring('more', two, {}, 'import_version')).status, 204);
    assert.equal((await vault.done('GET', 'transit/keys/more'))['latest_version'], 2);
    const { ciphertext } = await vault.done('POST', 'transit/encrypt/more', { plaintext: b64('new') });
    const bytes = Buffer.from(ciphertext.split(':')[2], 'base64');
    assert.match(ciphertext, /^vault:v2:/);
    const open = crypto.createDecipheriv('aes-256-gcm', two, bytes.subarray(0, 12));
    open.setAuthTag(bytes.subarray(-16));
    assert.equal(`${open.update(bytes.subarray(12, -16))}${open.final()}`, 'new');
    assert.deepEqual(await vault.done('POST', 'transit/decrypt/more', old), { plaintext: b64('old') });
    const again = await bring('more', one, {}, 'import_version');
    assert.equal(again.status, 400);
    const wrongKind = await bring(
      'more',
      fresh.export({ format: 'der', type: 'pkcs8' }),
      {},
      'import_version',
    );
    assert.equal(wrongKind.status, 400);
    assert.equal((await vault.call('POST', 'transit/keys/more/rotate')).status, 400);
    await bring('turns', crypto.randomBytes(32), { allow_rotation: true, auto_rotate_period: '24h' });
    const turned = await vault.done('POST', 'transit/keys/turns/rotate');
    assert.deepEqual([turned['latest_version'], turned['auto_rotate_period']], [2, 86_400]);
  });

  it('takes a key back that another key of the mount wrapped', async () => {
    const courier = await vault.tokenFor('courier', ['exporter', 'user', 'auditor']);
    await bring('leaves', crypto.randomBytes(32), { exportable: true });
    const { ciphertext } = await vault.done('POST', 'transit/encrypt/leaves', { plaintext: b64('there') });
    const { data } = await vault.call('GET', 'transit/export/encryption-key/leaves', undefined, courier);
    assert.equal((await bring('returns', Buffer.from(data['keys']['1'], 'base64'))).status, 204);
    assert.deepEqual(await vault.done('POST', 'transit/decrypt/returns', { ciphertext }), {
      plaintext: b64('there'),
    });
  });

  const good = () => wrapFor(wrappingKey, crypto.randomBytes(32));
  const refusals: readonly [string, () => object, RegExp][] = [
    ['x/import', () => ({ ciphertext: b64('short') }), /^provided ciphertext is too short$/],
    ['x/import', () => ({ ciphertext: '*' }), /base64/],
    ['x/import', () => ({}), /a ciphertext is needed/],
    ['x/import', () => ({ public_key: wrappingKey }), /public_key import is not supported/],
    [
      'x/import',
      () => ({ ciphertext: good(), public_key: wrappingKey }),
      /^only one of the following fields/,
    ],
    ['x/import', () => ({ ciphertext: good(), hash_function: 'MD5' }), /^unknown hash function: MD5$/],
    ['x/import', () => ({ ciphertext: good(), hash_function: 'SHA1' }), /./],
    ['x/import', () => ({ ciphertext: good(), type: 'des' }), /^unknown key type des$/],
    ['x/import', () => ({ ciphertext: good(), type: 'ecdsa-p256' }), /private key/],
    ['x/import', () => ({ ciphertext: good(), type: 'aes128-gcm96' }), /spec AES_128/],
    [
      'x/import',
      () => ({ ciphertext: good(), convergent_encryption: true }),
      /^import cannot be used on keys/,
    ],
    [
      'x/import',
      () => ({ ciphertext: good(), auto_rotate_period: '1d' }),
      /^allow_rotation must be set to true/,
    ],
    ['x/import', () => ({ ciphertext: wrapFor(wrappingKey, Buffer.alloc(32)) }), /can not be taken/],
    ['made/import', () => ({ ciphertext: good() }), /^the import path cannot be used with an existing key/],
    [
      'made/import_version',
      () => ({ ciphertext: good() }),
      /^the import_version endpoint can only be used with/,
    ],
    ['nobody/import_version', () => ({ ciphertext: good() }), /^no key found with name nobody/],
  ];
  for (const [path, body, text] of refusals)
    it(`refuses ${path} as ${text}`, async () => {
      await vault.call('POST', 'transit/keys/made', {});
      const answer = await vault.call('POST', `transit/keys/${path}`, body());
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
      assert.match(answer.body['errors'][0], text);
      assert.equal((await vault.call('GET', 'transit/keys/x')).status, 404);
    });
});
