import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { sealGeneration, SecretBytes } from '#crypto';
import { operations } from '#operations';
import { wrapMaterial } from '#sdk';
import {
  byId,
  decryptText,
  encryptUnder,
  makeKey,
  openWorld,
  type TestNode,
  type TestWorld,
} from '../src/operations/house.fixture.ts';
import { secretsOf } from '../src/operations/secrets/secrets.fixture.ts';
import { createLogger } from '../src/server/logger.ts';
import { createRekeys } from '../src/server/rekeys.ts';

async function worldOf(test: TestContext): Promise<TestWorld> {
  const world = await openWorld();
  test.after(() => world.dispose());
  return world;
}

const rekeysOf = (node: TestNode) =>
  createRekeys({ house: node.house, door: node.door, logger: createLogger('silent'), settleMillis: 0 });
const begin = (world: TestWorld, name = 'alpha') =>
  world.door.run(operations.rekeyEnvironment, world.caller(), { name });

async function finish(node: TestNode): Promise<void> {
  const rekeys = rekeysOf(node);
  rekeys.look();
  await rekeys.idle();
  await rekeys.stop();
}

/** The generations that sealed what is stored of an environment. */
async function generations(world: TestWorld, environment: string): Promise<Set<number>> {
  const page = { after: null, limit: 1000 };
  const { keys } = await world.store.sealedMaterials(environment, page);
  const shreds = await world.shreds.many(keys.map(({ keyId }) => keyId));
  const secrets = await world.store.sealedSecrets(environment, page);
  const { documents } = await world.store.documents.sealed(environment, page);
  const ofDocuments = await world.shreds.many(documents.flatMap(({ shredId }) => shredId ?? []));
  return new Set(
    [
      ...keys.flatMap(({ materials }) => materials.map(({ material }) => material)),
      ...shreds.values(),
      ...documents.map(({ sealed }) => sealed),
      ...ofDocuments.values(),
      ...secrets.map(({ wrappedSecret }) => wrappedSecret),
    ].map(sealGeneration),
  );
}

describe('a new key for an environment', () => {
  it('seals the values of secrets anew, also those that are written meanwhile', async (test) => {
    const world = await worldOf(test);
    const secrets = secretsOf(world, () => world.caller());
    for (let n = 1; n <= 5; n += 1) await secrets.write(`path/${n}`, { n });
    await secrets.write('path/1', { n: 10 });
    await secrets.destroy('path/2', 1);
    assert.deepEqual(await generations(world, 'alpha'), new Set([1]));
    await begin(world);
    await secrets.write('path/6', { n: 6 });
    await finish(world);
    assert.deepEqual(await generations(world, 'alpha'), new Set([2]));
    await secrets.write('path/7', { n: 7 });
    const node = await world.node();
    for (const there of [secrets, secretsOf(node, () => world.caller())]) {
      assert.deepEqual((await there.read('path/1', 1))?.value, { n: 1 });
      assert.deepEqual((await there.read('path/1'))?.value, { n: 10 });
      assert.equal((await there.read('path/2'))?.value, null);
      for (const n of [3, 4, 5, 6, 7]) assert.deepEqual((await there.read(`path/${n}`))?.value, { n });
    }
  });

  it('lets a node that took its shred secrets before the rekey write after it', async (test) => {
    const world = await worldOf(test);
    const node = await world.node();
    const there = secretsOf(node, () => world.caller());
    await there.write('before', { n: 1 });
    await begin(world);
    await finish(world);
    node.age(2000);
    await there.write('after', { n: 2 });
    assert.deepEqual(await generations(world, 'alpha'), new Set([2]));
    const here = secretsOf(world, () => world.caller());
    assert.deepEqual((await here.read('before'))?.value, { n: 1 });
    assert.deepEqual((await here.read('after'))?.value, { n: 2 });
  });

  it('ends the tokens of imports that were begun before, and nothing that was imported', async (test) => {
    const world = await worldOf(test);
    const key = byId(await makeKey(world, { origin: 'imported' }));
    const bytes = randomBytes(32);
    const parameters = async () => {
      const wish = { key, wrap: 'RSA_OAEP_SHA_256', wrappingSpec: 'RSA_2048' } as const;
      const { token, publicKey } = await world.door.run(operations.getImportParameters, world.caller(), wish);
      return { key, token, wrapped: wrapMaterial(bytes, publicKey, wish.wrap), expiresAt: null };
    };
    const before = await parameters();
    await world.door.run(operations.importMaterial, world.caller(), before);
    const sealed = await encryptUnder(world, key);
    await begin(world);
    await finish(world);
    await assert.rejects(world.door.run(operations.importMaterial, world.caller(), before), {
      code: 'import-token-expired',
    });
    assert.equal(await decryptText(world, sealed), 'the plaintext');
    await world.door.run(operations.importMaterial, world.caller(), await parameters());
    assert.equal(await decryptText(world, sealed), 'the plaintext');
  });

  it('seals everything of it anew, opens it, and leaves other environments alone', async (test) => {
    const world = await worldOf(test);
    const bob = world.caller({ environment: 'beta', name: 'bob' });
    const keys = [];
    for (let made = 0; made < 5; made += 1) keys.push(await makeKey(world));
    const [first] = keys;
    assert.ok(first);
    await world.door.run(operations.rotateKey, world.caller(), { key: byId(first) });
    await makeKey(world, {}, bob);
    const sealed = await Promise.all(keys.map((key) => encryptUnder(world, byId(key))));
    await world.door.run(operations.createPrincipal, world.caller(), {
      name: 'ada',
      kind: 'user' as const,
      roles: ['administrator' as const],
    });
    await world.door.run(operations.createAccessKey, world.caller(), { principal: 'ada' });
    const begun = await begin(world);
    assert.deepEqual(begun, { name: 'alpha', generation: 2, running: true });
    assert.deepEqual(await begin(world), begun, 'one at a time');
    assert.deepEqual(await generations(world, 'alpha'), new Set([1]));
    await finish(world);
    assert.deepEqual(await generations(world, 'alpha'), new Set([2]));
    assert.deepEqual(await generations(world, 'beta'), new Set([1]));
    assert.deepEqual(await world.store.olderKeks('alpha'), []);
    const node = await world.node();
    for (const other of [world, node])
      for (const ciphertext of sealed) assert.equal(await decryptText(other, ciphertext), 'the plaintext');
    const state = await node.door.run(operations.rekeyStatus, world.caller(), { name: 'alpha' });
    assert.deepEqual(state, { name: 'alpha', generation: 2, running: false });
    assert.equal((await begin(world)).generation, 3);
    await finish(world);
    assert.deepEqual(await generations(world, 'alpha'), new Set([3]));
    assert.equal(await decryptText(await world.node(), sealed[0] ?? new Uint8Array()), 'the plaintext');
  });

  it('keeps the names of materials', async (test) => {
    const world = await worldOf(test);
    using material = SecretBytes.copyOf(new Uint8Array(32).fill(3));
    const name = (node: TestNode) => node.house.hierarchy.materialId('alpha', 'k', material);
    const before = await name(world);
    for (let round = 0; round < 2; round += 1) {
      await begin(world);
      assert.equal(await name(world), before);
      await finish(world);
      assert.equal(await name(world), before);
      assert.equal(await name(await world.node()), before);
    }
  });

  it('takes nothing any more that an older key sealed, once it is fenced', async (test) => {
    const world = await worldOf(test);
    // a node that has not heard of it yet
    const stale = await world.node();
    await stale.house.hierarchy.newShredSecret('alpha', 'warm');
    const late = await stale.house.hierarchy.sealSmall('alpha', 'access key AKIALATE', SecretBytes.random(8));
    assert.equal(sealGeneration(late), 1);
    await begin(world);
    await world.door.runAsSystem(operations.fenceRekey, 'alpha', { name: 'alpha', generation: 2 });
    const key = await makeKey(stale);
    assert.deepEqual(await generations(world, 'alpha'), new Set([2]), 'the runner did it anew');
    assert.equal(await decryptText(world, await encryptUnder(stale, byId(key))), 'the plaintext');
    const { principals } = await world.door.run(operations.listPrincipals, world.caller(), {});
    assert.equal(principals.length, 0);
    const credential = {
      kind: 'access-key',
      id: 'AKIALATE',
      principalId: 'nobody',
      environment: 'alpha',
      wrappedSecret: late,
      createdAt: 0,
      expiresAt: null,
    } as const;
    await assert.rejects(
      world.store.commit({ changes: [{ kind: 'credential-created', credential }], events: [] }),
      { code: 'conflict' },
    );
    await finish(world);
    assert.equal(
      await decryptText(await world.node(), await encryptUnder(world, byId(key))),
      'the plaintext',
    );
  });

  it('does not bring back what was shredded meanwhile', async (test) => {
    const world = await worldOf(test);
    await world.house.hierarchy.newShredSecret('alpha', 'gone');
    const sealed = await world.shreds.get('gone');
    assert.ok(sealed);
    await world.shreds.shred('gone');
    await world.shreds.reseal([{ keyId: 'gone', before: sealed, after: new Uint8Array(60) }]);
    assert.equal(await world.shreds.get('gone'), null);
  });

  it('goes on after it was broken off, on whichever node', async (test) => {
    const world = await worldOf(test);
    const keys = [];
    for (let made = 0; made < 4; made += 1) keys.push(await makeKey(world));
    const sealed = await Promise.all(keys.map((key) => encryptUnder(world, byId(key))));
    await begin(world);
    const some = { name: 'alpha', generation: 2, kind: 'keys', after: null, limit: 2 } as const;
    assert.equal((await world.door.runAsSystem(operations.resealBatch, 'alpha', some)).resealed, 4);
    assert.deepEqual(await generations(world, 'alpha'), new Set([1, 2]));
    const other = await world.node();
    for (const ciphertext of sealed) assert.equal(await decryptText(other, ciphertext), 'the plaintext');
    await finish(other);
    assert.deepEqual(await generations(world, 'alpha'), new Set([2]));
    for (const ciphertext of sealed)
      assert.equal(await decryptText(await world.node(), ciphertext), 'the plaintext');
  });

  it('is refused to the house itself where the generation is not the one that seals', async (test) => {
    const world = await worldOf(test);
    const wrong = { name: 'alpha', generation: 2 };
    for (const operation of [operations.fenceRekey, operations.endRekey])
      await assert.rejects(world.door.runAsSystem(operation, 'alpha', wrong), { code: 'conflict' });
    const batch = { ...wrong, kind: 'keys', after: null, limit: 2 } as const;
    await assert.rejects(world.door.runAsSystem(operations.resealBatch, 'alpha', batch));
    const bob = world.caller({ environment: 'beta', name: 'bob' });
    await assert.rejects(world.door.run(operations.rekeyEnvironment, bob, { name: 'alpha' }), {
      code: 'access-denied',
    });
    await assert.rejects(begin(world, 'gamma'), { code: 'environment-not-found' });
  });
});
