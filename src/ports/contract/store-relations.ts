import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { usersMax, type KeyUseReport } from '../relations.ts';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { only, createKey, someDay } = samples;

const report = (keyId: string, change: Partial<KeyUseReport> = {}): KeyUseReport => ({
  keyId,
  version: 1,
  principal: 'ada',
  act: 'process',
  count: 1,
  firstAt: someDay,
  lastAt: someDay,
  ...change,
});

/** What belongs to keys, for many at once. */
export function relationTests({ store, second }: StoreHandles): void {
  async function newKey(environment: string): Promise<string> {
    const key = samples.sampleKey(environment);
    await store().commit(only(createKey(key)));
    return key.id;
  }

  describe('relations', () => {
    it('has nothing of a key of which nothing is known, nor of one that is not there', async () => {
      const environment = samples.uniqueName('env');
      const id = await newKey(environment);
      const absent = randomUUID();
      const nothing = {
        names: [],
        lastUse: null,
        uses: [],
        counts: [],
        copies: [],
        destruction: null,
        sameMaterial: [],
      };
      assert.deepEqual(
        await store().relations.of([id, absent]),
        new Map([id, absent].map((each) => [each, nothing])),
      );
      assert.deepEqual(await store().relations.of([]), new Map());
    });

    it('finds all of it for each key, and nothing of others', async () => {
      const environment = samples.uniqueName('env');
      const key = samples.sampleKey(environment);
      const twin = samples.sampleKey(environment);
      const name = samples.sampleName(key);
      const fingerprint = randomBytes(32).toString('hex');
      const known = (keyId: string) => ({ kind: 'material-known', fingerprint, environment, keyId }) as const;
      const copy = {
        id: randomUUID(),
        kind: 'export',
        keyId: key.id,
        createdAt: someDay,
        place: 'disk',
        holder: 'ada',
        status: 'live',
        detail: { wrap: 'RSA' },
      } as const;
      const lastUse = { operation: 'keys.decrypt', at: someDay, requestId: randomUUID(), principal: 'ada' };
      await store().commit(
        only(createKey(key), createKey(twin), { kind: 'name-created', name }, known(key.id), known(twin.id), {
          kind: 'copy-put',
          copy,
          expected: null,
        }),
      );
      await store().reserveUsage(key.id, 1, { operations: 5, bytes: 6 });
      await store().recordLastUses([{ keyId: key.id, lastUse }]);
      await store().relations.recordUses([report(key.id)]);
      const { keyId: _own, ...use } = report(key.id);
      const found = await store().relations.of([twin.id, key.id]);
      assert.deepEqual(found.get(key.id), {
        names: [name.name],
        lastUse,
        uses: [use],
        counts: [{ version: 1, operations: 5, bytes: 6 }],
        copies: [copy],
        destruction: null,
        sameMaterial: [{ keyId: twin.id, environment }],
      });
      assert.deepEqual(found.get(twin.id)?.sameMaterial, [{ keyId: key.id, environment }]);
      assert.deepEqual(found.get(twin.id)?.names, []);
    });

    it('says of many at once what it says of each, neighbours or scattered', async () => {
      const environment = samples.uniqueName('env');
      const start = randomUUID().slice(0, 24);
      const keys = Array.from({ length: 240 }, (_, at) => ({
        ...samples.sampleKey(environment),
        id: `${start}${at.toString(16).padStart(12, '0')}`,
      }));
      const ids = keys.map(({ id }) => id);
      await store().commit(only(...keys.map((key) => createKey(key))));
      await store().relations.recordUses(
        ids.filter((_, at) => at % 3 === 0).map((id, at) => report(id, { count: at + 1 })),
      );
      const each = new Map<string, unknown>();
      for (const id of ids) each.set(id, (await store().relations.of([id])).get(id));
      for (const wanted of [ids, ids.slice(50, 90).toReversed(), ids.filter((_, at) => at % 6 === 0)]) {
        assert.deepEqual(
          await store().relations.of(wanted),
          new Map(wanted.map((id) => [id, each.get(id)])),
          `${wanted.length} keys`,
        );
      }
    });

    it('adds up uses by version, principal and act, from all handles', async () => {
      const id = await newKey(samples.uniqueName('env'));
      await store().relations.recordUses([]);
      await store().relations.recordUses([
        report(id, { count: 2, firstAt: 10, lastAt: 20 }),
        report(id, { count: 1, firstAt: 5, lastAt: 12 }),
        report(id, { act: 'protect', count: 7 }),
        report(id, { version: 2, principal: 'bob' }),
      ]);
      const other = await second();
      await Promise.all(
        [store(), other].map((handle) =>
          handle.relations.recordUses([report(id, { count: 4, firstAt: 15, lastAt: 30 })]),
        ),
      );
      const uses = (await other.relations.of([id]))
        .get(id)
        ?.uses.map(({ version, principal, act, count, firstAt, lastAt }) => [
          version,
          principal,
          act,
          count,
          firstAt,
          lastAt,
        ]);
      assert.deepEqual(uses, [
        [1, 'ada', 'process', 11, 5, 30],
        [1, 'ada', 'protect', 7, someDay, someDay],
        [2, 'bob', 'process', 1, someDay, someDay],
      ]);
    });

    it('keeps a bounded number of principals apart, and counts the others together', async () => {
      const id = await newKey(samples.uniqueName('env'));
      const many = Array.from({ length: usersMax + 5 }, (_, at) => report(id, { principal: `user-${at}` }));
      await store().relations.recordUses(many.slice(0, usersMax - 1));
      await store().relations.recordUses(many.slice(usersMax - 1));
      await store().relations.recordUses([
        report(id, { principal: 'user-3' }),
        report(id, { principal: 'new' }),
      ]);
      const uses = (await store().relations.of([id])).get(id)?.uses ?? [];
      assert.equal(uses.length, usersMax + 1);
      assert.equal(uses.find(({ principal }) => principal === '*')?.count, 6);
      assert.equal(uses.find(({ principal }) => principal === 'user-3')?.count, 2);
      assert.equal(
        uses.reduce((sum, { count }) => sum + count, 0),
        many.length + 2,
      );
    });
  });
}
