import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ClavigerError, type AlgorithmName, type CryptoPeriod, type Key, type KeyVersion } from '#domain';
import { byId, encryptUnder, makeKey, openWorld, type TestWorld } from './house.fixture.ts';
import { operations } from './table.ts';
import { createUsageMeter, type UsageMeter } from './usage-meter.ts';

const mebibyte = 1024 * 1024;

describe('the usage meter', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  /** A key, and its version with another crypto-period. */
  async function limited(limits: Partial<CryptoPeriod>): Promise<{ key: Key; version: KeyVersion }> {
    const key = await makeKey(world);
    const [old] = key.versions;
    assert.ok(old);
    const version = { ...old, cryptoPeriod: { ...old.cryptoPeriod, ...limits } };
    return { key: { ...key, versions: [version] }, version };
  }

  function meterOf(told: string[] = [], store = world.store): UsageMeter {
    return createUsageMeter({
      store,
      onNearlySpent: (keyId, version) => void told.push(`${keyId}/${version}`),
    });
  }

  type Use = { key: Key; version: KeyVersion; bytes?: number; algorithm?: AlgorithmName | null };

  async function spend(
    meter: UsageMeter,
    { key, version, bytes = 1, algorithm = null }: Use,
  ): Promise<boolean> {
    try {
      await meter.spend({ key, version, algorithm }, bytes);
      return true;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'usage-limit-reached');
      return false;
    }
  }

  async function spendAll(meter: UsageMeter, use: Use, most: number): Promise<number> {
    let spent = 0;
    while (spent < most && (await spend(meter, use))) spent += 1;
    return spent;
  }

  it('stops exactly at the limit of operations, and stays there', async () => {
    for (const operationsMax of [1, 7, 1024, 5000]) {
      const use = await limited({ operationsMax });
      const meter = meterOf();
      assert.equal(await spendAll(meter, use, operationsMax + 10), operationsMax);
      assert.equal(await spend(meter, use), false);
    }
  });

  it('stops at the limit of bytes', async () => {
    const use = { ...(await limited({ bytesMax: 1000 })), bytes: 30 };
    const meter = meterOf();
    assert.equal(await spendAll(meter, use, 100), 33);
    assert.equal(await spend(meter, { ...use, bytes: 10 }), true);
    assert.equal(await spend(meter, { ...use, bytes: 1 }), false);
  });

  it('does not refuse a small use because a large one at the same time was too much', async () => {
    const use = await limited({ bytesMax: 1000 });
    const meter = meterOf();
    const results = await Promise.all([5000, 10, 2000, 20].map((bytes) => spend(meter, { ...use, bytes })));
    assert.deepEqual(results, [false, true, false, true]);
  });

  it('tells every caller that waits when the store does not answer', async () => {
    const use = await limited({ operationsMax: 1000 });
    const gone = new ClavigerError('store-unavailable', 'gone');
    const store = { ...world.store, usage: () => Promise.reject(gone) };
    const meter = meterOf([], store);
    const waiting = Array.from({ length: 5 }, async () => meter.spend({ ...use, algorithm: null }, 1));
    for (const { status } of await Promise.allSettled(waiting)) assert.equal(status, 'rejected');
  });

  it('never passes the limit across crashes, and wastes at most a block a crash', async () => {
    const operationsMax = 4096;
    const use = await limited({ operationsMax });
    let spent = 0;
    for (let crash = 0; crash < 20; crash += 1) spent += await spendAll(meterOf(), use, 100);
    spent += await spendAll(meterOf(), use, operationsMax);
    assert.ok(spent <= operationsMax, `${spent}`);
    assert.ok(spent >= operationsMax - 20 * 4, `${spent}`);
  });

  it('never passes the limit with two nodes and 64 at once', async () => {
    const operationsMax = 500;
    const use = await limited({ operationsMax });
    const other = await world.node();
    const meters = [meterOf(), meterOf([], other.store)];
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, index) => spendAll(meters[index % 2] ?? meterOf(), use, 100)),
    );
    assert.equal(
      results.reduce((sum, count) => sum + count, 0),
      operationsMax,
    );
    const { operations: counted } = await world.store.usage(use.key.id, 1);
    assert.ok(counted >= operationsMax);
  });

  it('wastes no operations on large messages', async () => {
    const operationsMax = 2 ** 20;
    const use = { ...(await limited({ operationsMax })), bytes: 200 * mebibyte };
    const meter = meterOf();
    for (let count = 0; count < 50; count += 1) assert.equal(await spend(meter, use), true);
    const counted = await world.store.usage(use.key.id, 1);
    assert.equal(counted.operations, 1024);
    assert.ok(counted.bytes >= use.bytes * 50);
  });

  it('bounds GCM by its nonces, also under a key whose own period has no bound', async () => {
    const { key } = await limited({});
    const [version] = key.versions;
    assert.ok(version);
    assert.equal(version.cryptoPeriod.operationsMax, null);
    const [meter, other] = [meterOf(), meterOf()];
    // uses that are reserved for ciphers without a bound are no uses of GCM
    assert.equal(await spend(meter, { key, version, algorithm: 'XAES_256_GCM' }), true);
    await world.store.reserveUsage(key.id, 1, { operations: 2 ** 32, bytes: 0 });
    for (const each of [meter, other]) {
      assert.equal(await spend(each, { key, version, algorithm: 'AES_GCM' }), false);
      assert.equal(await spend(each, { key, version, algorithm: 'XAES_256_GCM' }), true);
      assert.equal(await spend(each, { key, version, algorithm: 'AES_GCM_SIV' }), true);
    }
  });

  it('asks for a rotation when a limit is near, and again whenever it refuses', async () => {
    const use = await limited({ operationsMax: 2000 });
    const told: string[] = [];
    const meter = meterOf(told);
    await spendAll(meter, use, 1800);
    assert.deepEqual(told, []);
    await spendAll(meter, use, 200);
    assert.equal(told[0], `${use.key.id}/1`);
    const told2: string[] = [];
    assert.equal(await spend(meterOf(told2), use), false);
    assert.deepEqual(told2, [`${use.key.id}/1`]);
  });

  it('is asked by the door for protecting uses that are no dry runs', async () => {
    const key = await makeKey(world);
    const reference = byId(key);
    await assert.rejects(encryptUnder(world, reference, { dryRun: true }), { code: 'dry-run' });
    const ciphertext = await encryptUnder(await world.node(), reference);
    const counted = await world.store.usage(key.id, 1);
    assert.ok(counted.operations > 0);
    const input = { key: null, ciphertext, context: null, algorithm: null, dryRun: false };
    await world.door.run(operations.decrypt, world.caller(), input);
    assert.deepEqual(await world.store.usage(key.id, 1), counted);
    await world.store.reserveUsage(key.id, 1, { operations: 2 ** 32, bytes: 0 });
    await assert.rejects(encryptUnder(world, reference, { algorithm: 'AES_GCM' }), {
      code: 'usage-limit-reached',
    });
    await encryptUnder(world, reference);
  });
});
