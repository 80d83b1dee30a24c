import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, type Key } from '#domain';
import type { StoredKey } from '#ports';
import {
  byId,
  dayMillis,
  destroyDue,
  decryptText,
  encryptUnder,
  makeKey,
  openWorld,
  type TestNode,
  type TestWorld,
} from './house.fixture.ts';
import { newModel, nth, predict, type Model, type Step } from './key-life.fixture.ts';
import { operations } from './table.ts';

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'encrypt' }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('decrypt' as const), share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compromise' as const), share }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.constantFrom(1, 6, 7, 8, 365, 731) }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constantFrom('rotate', 'disable', 'enable', 'schedule', 'cancel', 'destroy'),
    }),
  },
);

describe("a key's life", () => {
  let world: TestWorld;
  let nodes: readonly TestNode[];
  before(async () => {
    world = await openWorld();
    nodes = [world, await world.node()];
  });
  after(() => world.dispose());

  type Life = { key: Key; model: Model; sealed: Uint8Array[] };

  async function act(node: TestNode, life: Life, { kind, ...rest }: Exclude<Step, { kind: 'wait' }>) {
    const { key, sealed } = life;
    const onlyKey = { key: byId(key) };
    const run = node.door.run;
    const caller = world.caller();
    const at = 'share' in rest ? rest.share : 0;
    switch (kind) {
      case 'encrypt':
        return void sealed.push(await encryptUnder(node, byId(key)));
      case 'decrypt': {
        const ciphertext = nth(sealed, at)?.item;
        assert.ok(ciphertext);
        return assert.equal(await decryptText(node, ciphertext), 'the plaintext');
      }
      case 'compromise': {
        const version = (nth(life.model.versions, at)?.index ?? 0) + 1;
        return run(operations.reportCompromise, caller, { ...onlyKey, version, occurredAt: null });
      }
      case 'rotate':
        return run(operations.rotateKey, caller, onlyKey);
      case 'disable':
        return run(operations.disableKey, caller, onlyKey);
      case 'enable':
        return run(operations.enableKey, caller, onlyKey);
      case 'schedule':
        return run(operations.scheduleDestruction, caller, { ...onlyKey, waitingDays: 7 });
      case 'cancel':
        return run(operations.cancelDestruction, caller, onlyKey);
      case 'destroy':
        return destroyDue(node, key);
    }
  }

  /** Takes a step on a node and holds its end against the model, and the stored key too. */
  async function take(node: TestNode, life: Life, wanted: Step): Promise<void> {
    if (wanted.kind === 'wait') return world.clock.advance(wanted.days * dayMillis);
    if (wanted.kind === 'decrypt' && life.sealed.length === 0) return;
    node.age(1000);
    const working = act(node, life, wanted);
    const expected = predict(life.model, wanted, world.clock.now());
    const got = await working.then(
      () => null,
      (error: unknown) => (error instanceof ClavigerError ? error.code : String(error)),
    );
    assert.equal(got, expected, wanted.kind);
    const stored = await node.store.key(life.key.id);
    assert.deepEqual(
      stored?.key.versions.map(({ state }) => state),
      life.model.versions.map(({ state }) => state),
    );
    assert.equal(stored?.materials.length, life.model.destroyed ? 0 : life.model.versions.length);
  }

  /** Nobody of another environment ever gets anything. */
  async function stayOut(node: TestNode, life: Life): Promise<void> {
    const bob = world.caller({ environment: 'beta', name: 'bob' });
    await assert.rejects(encryptUnder(node, byId(life.key), {}, bob), { code: 'key-not-found' });
    for (const ciphertext of life.sealed.slice(0, 1))
      await assert.rejects(decryptText(node, ciphertext, {}, bob), { code: 'access-denied' });
  }

  /** Once a key is destroyed, its rows of before put back into the store open nothing. */
  async function restoreInVain(node: TestNode, life: Life, before: StoredKey): Promise<void> {
    const now = await node.store.key(life.key.id);
    assert.ok(now);
    const expectedRevision = now.key.revision;
    const alive = { state: 'active', activatedAt: world.clock.now() } as const;
    const versions = before.key.versions.map((version) => ({ ...version, ...alive }));
    const revived = { ...before.key, versions, suspendedAt: null, destruction: null };
    const change = {
      kind: 'key-updated',
      key: { ...revived, revision: expectedRevision + 1 },
      expectedRevision,
      added: before.materials,
      erased: [],
    } as const;
    await node.store.commit({ changes: [change], events: [] });
    node.age(1000);
    for (const ciphertext of life.sealed)
      await assert.rejects(decryptText(node, ciphertext), { code: 'key-destroyed' });
    await assert.rejects(encryptUnder(node, byId(life.key)), { code: 'key-destroyed' });
  }

  it('goes as the model says, on two nodes, whatever is done to it', async () => {
    const steps = fc.array(fc.tuple(step, fc.nat({ max: 1 })), { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const life: Life = { key: await makeKey(world), model: newModel(world.clock.now()), sealed: [] };
        let before = await world.store.key(life.key.id);
        for (const [wanted, index] of taken) {
          await take(nodes[index] ?? world, life, wanted);
          if (!life.model.destroyed) before = await world.store.key(life.key.id);
        }
        await stayOut(world, life);
        if (!life.model.destroyed || !before) return;
        await restoreInVain(world, life, before);
      }),
      { numRuns: 60 },
    );
  });

  it('ends for good', async () => {
    const life: Life = { key: await makeKey(world), model: newModel(world.clock.now()), sealed: [] };
    for (const kind of ['encrypt', 'rotate', 'encrypt', 'schedule'] as const)
      await take(world, life, { kind });
    const copy = await world.store.key(life.key.id);
    await take(world, life, { kind: 'wait', days: 7 });
    await take(world, life, { kind: 'destroy' });
    assert.ok(copy && life.model.destroyed);
    await restoreInVain(world, life, copy);
  });
});
