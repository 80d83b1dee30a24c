import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Key } from '#domain';
import type { InventoryOrder, KeyFilter, Store } from '#ports';
import { openStore } from '#storage';
import { environment, firstDay, madeUpKeys } from './made-up-keys.ts';
import { tell } from './report.ts';

const dayMillis = 86_400_000;
const atOnce = 1000;

/** Puts made-up keys into a store, with names for one in ten. */
export async function fillInventory(store: Store, count: number): Promise<void> {
  let waiting: Key[] = [];
  let done = 0;
  const flush = async () => {
    const names = waiting.flatMap((key, index) =>
      index % 10 === 0
        ? [
            {
              environment: key.environment,
              region: 'default',
              name: `${key.owner}/${done + index}`,
              keyId: key.id,
            },
          ]
        : [],
    );
    const changes = [
      ...waiting.map((key) => ({ kind: 'key-created', key, materials: [] }) as const),
      ...names.map(
        (name) => ({ kind: 'name-created', name: { ...name, createdAt: 0, updatedAt: 0 } }) as const,
      ),
    ];
    await store.commit({ changes, events: [] });
    done += waiting.length;
    waiting = [];
    if (process.stderr.isTTY) process.stderr.write(`\r     filling: ${done} of ${count} keys`);
  };
  for (const key of madeUpKeys(count)) if (waiting.push(key) === atOnce) await flush();
  await flush();
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

type Question = {
  readonly name: string;
  readonly filter: Omit<KeyFilter, 'environment'>;
  readonly order?: Partial<InventoryOrder>;
};

const end = firstDay + 5 * 365 * dayMillis;

/** What people ask, and three questions whose answers lie far apart, or nowhere. */
const questions: readonly Question[] = [
  { name: 'everything, by id', filter: {}, order: { by: 'id' } },
  { name: 'everything, the newest first', filter: {}, order: { by: 'created', descending: true } },
  { name: 'one team', filter: { owner: 'team-000' } },
  { name: 'a small team, by end', filter: { owner: 'team-399' }, order: { by: 'ends' } },
  { name: 'a large team, by end', filter: { owner: 'team-000' }, order: { by: 'ends' } },
  { name: 'compromised', filter: { states: ['compromised'] }, order: { by: 'id' } },
  { name: 'active RSA', filter: { specs: ['RSA_2048'], states: ['active'] }, order: { by: 'ends' } },
  { name: 'teams that begin so', filter: { ownerPrefix: 'team-1' } },
  {
    name: 'ending within 90 days',
    filter: { ends: { from: end, before: end + 90 * dayMillis } },
    order: { by: 'ends' },
  },
  { name: 'names that begin so', filter: { namePrefix: 'team-01' }, order: { by: 'name' } },
  {
    name: 'nasty: what is young, asked from the old end',
    filter: { specs: ['ML_DSA_65'], classifications: ['pan'], created: { from: firstDay } },
    order: { by: 'created' },
  },
  {
    name: 'nasty: nothing, of a large team',
    filter: { owner: 'team-000', ends: { from: end + 900 * dayMillis, before: end + 901 * dayMillis } },
    order: { by: 'id' },
  },
  {
    name: 'nasty: teams that begin so, hardly any such key, by end, backwards',
    filter: {
      ownerPrefix: 'team-',
      tiers: ['hsm'],
      origins: ['imported'],
      created: { before: firstDay + dayMillis },
    },
    order: { by: 'ends', descending: true },
  },
];

/** Times of pages of 100: of the first ones of each question, one after the other. */
export async function measureInventory(store: Store, keys: number): Promise<void> {
  for (const { name, filter, order } of questions) {
    const times: number[] = [];
    let found = 0;
    let pages = 0;
    for (let round = 0; round < 5; round += 1) {
      let after: string | null = null;
      for (let turn = 0; turn < 20; turn += 1) {
        const begin = performance.now();
        const page: { keys: readonly Key[]; next: string | null } = await store.inventory.page(
          { environment, ...filter },
          { by: 'created', descending: false, ...order },
          { after, limit: 100 },
        );
        times.push(performance.now() - begin);
        if (round === 0) [found, pages] = [found + page.keys.length, pages + 1];
        if (page.next === null) break;
        after = page.next;
      }
    }
    times.sort((a, b) => a - b);
    const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
    tell({
      name: `inventory of ${keys}, ${name}`,
      value: `p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms (${found} keys on ${pages} pages)`,
      number: at(0.99),
      bar: '50 ms',
      holds: at(0.99) < 50,
    });
  }
  const begin = performance.now();
  await store.inventory.facets(environment, 50);
  const millis = performance.now() - begin;
  tell({ name: `facets of ${keys}`, value: `${millis.toFixed(0)} ms`, number: millis });
}

/** Pages of the inventory over very many keys, in a SQLite file of its own. */
export async function benchInventory(keys: number): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claviger-inventory-'));
  const store = await openStore(`sqlite:${path.join(folder, 'store.db')}`);
  try {
    await fillInventory(store, keys);
    await measureInventory(store, keys);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
