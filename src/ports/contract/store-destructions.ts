import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Destruction } from '#domain';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { someDay } = samples;

function sample(change: Partial<Destruction> = {}): Destruction {
  return {
    id: randomUUID(),
    keyId: samples.uniqueName('key'),
    environment: 'production',
    requestedBy: 'principal-1',
    reason: 'no longer needed: "old" data',
    requestedAt: someDay,
    dueAt: someDay + 7,
    waitingDays: 7,
    step: 'scheduled',
    execution: null,
    probes: [],
    checks: [],
    revision: 1,
    ...change,
  };
}

const put = (destruction: Destruction, expectedRevision: number | null = null) =>
  samples.only({ kind: 'destruction-put', destruction, expectedRevision });

/** The records of destructions, and who still asks. */
export function destructionTests({ store, second }: StoreHandles): void {
  describe('destructions', () => {
    it('gives a record back as it was put, to every handle', async () => {
      const full = sample({
        step: 'executed',
        execution: {
          at: someDay + 8,
          node: 'n',
          eventId: 'e',
          method: 'cryptographic-erase',
          nodes: ['n', 'm'],
          names: ['a'],
        },
        probes: [{ version: 1, kind: 'ciphertext', algorithm: 'XAES_256_GCM', made: 'AAAA', of: 'ab' }],
        checks: [{ node: 'n', at: someDay + 9, method: 'known-ciphertext', version: 1, opens: false }],
      });
      await store().commit(put(full));
      const other = await second();
      assert.deepEqual(await other.destructions.destruction(full.id), full);
      assert.equal(await store().destructions.destruction(randomUUID()), null);
    });

    it('takes a change only over the revision that it was made from', async () => {
      const first = sample();
      const refused = { code: 'conflict' };
      await assert.rejects(store().commit(put({ ...first, revision: 2 }, 1)), refused);
      await assert.rejects(store().commit(put({ ...first, revision: 2 })), refused);
      await store().commit(put(first));
      await assert.rejects(store().commit(put(first)), refused);
      const begun: Destruction = { ...first, step: 'begun', revision: 2 };
      await store().commit(put(begun, 1));
      const other = await second();
      await assert.rejects(other.commit(put({ ...first, step: 'cancelled', revision: 2 }, 1)), refused);
      await assert.rejects(other.commit(put({ ...begun, revision: 5 }, 2)), refused);
      await assert.rejects(other.commit(put({ ...begun, keyId: 'another', revision: 3 }, 2)), refused);
      assert.deepEqual(await other.destructions.destruction(first.id), begun);
    });

    it('changes nothing else where it is refused', async () => {
      const first = sample();
      await store().commit(put(first));
      const name = samples.uniqueName('setting');
      const changes = [...put(first).changes, { kind: 'setting-put', name, value: 'no' } as const];
      await assert.rejects(store().commit({ changes, events: [] }), { code: 'conflict' });
      assert.equal(await store().setting(name), null);
    });

    it('lists those of a key, the newest first', async () => {
      const keyId = samples.uniqueName('key');
      const old = sample({ keyId, step: 'cancelled' });
      const newer = sample({ keyId, requestedAt: someDay + 5 });
      // called off and asked for again within one millisecond
      const same = sample({ keyId, requestedAt: someDay + 5, step: 'cancelled' });
      for (const each of [newer, same, old, sample()]) await store().commit(put(each));
      const found = await store().destructions.ofKey(keyId);
      assert.deepEqual(found, [newer, same, old]);
    });

    it('lists those in a step, page by page', async () => {
      const made = [];
      for (let count = 0; count < 5; count += 1) {
        const destruction = sample({ step: 'begun' });
        made.push(destruction.id);
        await store().commit(put(destruction));
      }
      await store().commit(put(sample({ step: 'cancelled' })));
      const found: string[] = [];
      for (let after: string | null = null; ; after = found.at(-1) ?? null) {
        const page: readonly Destruction[] = await store().destructions.inStep('begun', { after, limit: 2 });
        assert.ok(page.length <= 2 && page.every(({ step }) => step === 'begun'));
        found.push(...page.map(({ id }) => id));
        if (page.length === 0) break;
      }
      assert.equal(new Set(found).size, found.length);
      for (const id of made) assert.ok(found.includes(id));
    });

    it('adds up who asks, from all handles, and begins anew with the next destruction', async () => {
      const first = sample();
      const { keyId } = first;
      await store().commit(put(first));
      const report = { keyId, principal: 'ada', operation: 'keys.decrypt' };
      await store().destructions.recordDemands([]);
      await store().destructions.recordDemands([
        { ...report, count: 2, firstAt: 10, lastAt: 20 },
        { ...report, count: 1, firstAt: 5, lastAt: 12 },
        { ...report, principal: 'bob', count: 1, firstAt: 7, lastAt: 7 },
      ]);
      const other = await second();
      await Promise.all(
        [store(), other].map((handle) =>
          handle.destructions.recordDemands([{ ...report, count: 4, firstAt: 15, lastAt: 30 }]),
        ),
      );
      const operation = 'keys.decrypt';
      assert.deepEqual(await other.destructions.demands(keyId), [
        { principal: 'ada', operation, count: 11, firstAt: 5, lastAt: 30 },
        { principal: 'bob', operation, count: 1, firstAt: 7, lastAt: 7 },
      ]);
      assert.deepEqual(await store().destructions.demands(samples.uniqueName('key')), []);
      await store().commit(put({ ...first, step: 'cancelled', revision: 2 }, 1));
      assert.equal((await store().destructions.demands(keyId)).length, 2);
      await store().commit(put(sample({ keyId, requestedAt: someDay + 1 })));
      assert.deepEqual(await store().destructions.demands(keyId), []);
    });

    it('knows which leases of a kind have not ended', async () => {
      const prefix = `${samples.uniqueName('kind')}%_:`;
      const lease = (name: string, until: number) => ({ name: `${prefix}${name}`, holder: name, until });
      await store().takeLease(lease('b', 100), 0);
      await store().takeLease(lease('a', 120), 0);
      await store().takeLease({ name: `x${prefix}c`, holder: 'c', until: 500 }, 0);
      const other = await second();
      assert.deepEqual(await other.leases(prefix, 99), [lease('a', 120), lease('b', 100)]);
      assert.deepEqual(await other.leases(prefix, 100), [lease('a', 120)]);
      // who has a lease can give it up
      assert.equal(await store().takeLease(lease('a', 50), 50), true);
      assert.deepEqual(await other.leases(prefix, 50), [lease('b', 100)]);
    });

    it('finishes the removal of what was erased', async () => {
      const key = samples.sampleKey('production');
      await store().commit(
        samples.only(samples.createKey(key, [{ version: 1, material: samples.material() }])),
      );
      await store().commit(samples.only(samples.updateKey(key, {}, { erased: [1] })));
      await store().finishErasure();
      await store().finishErasure();
    });
  });
}
