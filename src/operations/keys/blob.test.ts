import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, type AlgorithmName } from '#domain';
import { byId, decryptText, encryptUnder, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { blobHead, headBytes, readBlob } from './blob.ts';

const algorithms: AlgorithmName[] = ['XAES_256_GCM', 'AES_GCM', 'AES_GCM_SIV', 'CHACHA20_POLY1305'];
const rest = Buffer.alloc(28);

describe('the head of a ciphertext', () => {
  it('reads what it wrote', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
    const keyId = fc.oneof(
      fc.uuid(),
      hex.map((digits) => `mrk-${digits}`),
    );
    const version = fc.integer({ min: 1, max: 0xffffffff });
    fc.assert(
      fc.property(keyId, version, fc.constantFrom(...algorithms), (...[id, number, algorithm]) => {
        const head = { keyId: id, version: number, algorithm };
        const bytes = blobHead(head);
        assert.equal(bytes.length, headBytes);
        assert.deepEqual(readBlob(Buffer.concat([bytes, rest])), head);
      }),
    );
  });

  it('reads nothing but heads, and says so in one way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          const { keyId, version, algorithm } = readBlob(bytes);
          const again = blobHead({ keyId, version, algorithm });
          assert.deepEqual(new Uint8Array(again), bytes.slice(0, headBytes));
        } catch (error) {
          assert.ok(error instanceof ClavigerError && error.code === 'ciphertext-invalid');
        }
      }),
      { examples: [[new Uint8Array(0)], [new Uint8Array([0xc1])], [new Uint8Array(51).fill(0xc1)]] },
    );
  });

  it('is made for ciphers that have a code, and no others', () => {
    for (const algorithm of ['AES_KW', 'RSA_OAEP_SHA_1', 'constructor'] as AlgorithmName[])
      assert.throws(() => blobHead({ keyId: 'x', version: 1, algorithm }), { code: 'algorithm-forbids' });
  });
});

describe('a ciphertext', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  it('opens in no form but the one that was given out', async () => {
    const key = await makeKey(world);
    await world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
    for (const algorithm of ['XAES_256_GCM', 'AES_GCM', 'AES_GCM_SIV'] as const) {
      const sealed = await encryptUnder(world, byId(key), { algorithm });
      assert.equal(await decryptText(world, sealed), 'the plaintext');
      for (let index = 0; index < sealed.length; index += 1) {
        const changed = new Uint8Array(sealed);
        changed[index] = (changed[index] ?? 0) ^ 3;
        // a head that names another key is answered as one that may not be used
        const code = index >= 2 && index < 18 ? 'access-denied' : 'ciphertext-invalid';
        await assert.rejects(decryptText(world, changed), { code }, `${algorithm}, byte ${index}`);
      }
      for (const length of [1, headBytes, headBytes + 27, sealed.length - 1])
        await assert.rejects(decryptText(world, sealed.subarray(0, length)), { code: 'ciphertext-invalid' });
      const longer = Buffer.concat([sealed, Buffer.alloc(1)]);
      await assert.rejects(decryptText(world, longer), { code: 'ciphertext-invalid' });
    }
  });

  it('opens under no other key and no other version', async () => {
    const [one, two] = [await makeKey(world), await makeKey(world)];
    const first = await encryptUnder(world, byId(one));
    await world.door.run(operations.rotateKey, world.caller(), { key: byId(one) });
    const second = await encryptUnder(world, byId(one));
    const other = await encryptUnder(world, byId(two));
    for (const head of [second, other]) {
      const spliced = Buffer.concat([head.subarray(0, headBytes), first.subarray(headBytes)]);
      await assert.rejects(decryptText(world, spliced), { code: 'ciphertext-invalid' });
    }
    await assert.rejects(decryptText(world, first, { key: byId(two) }), { code: 'key-mismatch' });
    await assert.rejects(decryptText(world, first, { algorithm: 'AES_GCM' }), { code: 'ciphertext-invalid' });
  });
});
