import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SecretBytes } from '#crypto';
import { ClavigerError, StopError, type ErrorCode } from '#domain';
import { newShareSet, type ShareSet } from '#roots';
import { openStore } from '#storage';
import { recordingLogger, temporaryFolder } from '../home.fixture.ts';
import { createMetrics } from '../metrics.ts';
import { claimFirstParameters, currentParameters, replaceParameters } from './parameters.ts';
import { createQueue } from './queue.ts';
import { createUnsealing, type UnsealFacts } from './unsealing.ts';

const scheme = { shares: 5, threshold: 3 };
const here = '192.0.2.1';

type Wish = { readonly expireMillis?: number; readonly open?: () => Promise<void> };

async function setUp(test: TestContext, wish: Wish = {}) {
  const store = await openStore(`sqlite:${path.join(temporaryFolder(test), 'store.db')}`);
  test.after(() => store.close());
  const key = SecretBytes.random(32);
  const set = await newShareSet(key, scheme);
  await claimFirstParameters(store, set.parameters);
  const opened: { isRight: boolean; facts: UnsealFacts }[] = [];
  const clock = { now: 0 };
  const metrics = createMetrics();
  const { logger, lines } = recordingLogger();
  const queue = createQueue();
  const unsealing = createUnsealing({
    store,
    queue,
    logger,
    metrics,
    isSealed: () => opened.length === 0,
    now: () => clock.now,
    async open(root, facts) {
      const isRight = root.equals(key);
      root[Symbol.dispose]();
      await wish.open?.();
      opened.push({ isRight, facts });
    },
    ...(wish.expireMillis === undefined ? {} : { expireMillis: wish.expireMillis }),
  });
  test.after(() => unsealing.wipe());
  const give = (from: ShareSet, index: number, address = here) =>
    unsealing.unseal(Buffer.from(from.texts[index] ?? []), address);
  return { store, key, set, unsealing, opened, clock, metrics, lines, queue, give };
}

const isCode = (code: ErrorCode) => (error: unknown) => error instanceof ClavigerError && error.code === code;

describe('unsealing', () => {
  it('gives the root key to the house once, with the facts for the record', async (test) => {
    const { unsealing, give, set, opened, metrics } = await setUp(test);
    await give(set, 3);
    await assert.rejects(unsealing.unseal(Buffer.from('nothing'), here), isCode('share-invalid'));
    await give(set, 1);
    const done = await give(set, 0);
    assert.deepEqual([done.sealed, done.given], [false, 0]);
    assert.deepEqual(opened, [
      { isRight: true, facts: { setId: set.parameters.setId, given: [4, 2, 1], refused: 1 } },
    ]);
    assert.match(metrics.render(), /claviger_unseal_attempts_total\{outcome="taken"\} 3/);
    assert.match(metrics.render(), /claviger_unseal_attempts_total\{outcome="share-invalid"\} 1/);
  });

  it('wipes what it was given, whether it takes it or not', async (test) => {
    const { unsealing, set } = await setUp(test);
    const good = Buffer.from(set.texts[0] ?? []);
    const wrong = Buffer.from('a share that is none');
    await unsealing.unseal(good, here);
    await assert.rejects(unsealing.unseal(wrong, here));
    for (const bytes of [good, wrong]) assert.ok(bytes.every((byte) => byte === 0));
  });

  it('bounds the attempts of an address, and of no other by that', async (test) => {
    const { unsealing, give, set, clock, metrics } = await setUp(test);
    const attempt = () => unsealing.unseal(Buffer.from('guess'), here);
    let busy = 0;
    for (let count = 0; count < 200; count += 1) {
      await assert.rejects(attempt(), (error) => {
        if (isCode('busy')(error)) busy += 1;
        return error instanceof ClavigerError;
      });
    }
    assert.equal(busy, 170);
    await assert.rejects(give(set, 0), isCode('busy'));
    await assert.rejects(unsealing.reset(here), isCode('busy'));
    assert.equal((await give(set, 0, '192.0.2.2')).given, 1);
    clock.now += 2000;
    assert.equal((await give(set, 1)).given, 2);
    assert.match(metrics.render(), /outcome="busy"\} 172/);
  });

  it('drops the shares when no more come in time', async (test) => {
    const { give, set, unsealing, lines, opened } = await setUp(test, { expireMillis: 30 });
    await give(set, 0);
    await give(set, 1);
    while ((await unsealing.status()).given > 0) await new Promise((next) => setImmediate(next));
    assert.ok(lines().some(({ message }) => message === 'shares that were given were dropped: no more came'));
    assert.equal((await give(set, 2)).given, 1);
    assert.deepEqual(opened, []);
  });

  it('begins anew when another node has replaced the set meanwhile', async (test) => {
    const { store, key, give, set, unsealing, opened } = await setUp(test);
    await give(set, 0);
    await give(set, 1);
    const next = await newShareSet(key, { shares: 3, threshold: 2 });
    await replaceParameters(store, set.parameters, next.parameters);
    assert.deepEqual(await unsealing.status(), {
      sealed: true,
      setId: next.parameters.setId,
      shares: 3,
      threshold: 2,
      given: 0,
    });
    await assert.rejects(give(set, 2), isCode('share-foreign'));
    await give(next, 2);
    assert.equal((await give(next, 0)).sealed, false);
    assert.deepEqual(
      opened.map(({ isRight }) => isRight),
      [true],
    );
  });

  it('drops all shares and says so when they do not give the root key', async (test) => {
    const { store, set, unsealing, opened } = await setUp(test);
    // somebody wrote to the store: the shares are known, and give another key
    const other = await newShareSet(SecretBytes.random(32), scheme);
    const forged = await newShareSet(SecretBytes.random(32), scheme);
    const parameters = { ...other.parameters, check: forged.parameters.check };
    await replaceParameters(store, set.parameters, parameters);
    const give = (index: number) => unsealing.unseal(Buffer.from(other.texts[index] ?? []), here);
    await give(0);
    await give(1);
    await assert.rejects(give(2), (error) => {
      assert.ok(error instanceof StopError && error.code === 'root-refused');
      assert.match(error.message, /All shares were dropped/);
      return true;
    });
    assert.deepEqual([(await unsealing.status()).given, opened.length], [0, 0]);
  });

  it('stays sealed when the house does not open', async (test) => {
    const { give, set, unsealing } = await setUp(test, {
      open: () => Promise.reject(new ClavigerError('store-unavailable', 'The store sleeps.')),
    });
    await give(set, 0);
    await give(set, 1);
    await assert.rejects(give(set, 2), isCode('store-unavailable'));
    const { sealed, given } = await unsealing.status();
    assert.deepEqual([sealed, given], [true, 0]);
  });
});

describe('the sets of shares in a store', () => {
  it('follow one another, and of two that come at once one stands', async (test) => {
    const { store, key, set } = await setUp(test);
    const [one, two] = [await newShareSet(key, scheme), await newShareSet(key, scheme)];
    const both = await Promise.allSettled([
      replaceParameters(store, set.parameters, one.parameters),
      replaceParameters(store, set.parameters, two.parameters),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const winner = both[0]?.status === 'fulfilled' ? one : two;
    assert.deepEqual(await currentParameters(store), winner.parameters);
    await assert.rejects(claimFirstParameters(store, two.parameters), isCode('conflict'));
    // what only a hand in the store could do ends, too
    await replaceParameters(store, winner.parameters, set.parameters);
    await assert.rejects(currentParameters(store), /circle/);
  });
});
