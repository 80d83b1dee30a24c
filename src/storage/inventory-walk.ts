import type { Dialect, Driver, Value } from './driver.ts';
import { integer, text, unreadable } from './records.ts';

/** Where a key stands in an order: `at` is what the index orders by, before the id. */
export type Spot = { readonly at: number; readonly id: string };
/** A key as an index holds it. */
export type Entry = Spot & { readonly createdAt: number; readonly endsAt: number };

/** What an index begins with, and what it is ordered by before the id; null: by nothing. */
export type Walk = { readonly prefix: readonly string[]; readonly at: 'created_at' | 'ends_at' | null };

export const walks = Object.freeze({
  byId: { prefix: ['environment'], at: null },
  byCreation: { prefix: ['class_id'], at: 'created_at' },
  byEnd: { prefix: ['class_id'], at: 'ends_at' },
  ofOwner: { prefix: ['environment', 'owner', 'class_id'], at: 'created_at' },
} as const satisfies Record<string, Walk>);

/** What an entry must be besides. */
export type Residual = {
  readonly owner: readonly [from: string, before: string];
  readonly created: readonly [from: number, before: number];
  readonly ends: readonly [from: number, before: number];
  /** Null: of any class. */
  readonly classes: readonly string[] | null;
};

/** Comes after all texts. */
export const lastText = '\u{10FFFF}';
/** Comes after all instants but `never`. */
export const lastInstant = Number.MAX_SAFE_INTEGER;

/** One way through an index: the values of its prefix, and behind which spot it begins. */
export type Stream = { readonly prefix: readonly string[]; readonly from: Spot };

/** How far to walk in each stream. */
export type Steps = {
  readonly descending: boolean;
  /** Entries that are looked at, at most. */
  readonly looked: number;
  /** Entries that are wanted, at most. */
  readonly wanted: number;
};

export type Found = {
  readonly entries: readonly Entry[];
  /** Up to where everything was seen; null: to the end. */
  readonly reached: Spot | null;
};

/** Numbers placeholders as values are given. */
export function placeholders() {
  const values: Value[] = [];
  return { values, add: (value: Value) => `$${values.push(value)}` };
}
type Place = ReturnType<typeof placeholders>['add'];

/** Streams as a table `s`: of each its number, the spot and the prefix. */
function tableOf(streams: readonly Stream[], add: Place, { elements }: Dialect): string {
  const rows = streams.map(({ prefix, from }, index) => [String(index), String(from.at), from.id, ...prefix]);
  return `${elements(add(JSON.stringify(rows)))} AS s`;
}

function prefixOf({ prefix }: Walk): string {
  return prefix.map((column, index) => `keys.${column} = (s.value ->> ${index + 3})`).join(' AND ');
}

/** The entries of a stream behind its spot, in order. */
function entriesSql(walk: Walk, { descending }: Steps, { integer: type }: Dialect): string {
  const compare = descending ? '<' : '>';
  const direction = descending ? 'DESC' : 'ASC';
  const { at } = walk;
  const behind = at
    ? `(${at}, id) ${compare} (CAST(s.value ->> 1 AS ${type}), s.value ->> 2)`
    : `id ${compare} (s.value ->> 2)`;
  const order = at ? `${at} ${direction}, id ${direction}` : `id ${direction}`;
  return `SELECT id, ${at ?? '0'} AS at, class_id, owner, created_at, ends_at FROM keys
    WHERE ${prefixOf(walk)} AND ${behind} ORDER BY ${order}`;
}

/** What of a residual is a condition, on columns of keys. */
export function residualSql(residual: Residual | null, add: Place, { elements }: Dialect): string {
  if (residual === null) return 'true';
  const { owner, created, ends, classes } = residual;
  const parts = [
    `owner >= ${add(owner[0])} AND owner < ${add(owner[1])}`,
    `created_at >= ${add(created[0])} AND created_at < ${add(created[1])}`,
    `ends_at >= ${add(ends[0])} AND ends_at < ${add(ends[1])}`,
  ];
  if (classes) {
    const list = add(JSON.stringify(classes.map((id) => [id])));
    parts.push(`class_id IN (SELECT value ->> 0 FROM ${elements(list)})`);
  }
  return parts.join(' AND ');
}

function entryOf(found: unknown): Entry {
  if (!Array.isArray(found)) throw unreadable('the inventory');
  const [id, at, createdAt, endsAt] = found as unknown[];
  const row = { id, at, createdAt, endsAt };
  return {
    id: text(row, 'id'),
    at: integer(row, 'at'),
    createdAt: integer(row, 'createdAt'),
    endsAt: integer(row, 'endsAt'),
  };
}

/** Asks something of each stream that gives entries: a SELECT of `id`, `at`, `created_at` and `ends_at` that may speak of `s`. */
async function askStreams(
  driver: Driver,
  streams: readonly Stream[],
  subquery: (add: Place) => string,
): Promise<Entry[][]> {
  const { values, add } = placeholders();
  const table = tableOf(streams, add, driver.dialect);
  const sql = `SELECT s.value ->> 0 AS stream, (SELECT ${driver.dialect.listOf('id, at, created_at, ends_at')}
    FROM (${subquery(add)}) AS found) AS entries FROM ${table}`;
  const answers: Entry[][] = streams.map(() => []);
  for (const row of await driver.query(sql, values)) {
    if (row['entries'] === null) continue;
    const entries: unknown = JSON.parse(text(row, 'entries'));
    if (!Array.isArray(entries)) throw unreadable('the inventory');
    answers[Number(text(row, 'stream'))] = entries.map(entryOf);
  }
  return answers;
}

/** The next entries of each stream, and how far each was seen. */
export async function walkStreams(
  driver: Driver,
  walk: Walk,
  streams: readonly Stream[],
  residual: Residual | null,
  steps: Steps,
): Promise<Found[]> {
  const { dialect } = driver;
  const inner = entriesSql(walk, steps, dialect);
  const found = await askStreams(
    driver,
    streams,
    (add) => `SELECT id, at, created_at, ends_at FROM (${inner} LIMIT ${add(steps.looked)}) AS walked
      WHERE ${residualSql(residual, add, dialect)} LIMIT ${add(steps.wanted)}`,
  );
  // where everything that was looked at passed, there was no more of it
  const open = streams.filter((_, index) => residual !== null && (found[index]?.length ?? 0) < steps.wanted);
  const ends =
    open.length === 0
      ? []
      : await askStreams(driver, open, (add) => `${inner} LIMIT 1 OFFSET ${add(steps.looked - 1)}`);
  const endOf = new Map(open.map((stream, index) => [stream, ends[index]?.[0] ?? null]));
  return streams.map((stream, index): Found => {
    const entries = found[index] ?? [];
    const last = entries.at(-1);
    const reached = last && entries.length === steps.wanted ? last : (endOf.get(stream) ?? null);
    return { entries, reached };
  });
}

/** Everything in the streams, without an order; null: it is more than `most`. */
export async function gatherStreams(
  driver: Driver,
  walk: Walk,
  streams: readonly Stream[],
  most: number,
): Promise<Entry[] | null> {
  const { values, add } = placeholders();
  const table = tableOf(streams, add, driver.dialect);
  const limit = add(most + 1);
  const joined = driver.dialect.lateral
    ? `LATERAL (SELECT id, created_at, ends_at FROM keys WHERE ${prefixOf(walk)} LIMIT ${limit}) AS keys`
    : `keys WHERE ${prefixOf(walk)}`;
  const sql = `SELECT keys.id AS id, keys.created_at AS created_at, keys.ends_at AS ends_at
    FROM ${table} CROSS JOIN ${joined} LIMIT ${limit}`;
  const rows = await driver.query(sql, values);
  if (rows.length > most) return null;
  return rows.map((row) => ({
    id: text(row, 'id'),
    at: 0,
    createdAt: integer(row, 'created_at'),
    endsAt: integer(row, 'ends_at'),
  }));
}
