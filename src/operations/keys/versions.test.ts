import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Key } from '#domain';
import { byId, encryptUnder, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';

describe('what an older version made', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const rotate = (key: Key): Promise<Key> =>
    world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
  const message = Buffer.from('message');

  it('is verified by a code of that version, and no other', async () => {
    const key = await makeKey(world, { spec: 'HMAC_256', usage: 'mac' });
    const input = { key: byId(key), message, algorithm: null, dryRun: false };
    const { mac, version } = await world.door.run(operations.generateMac, world.caller(), input);
    await rotate(key);
    const verify = (number: number | null) =>
      world.door.run(operations.verifyMac, world.caller(), { ...input, mac, version: number });
    assert.equal(version, 1);
    assert.equal((await verify(1)).version, 1);
    for (const other of [2, null]) await assert.rejects(verify(other), { code: 'mac-invalid' });
    await assert.rejects(verify(3), { code: 'key-not-found' });
  });

  it('is verified by the public key of that version, which is still told', async () => {
    const key = await makeKey(world, { spec: 'EC_P256', usage: 'sign' });
    const input = { key: byId(key), message, form: 'raw', algorithm: null, dryRun: false } as const;
    const { signature } = await world.door.run(operations.sign, world.caller(), input);
    await rotate(key);
    const verify = (version: number) =>
      world.door.run(operations.verify, world.caller(), { ...input, signature, version });
    assert.equal((await verify(1)).version, 1);
    await assert.rejects(verify(2), { code: 'signature-invalid' });
    const publicKey = async (version: number | null) =>
      (await world.door.run(operations.getPublicKey, world.caller(), { key: byId(key), version })).publicKey;
    assert.notDeepEqual(await publicKey(1), await publicKey(2));
    assert.deepEqual(await publicKey(null), await publicKey(2));
  });

  it('is decrypted by the private key of that version', async () => {
    const key = await makeKey(world, { spec: 'RSA_2048', usage: 'encrypt' });
    const algorithm = 'RSA_OAEP_SHA_256' as const;
    const ciphertext = await encryptUnder(world, byId(key), { algorithm });
    await rotate(key);
    const input = { key: byId(key), ciphertext, context: null, algorithm, dryRun: false };
    const decrypt = (version: number) =>
      world.door.run(operations.decrypt, world.caller(), { ...input, version });
    assert.equal(Buffer.from((await decrypt(1)).plaintext).toString(), 'the plaintext');
    await assert.rejects(decrypt(2), { code: 'ciphertext-invalid' });
    const to = await makeKey(world);
    const moved = await world.door.run(operations.reencrypt, world.caller(), {
      ciphertext,
      source: { key: byId(key), context: null, algorithm, version: 1 },
      destination: { key: byId(to), context: null, algorithm: null },
      dryRun: false,
    });
    assert.deepEqual([moved.source.version, moved.destination.version], [1, 1]);
  });

  it('agrees on the secret of that version', async () => {
    const key = await makeKey(world, { spec: 'X25519', usage: 'key-agreement' });
    const peer = await makeKey(world, { spec: 'X25519', usage: 'key-agreement' });
    const publicKeyOf = async (each: Key) =>
      (await world.door.run(operations.getPublicKey, world.caller(), { key: byId(each) })).publicKey;
    const [mine, theirs] = [await publicKeyOf(key), await publicKeyOf(peer)];
    await rotate(key);
    const secretOf = async (each: Key, publicKey: Uint8Array, version: number | null) => {
      const input = { key: byId(each), publicKey, algorithm: null, dryRun: false, version };
      return (await world.door.run(operations.deriveSharedSecret, world.caller(), input)).secret;
    };
    const expected = await secretOf(peer, mine, null);
    assert.deepEqual(await secretOf(key, theirs, 1), expected);
    assert.notDeepEqual(await secretOf(key, theirs, null), expected);
  });

  it('does not sign or make codes any more', async () => {
    const key = await makeKey(world, { spec: 'HMAC_256', usage: 'mac' });
    await rotate(key);
    const input = { key: byId(key), message, algorithm: null, dryRun: false };
    assert.equal((await world.door.run(operations.generateMac, world.caller(), input)).version, 2);
  });
});
