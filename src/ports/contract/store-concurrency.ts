import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode, type Key } from '#domain';
import type { Change } from '../store.ts';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { only, createKey, updateKey } = samples;

/** Many callers at once, through one handle and through two. */
export function concurrencyTests({ store, second }: StoreHandles): void {
  describe('concurrency', () => {
    it('undoes the refused ones of many commits at once, and only them', async () => {
      const environment = samples.uniqueName('env');
      const node = samples.uniqueName('node');
      const taken = samples.sampleKey(environment);
      const name = samples.sampleName(taken);
      await store().commit(only(createKey(taken), { kind: 'name-created', name }));
      const bad: Change[] = [
        createKey(taken),
        { kind: 'name-created', name },
        updateKey({ ...taken, revision: 7 }, {}),
      ];
      const keys = Array.from({ length: 40 }, () => samples.sampleKey(environment));
      const results = await Promise.allSettled(
        keys.map((key, index) => {
          const worse = index % 10 === 3 ? bad[Math.floor(index / 10) % bad.length] : undefined;
          const changes = worse ? [createKey(key), worse] : [createKey(key)];
          return store().commit({ changes, events: [samples.sampleEvent({ node, keyId: key.id })] });
        }),
      );
      const refused = results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []));
      assert.deepEqual(refused, [3, 13, 23, 33]);
      const logged = new Set((await store().outbox(node)).map(({ keyId }) => keyId));
      for (const [index, key] of keys.entries()) {
        const stands = !refused.includes(index);
        assert.equal((await store().key(key.id)) !== null, stands);
        assert.equal(logged.has(key.id), stands);
      }
      assert.equal(await store().countKeys(environment), 37);
    });

    it('lets exactly one of many updates of the same revision through', async () => {
      const key = samples.sampleKey(samples.uniqueName('env'));
      const other = await second();
      await store().commit(only(createKey(key)));
      const results = await Promise.allSettled(
        Array.from({ length: 16 }, (_, index) =>
          (index % 2 === 0 ? store() : other).commit(only(updateKey(key, { description: `${index}` }))),
        ),
      );
      const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
      assert.equal(winners.length, 1);
      for (const result of results) {
        if (result.status === 'rejected')
          assert.ok(hasCode(result.reason, 'conflict'), String(result.reason));
      }
      assert.equal((await store().key(key.id))?.key.description, String(winners[0]));
    });

    it('survives updates of the same keys in opposite order from two handles', async () => {
      const environment = samples.uniqueName('env');
      const other = await second();
      const keys = [samples.sampleKey(environment), samples.sampleKey(environment)];
      await store().commit(only(...keys.map((key) => createKey(key))));
      for (let round = 0; round < 3; round += 1) {
        const now = await Promise.all(keys.map(async ({ id }) => (await store().key(id))?.key as Key));
        const results = await Promise.allSettled([
          store().commit(only(...now.map((key) => updateKey(key, {})))),
          other.commit(only(...[...now].reverse().map((key) => updateKey(key, {})))),
        ]);
        assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      }
      for (const { id } of keys) assert.equal((await store().key(id))?.key.revision, 4);
    });

    it('shows each handle the commits of the other, in the change feed too', async () => {
      const other = await second();
      const start = await other.changeSequence();
      const key = samples.sampleKey(samples.uniqueName('env'));
      await store().commit(only(createKey(key)));
      const feed = await other.changesSince(start);
      assert.ok(feed.entities.includes(`key:${key.id}`));
      assert.deepEqual((await other.key(key.id))?.key, key);
      await other.commit(only(updateKey(key, {})));
      assert.ok((await store().changesSince(feed.sequence)).entities.includes(`key:${key.id}`));
    });

    it('never shows a number of the sequence before a smaller one', async () => {
      const environment = samples.uniqueName('env');
      const writers = [store(), await second()];
      const reader = await second();
      const start = await reader.changeSequence();
      const seen = new Set<string>();
      let known = start;
      let writing = true;
      const written = Promise.all(
        writers.map(async (writer) => {
          for (let round = 0; round < 12; round += 1) {
            const keys = Array.from({ length: 4 }, () => samples.sampleKey(environment));
            await Promise.all(keys.map((key) => writer.commit(only(createKey(key)))));
          }
        }),
      ).finally(() => {
        writing = false;
      });
      const follow = async (): Promise<void> => {
        const feed = await reader.changesSince(known);
        assert.equal(feed.isComplete, true);
        assert.equal(feed.entities.length, feed.sequence - known, 'one number for each entity');
        for (const entity of feed.entities) seen.add(entity);
        known = feed.sequence;
      };
      while (writing) {
        await follow();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await written;
      await follow();
      assert.equal(known - start, 96);
      assert.equal(seen.size, 96);
    });
  });
}
