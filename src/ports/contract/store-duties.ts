import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { someDay } = samples;

/** Usage, log heads, leases and settings. */
export function dutyTests({ store, second }: StoreHandles): void {
  describe('duties', () => {
    it('adds usage up, by version', async () => {
      const keyId = samples.uniqueName('key');
      assert.deepEqual(await store().reserveUsage(keyId, 1, { operations: 3, bytes: 0 }), {
        operations: 3,
        bytes: 0,
      });
      assert.deepEqual(await store().reserveUsage(keyId, 1, { operations: 1, bytes: 2 ** 40 }), {
        operations: 4,
        bytes: 2 ** 40,
      });
      assert.deepEqual(await store().usage(keyId, 1), { operations: 4, bytes: 2 ** 40 });
      assert.deepEqual(await store().usage(keyId, 2), { operations: 0, bytes: 0 });
    });

    it('loses no reservation of many at once from two handles, and gives no total twice', async () => {
      const keyId = samples.uniqueName('key');
      const other = await second();
      const totals = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          (index % 2 === 0 ? store() : other).reserveUsage(keyId, 1, { operations: 1, bytes: 10 }),
        ),
      );
      assert.deepEqual(await store().usage(keyId, 1), { operations: 100, bytes: 1000 });
      assert.equal(new Set(totals.map(({ operations }) => operations)).size, 100);
    });

    it('remembers the newest last use', async () => {
      const [a, b] = [samples.uniqueName('key'), samples.uniqueName('key')];
      const use = (at: number) => ({ operation: `op-${at}`, at, requestId: 'r', principal: 'p' });
      await store().recordLastUses([]);
      await store().recordLastUses([
        { keyId: a, lastUse: use(someDay + 1) },
        { keyId: a, lastUse: use(someDay) },
        { keyId: b, lastUse: null },
      ]);
      assert.deepEqual(await store().lastUse(a), use(someDay + 1));
      assert.equal(await store().lastUse(b), null);
      await store().recordLastUses([
        { keyId: a, lastUse: use(someDay) },
        { keyId: b, lastUse: use(someDay) },
      ]);
      assert.deepEqual(await store().lastUse(a), use(someDay + 1));
      assert.deepEqual(await store().lastUse(b), use(someDay));
    });

    it('refuses a log head that is shorter, or as long and different', async () => {
      const head = { node: samples.uniqueName('node'), size: 10, root: 'aa', at: someDay };
      await store().recordLogHead(head);
      await store().recordLogHead({ ...head, at: someDay + 1 });
      const longer = { ...head, size: 12, root: 'bb', at: someDay + 2 };
      await store().recordLogHead(longer);
      const refused = { code: 'integrity-failed', stop: true };
      await assert.rejects(store().recordLogHead({ ...head, size: 11 }), refused);
      await assert.rejects(store().recordLogHead({ ...longer, root: 'cc' }), refused);
      const heads = await store().logHeads();
      assert.deepEqual(
        heads.filter(({ node }) => node === head.node),
        [longer],
      );
    });

    it('gives a lease to one holder until it ends', async () => {
      const name = samples.uniqueName('lease');
      const other = await second();
      assert.equal(await store().takeLease({ name, holder: 'a', until: 100 }, 0), true);
      assert.equal(await other.takeLease({ name, holder: 'b', until: 150 }, 99), false);
      assert.equal(await store().takeLease({ name, holder: 'a', until: 120 }, 99), true);
      assert.equal(await other.takeLease({ name, holder: 'b', until: 220 }, 119), false);
      assert.equal(await other.takeLease({ name, holder: 'b', until: 220 }, 120), true);
      assert.equal(await store().takeLease({ name, holder: 'a', until: 230 }, 121), false);
      assert.equal(await store().takeLease({ name, holder: 'b', until: 3_600_030 }, 3_600_000), true);
      assert.equal(await other.takeLease({ name, holder: 'a', until: 3_600_050 }, 3_600_020), false);
      assert.equal(await other.takeLease({ name, holder: 'a', until: 30 }, 0), true, 'set an hour ahead');
    });

    it('gives a lease to exactly one of many at once', async () => {
      const name = samples.uniqueName('lease');
      const other = await second();
      const taken = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store() : other).takeLease({ name, holder: `h${index}`, until: 10 }, 0),
        ),
      );
      assert.equal(taken.filter(Boolean).length, 1);
    });

    it('lets a setting be claimed once', async () => {
      const name = samples.uniqueName('setting');
      const other = await second();
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? store() : other).claimSetting(name, `value ${index}`),
        ),
      );
      assert.equal(new Set(claims).size, 1);
      assert.equal(await other.setting(name), claims[0]);
      assert.equal(await store().claimSetting(name, 'late'), claims[0]);
    });
  });
}
