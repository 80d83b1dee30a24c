import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

const pemOf = (key: crypto.KeyObject) => key.export({ format: 'pem', type: 'spki' }) as string;

describe('keys that two sides agree on', () => {
  let vault: VaultServer;
  const derive = (name: string, body: object) => vault.call('POST', `transit/derive-key/${name}`, body);
  const publicKeyOf = async (name: string): Promise<string> =>
    (await vault.done('GET', `transit/keys/${name}`))['keys']['1'].public_key;
  before(async () => {
    vault = await startVault();
  });
  after(() => vault.close());

  for (const [type, namedCurve] of [
    ['ecdsa-p256', 'P-256'],
    ['ecdsa-p384', 'P-384'],
    ['ecdsa-p521', 'P-521'],
  ] as const)
    it(`are HKDF-SHA-256 of the secret of ${type}`, async () => {
      await vault.done('POST', `transit/keys/${type}`, { type });
      const peer = crypto.generateKeyPairSync('ec', { namedCurve });
      const body = { base_key_name: type, peer_public_key: pemOf(peer.publicKey) };
      assert.equal((await derive(`of-${type}`, body)).status, 204);
      const view = await vault.done('GET', `transit/keys/of-${type}`);
      assert.deepEqual(
        [view['type'], view['exportable'], view['imported_key']],
        ['aes256-gcm96', false, true],
      );
      const { ciphertext } = await vault.done('POST', `transit/encrypt/of-${type}`, { plaintext: b64('x') });
      const secret = crypto.diffieHellman({
        privateKey: peer.privateKey,
        publicKey: crypto.createPublicKey(await publicKeyOf(type)),
      });
      const key = Buffer.from(crypto.hkdfSync('sha256', secret, '', '', 32));
      const sealed = Buffer.from(ciphertext.split(':')[2], 'base64');
      const cipher = crypto.createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
      cipher.setAuthTag(sealed.subarray(-16));
      assert.equal(cipher.update(sealed.subarray(12, -16), undefined, 'utf8') + cipher.final('utf8'), 'x');
    });

  it('are of every type that encrypts, on both sides the same', async () => {
    for (const name of ['left', 'right'])
      await vault.done('POST', `transit/keys/${name}`, { type: 'ecdsa-p256' });
    for (const derived_key_type of ['aes128-gcm96', 'chacha20-poly1305']) {
      const [one, two] = [`l-${derived_key_type}`, `r-${derived_key_type}`];
      const ask = async (name: string, base_key_name: string, peer: string) =>
        derive(name, { base_key_name, derived_key_type, peer_public_key: await publicKeyOf(peer) });
      assert.equal((await ask(one, 'left', 'right')).status, 204);
      assert.equal((await ask(two, 'right', 'left')).status, 204);
      const sealed = await vault.done('POST', `transit/encrypt/${one}`, { plaintext: b64('x') });
      const { ciphertext } = sealed;
      assert.deepEqual(await vault.done('POST', `transit/decrypt/${two}`, { ciphertext }), {
        plaintext: b64('x'),
      });
    }
  });

  it('are refused in words', async () => {
    await vault.done('POST', 'transit/keys/base', { type: 'ecdsa-p256' });
    await vault.done('POST', 'transit/keys/ed', { type: 'ed25519' });
    const peer = pemOf(crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    const other = pemOf(crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey);
    const good = { base_key_name: 'base', peer_public_key: peer };
    assert.equal((await derive('there', good)).status, 204);
    const wrong: readonly [string, object, RegExp][] = [
      ['there', good, /^key "there" already exists$/],
      ['new', { ...good, base_key_name: 'nobody' }, /^specified base key not found$/],
      ['new', { peer_public_key: peer }, /^specified base key not found$/],
      ['new', { base_key_name: 'base' }, /^peer public key not provided$/],
      ['new', { ...good, peer_public_key: 'x' }, /PEM/],
      ['new', { ...good, peer_public_key: `${peer} -` }, /PEM/],
      ['new', { ...good, peer_public_key: other }, /not a valid key/],
      ['new', { ...good, key_derivation_algorithm: 'x9' }, /algorithm x9 not supported/],
      ['new', { ...good, derived_key_type: 'rsa-2048' }, /^unknown key type rsa-2048$/],
      ['new', { ...good, base_key_version: 7 }, /version/],
      ['new', { ...good, base_key_name: 'ed' }, /key-agreement/],
    ];
    for (const [name, body, text] of wrong) {
      const answer = await derive(name, body);
      assert.equal(answer.status, 400, JSON.stringify([body, answer.body]));
      assert.match(answer.body['errors'][0], text);
    }
    assert.equal((await vault.call('GET', 'transit/keys/new')).status, 404);
    const user = await vault.tokenFor('reader', ['user']);
    assert.equal((await vault.call('POST', 'transit/derive-key/mine', good, user)).status, 403);
  });
});
