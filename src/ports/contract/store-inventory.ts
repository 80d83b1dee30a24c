import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { currentVersion, isDestroyed, originatorEnd, type Key } from '#domain';
import type { InventoryOrder, KeyFilter } from '../inventory.ts';
import type { Store } from '../store.ts';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { only, createKey, someDay, updateKey } = samples;
const never = Number.MAX_SAFE_INTEGER;

const endOf = (key: Key): number => originatorEnd(currentVersion(key)) ?? never;
const has = <T>(wanted: readonly T[] | undefined, value: T): boolean => wanted?.includes(value) ?? true;
const within = (range: { from?: number; before?: number } | undefined, at: number): boolean =>
  at >= (range?.from ?? -never) && (range?.before === undefined || at < range.before);

/** What a filter means, said plainly. */
function passes(filter: KeyFilter, key: Key): boolean {
  return (
    key.environment === filter.environment &&
    (filter.owner === undefined || key.owner === filter.owner) &&
    key.owner.startsWith(filter.ownerPrefix ?? '') &&
    has(filter.regions, key.region) &&
    has(filter.specs, key.spec) &&
    has(filter.usages, key.usage) &&
    (filter.kinds?.some(({ spec, usage }) => spec === key.spec && usage === key.usage) ?? true) &&
    has(filter.states, currentVersion(key).state) &&
    has(filter.tiers, key.tier) &&
    has(filter.origins, key.origin) &&
    has(filter.classifications, key.dataClassification) &&
    (filter.isRotated === undefined || filter.isRotated === (key.rotation !== null)) &&
    (filter.isDestructionScheduled === undefined ||
      filter.isDestructionScheduled === (key.destruction !== null)) &&
    within(filter.created, key.createdAt) &&
    within(filter.ends, endOf(key))
  );
}

/** Everything that a filter finds, page by page. */
async function walked(store: Store, filter: KeyFilter, order: InventoryOrder, limit: number): Promise<Key[]> {
  const found: Key[] = [];
  for (let after: string | null = null, pages = 0; ; pages += 1) {
    assert.ok(pages < 500, 'the pages do not end');
    const page: { keys: readonly Key[]; next: string | null } = await store.inventory.page(filter, order, {
      after,
      limit,
    });
    assert.ok(page.keys.length <= limit);
    found.push(...page.keys);
    if (page.next === null) return found;
    after = page.next;
  }
}

function ordered(keys: readonly Key[], { by, descending }: InventoryOrder): string[] {
  const at = (key: Key) => (by === 'id' ? 0 : by === 'ends' ? endOf(key) : key.createdAt);
  const sorted = [...keys].sort((a, b) => at(a) - at(b) || (a.id < b.id ? -1 : 1));
  return (descending ? sorted.reverse() : sorted).map(({ id }) => id);
}

const specs = ['AES_256', 'AES_128', 'RSA_2048', 'ML_DSA_65', 'EC_P256'] as const;
const states = ['active', 'active', 'active', 'deactivated', 'compromised', 'destroyed'] as const;
const owners = ['payments', 'payments-eu', 'Zahlungen ü', 'web', 'a'] as const;
const tiers = ['served', 'hsm', 'development'] as const;

/** Keys that differ in every field, by their number alone. */
function varied(environment: string, count: number): Key[] {
  return Array.from({ length: count }, (_, index) => {
    const turn = <T>(list: readonly T[], step: number): T =>
      list[Math.floor(index / step) % list.length] as T;
    const state = turn(states, 7);
    return samples.sampleKey(environment, {
      spec: turn(specs, 1),
      usage: turn(['encrypt', 'sign'], 3),
      owner: turn(owners, 2),
      tier: turn(tiers, 11),
      origin: turn(['generated', 'imported'], 5),
      region: turn(['default', 'eu'], 13),
      dataClassification: turn(['confidential', 'pan', 'öffentlich'], 4),
      rotation: index % 4 === 0 ? { periodDays: 9, since: someDay, nextAt: never } : null,
      destruction: index % 17 === 0 ? { requestedAt: someDay, dueAt: never, waitingDays: 7 } : null,
      // many at the same moment
      createdAt: someDay + Math.floor(index / 6) * 1000,
      versions: [
        samples.sampleVersion({
          state,
          activatedAt: index % 9 === 0 ? null : someDay + ((index * 37) % 50) * 1000,
        }),
      ],
    });
  });
}

const orders: readonly InventoryOrder[] = (['id', 'created', 'ends'] as const).flatMap((by) => [
  { by, descending: false },
  { by, descending: true },
]);

const questions: readonly Omit<KeyFilter, 'environment'>[] = [
  {},
  { owner: 'payments' },
  { owner: 'nobody' },
  { ownerPrefix: 'pay' },
  { ownerPrefix: 'Zahlungen ' },
  { specs: ['RSA_2048', 'EC_P256'] },
  { specs: [] },
  {
    kinds: [
      { spec: 'AES_256', usage: 'encrypt' },
      { spec: 'RSA_2048', usage: 'sign' },
    ],
  },
  { states: ['compromised'], owner: 'web' },
  { usages: ['sign'], tiers: ['hsm', 'development'], origins: ['imported'] },
  { classifications: ['öffentlich'], regions: ['eu'] },
  { isRotated: true, ownerPrefix: 'p' },
  { isDestructionScheduled: true },
  { isDestructionScheduled: false, isRotated: false, states: ['active'] },
  { created: { from: someDay + 5000, before: someDay + 20_000 } },
  { created: { from: someDay + 5000 }, specs: ['AES_256'] },
  { ends: { before: someDay + 3_620_000 } },
  { ends: { from: someDay + 3_620_000 }, owner: 'a' },
  { ends: { from: someDay, before: someDay + 3_640_000 }, created: { before: someDay + 15_000 } },
];

/** Filters, orders and pages of keys. */
export function inventoryTests({ store }: StoreHandles): void {
  describe('inventory', () => {
    it('finds what a filter says, in each order, page by page', async () => {
      const environment = samples.uniqueName('env');
      const keys = varied(environment, 130);
      await store().commit(only(...keys.map((key) => createKey(key))));
      // of another environment: never found
      await store().commit(only(createKey(samples.sampleKey(samples.uniqueName('env')))));
      for (const question of questions) {
        const filter: KeyFilter = { environment, ...question };
        const expected = keys.filter((key) => passes(filter, key));
        for (const order of orders) {
          const found = await walked(store(), filter, order, 41);
          const said = JSON.stringify({ question, order });
          assert.deepEqual(
            found.map(({ id }) => id),
            ordered(expected, order),
            said,
          );
        }
      }
      const [key] = await walked(store(), { environment }, { by: 'id', descending: false }, 1000);
      assert.deepEqual(
        key,
        keys.find(({ id }) => id === key?.id),
      );
    });

    it('follows what becomes of a key', async () => {
      const environment = samples.uniqueName('env');
      const key = samples.sampleKey(environment, { owner: 'payments' });
      await store().commit(only(createKey(key)));
      const order: InventoryOrder = { by: 'created', descending: false };
      const isFound = async (filter: Omit<KeyFilter, 'environment'>) =>
        (await walked(store(), { environment, ...filter }, order, 9)).length === 1;
      assert.ok(await isFound({ owner: 'payments', states: ['active'] }));
      const version = samples.sampleVersion({ state: 'deactivated', activatedAt: null });
      await store().commit(only(updateKey(key, { owner: 'web', versions: [version] })));
      assert.ok(!(await isFound({ owner: 'payments' })));
      assert.ok(!(await isFound({ states: ['active'] })));
      assert.ok(await isFound({ owner: 'web', states: ['deactivated'], ends: { from: never } }));
      assert.ok(!isDestroyed(version.state));
    });

    it('takes owners of any characters', async () => {
      const environment = samples.uniqueName('env');
      const names = ['with \0 inside', 'a \ud800 alone', '\u{10FFFE}', "'; DROP TABLE keys; --", '%'];
      const keys = names.map((owner) => samples.sampleKey(environment, { owner }));
      await store().commit(only(...keys.map((key) => createKey(key))));
      for (const [index, owner] of names.entries()) {
        const found = await walked(store(), { environment, owner }, { by: 'id', descending: false }, 5);
        assert.deepEqual(
          found.map(({ id }) => id),
          [keys[index]?.id],
        );
      }
    });

    it('finds keys by their names, each once', async () => {
      const environment = samples.uniqueName('env');
      const keys = varied(environment, 20);
      const names = keys.flatMap((key, index) => {
        const name = `card-${String(index).padStart(3, '0')}`;
        return index % 3 === 0
          ? [samples.sampleName(key, name), samples.sampleName(key, `${name}-again`)]
          : [samples.sampleName(key, index % 3 === 1 ? name : `other-${index}`)];
      });
      await store().commit(only(...keys.map((key) => createKey(key))));
      await store().commit(only(...names.map((name) => ({ kind: 'name-created', name }) as const)));
      const byName: InventoryOrder = { by: 'name', descending: false };
      const expected = keys.filter((_, index) => index % 3 !== 2).map(({ id }) => id);
      const idsOf = (found: readonly Key[]) => found.map(({ id }) => id);
      const filter = { environment, namePrefix: 'card-' };
      assert.deepEqual(idsOf(await walked(store(), filter, byName, 4)), expected);
      const reverse = { ...byName, descending: true };
      assert.deepEqual(idsOf(await walked(store(), filter, reverse, 4)), [...expected].reverse());
      const narrowed = { ...filter, specs: ['AES_256'] as const, owner: 'payments' };
      assert.deepEqual(
        idsOf(await walked(store(), narrowed, byName, 3)),
        idsOf(keys.filter((key) => expected.includes(key.id) && passes({ ...narrowed }, key))),
      );
      await assert.rejects(walked(store(), filter, { by: 'created', descending: false }, 4), {
        code: 'input-invalid',
      });
    });

    it('refuses markers of something else', async () => {
      const environment = samples.uniqueName('env');
      await store().commit(only(createKey(samples.sampleKey(environment))));
      for (const by of ['id', 'created', 'ends', 'name'] as const)
        for (const after of ['', '|', 'x', '1|', '|a', "1|a' OR 1", '\0'])
          await assert.rejects(
            store().inventory.page({ environment }, { by, descending: false }, { after, limit: 5 }),
            { code: 'input-invalid' },
          );
    });

    it('counts values of one environment', async () => {
      const environment = samples.uniqueName('env');
      const keys = varied(environment, 60);
      await store().commit(only(...keys.map((key) => createKey(key))));
      const { keys: total, fields } = await store().inventory.facets(environment, 3);
      assert.equal(total, 60);
      const countOf = (of: (key: Key) => string) => {
        const counts = new Map<string, number>();
        for (const key of keys) counts.set(of(key), (counts.get(of(key)) ?? 0) + 1);
        return [...counts]
          .map(([value, count]) => ({ value, keys: count }))
          .sort((a, b) => b.keys - a.keys || (Buffer.from(a.value) < Buffer.from(b.value) ? -1 : 1));
      };
      assert.deepEqual(
        fields.tier,
        countOf(({ tier }) => tier),
      );
      assert.deepEqual(
        fields.rotation,
        countOf(({ rotation }) => (rotation ? 'scheduled' : 'none')),
      );
      assert.equal(fields.owner.length, 3);
      assert.equal(fields.spec.length, 3);
      assert.deepEqual(await store().inventory.facets(samples.uniqueName('env'), 3), {
        keys: 0,
        fields: Object.fromEntries(Object.keys(fields).map((field) => [field, []])),
      });
    });
  });
}
