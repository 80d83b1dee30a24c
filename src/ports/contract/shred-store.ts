import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ShredStore } from '../shred-store.ts';

/** One body of shred secrets and the handles on it. */
export type ShredStoreFixture = {
  readonly store: ShredStore;
  /** Closes the handle and opens the same data anew. */
  reopen(): Promise<ShredStore>;
  /** One more handle on the same data; the suite closes it. */
  second(): Promise<ShredStore>;
  dispose(): Promise<void>;
};

function secret(): Uint8Array {
  return new Uint8Array(randomBytes(60));
}

/** The contract of the `ShredStore` port, as a suite of `node:test`. */
export function shredStoreContract(
  name: string,
  open: () => Promise<ShredStoreFixture>,
  skip?: string,
): void {
  describe(`shred store contract: ${name}`, { skip: skip ?? false }, () => {
    let fixture: ShredStoreFixture;
    let store: ShredStore;
    before(async () => {
      fixture = await open();
      store = fixture.store;
    });
    after(() => fixture.dispose());

    it('answers null for what was never put', async () => {
      assert.equal(await store.get(randomUUID()), null);
    });

    it('keeps a secret, and accepts the same one again', async () => {
      const [id, mine] = [randomUUID(), secret()];
      const copy = new Uint8Array(mine);
      const putting = store.put(id, mine);
      mine.fill(0);
      await putting;
      assert.deepEqual(await store.get(id), copy);
      await store.put(id, copy);
      (await store.get(id))?.fill(0);
      assert.deepEqual(await store.get(id), copy);
    });

    it('refuses another secret of the same key', async () => {
      const [id, mine] = [randomUUID(), secret()];
      await store.put(id, mine);
      await assert.rejects(store.put(id, secret()), { code: 'conflict' });
      await assert.rejects(store.put(id, mine.subarray(1)), { code: 'conflict' });
      assert.deepEqual(await store.get(id), mine);
    });

    it('accepts exactly one of many secrets at once from two handles', async () => {
      const id = randomUUID();
      const other = await fixture.second();
      const secrets = Array.from({ length: 10 }, secret);
      const results = await Promise.allSettled(
        secrets.map((mine, index) => (index % 2 === 0 ? store : other).put(id, mine)),
      );
      const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
      assert.equal(winners.length, 1);
      assert.deepEqual(await other.get(id), secrets[winners[0] ?? 0]);
      await other.close();
    });

    it('shreds for good, twice without an error', async () => {
      const [id, kept, mine] = [randomUUID(), randomUUID(), secret()];
      await store.put(id, secret());
      await store.put(kept, mine);
      await store.shred(id);
      assert.equal(await store.get(id), null);
      await store.shred(id);
      await store.shred(randomUUID());
      assert.deepEqual(await store.get(kept), mine);
      const again = secret();
      await store.put(id, again);
      assert.deepEqual(await store.get(id), again);
    });

    it('puts several at once, or none of them', async () => {
      const entries = Array.from({ length: 70 }, () => ({ keyId: randomUUID(), wrappedSecret: secret() }));
      const copies = entries.map(({ wrappedSecret }) => new Uint8Array(wrappedSecret));
      const putting = store.putMany(entries);
      for (const { wrappedSecret } of entries) wrappedSecret.fill(0);
      await putting;
      for (const [index, { keyId }] of entries.entries())
        assert.deepEqual(await store.get(keyId), copies[index]);
      const fresh = { keyId: randomUUID(), wrappedSecret: secret() };
      const taken = { keyId: entries[3]?.keyId ?? '', wrappedSecret: secret() };
      await assert.rejects(store.putMany([fresh, taken]), { code: 'conflict' });
      const twice = [fresh, { keyId: fresh.keyId, wrappedSecret: secret() }];
      await assert.rejects(store.putMany(twice), { code: 'conflict' }, 'one list, two secrets of one key');
      assert.equal(await store.get(fresh.keyId), null);
      assert.deepEqual(await store.get(taken.keyId), copies[3]);
      await store.putMany([]);
    });

    it('shreds several at once, and leaves the others alone', async () => {
      const ids = Array.from({ length: 5 }, () => randomUUID());
      await store.putMany(ids.map((keyId) => ({ keyId, wrappedSecret: secret() })));
      const gone = [...ids.slice(0, 3), randomUUID()];
      await store.shredMany(gone);
      await store.shredMany(gone);
      await store.shredMany([]);
      const left = await store.many(ids);
      assert.deepEqual([...left.keys()].sort(), ids.slice(3).sort());
    });

    it('shows another handle at once what was put and shredded', async () => {
      const [id, mine] = [randomUUID(), secret()];
      const other = await fixture.second();
      await store.put(id, mine);
      assert.deepEqual(await other.get(id), mine);
      await other.shred(id);
      assert.equal(await store.get(id), null);
      await other.close();
    });

    it('pages the ids of keys that have a secret', async () => {
      const prefix = randomUUID();
      const ids = Array.from({ length: 12 }, (_, index) => `${prefix}-${String(index).padStart(2, '0')}`);
      await Promise.all([...ids].reverse().map((id) => store.put(id, secret())));
      await store.shred(ids[5] ?? '');
      const rest = ids.toSpliced(5, 1);
      const found: string[] = [];
      for (let marker: string = prefix; ; marker = found.at(-1) ?? '') {
        const page = (await store.ids({ after: marker, limit: 4 })).filter((id) => id.startsWith(prefix));
        found.push(...page);
        if (page.length < 4) break;
      }
      assert.deepEqual(found, rest);
      const first = await store.ids({ after: null, limit: 1 });
      assert.equal(first.length, 1);
    });

    it('keeps everything when it is opened anew', async () => {
      const [id, gone, mine] = [randomUUID(), randomUUID(), secret()];
      await store.put(id, mine);
      await store.put(gone, secret());
      await store.shred(gone);
      store = await fixture.reopen();
      assert.deepEqual(await store.get(id), mine);
      assert.equal(await store.get(gone), null);
    });

    it('probes, and refuses everything once closed', async () => {
      await store.probe();
      const closed = await fixture.second();
      await closed.close();
      await assert.rejects(closed.probe(), { code: 'store-unavailable' });
      await assert.rejects(closed.get('any'), { code: 'store-unavailable' });
      await assert.rejects(closed.put('any', secret()), { code: 'store-unavailable' });
      await assert.rejects(closed.shred('any'), { code: 'store-unavailable' });
    });
  });
}
