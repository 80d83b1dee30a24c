import {
  ClavigerError,
  factsOf,
  keySpecNames,
  keyStates,
  keyUsages,
  purposeClasses,
  purposeOf,
  type Instant,
  type KeySpec,
  type KeyUsage,
} from '#domain';
import type { InstantRange, InventoryOrder, KeyFilter } from '#ports';

/** What is asked for, by field, as people write it. */
export type FilterFields = Readonly<Record<string, string>>;

const dayMillis = 86_400_000;
const tiers = ['hsm', 'served', 'delivered', 'development'] as const;
const origins = ['generated', 'imported', 'external', 'hsm'] as const;

function refuse(field: string, why: string): ClavigerError {
  return new ClavigerError('input-invalid', `The filter ${field} ${why}.`, { details: { field } });
}

/** One of some words, or several with commas between them. */
function wordsOf<T extends string>(field: string, text: string, known: readonly T[]): T[] {
  const words = text.split(',');
  const unknown = words.find((word) => !(known as readonly string[]).includes(word));
  if (unknown !== undefined || words.length > 100) throw refuse(field, `takes ${known.join(', ')}`);
  return words as T[];
}

const someWords = (field: string, text: string): readonly string[] => {
  const words = text.split(',');
  if (words.length > 100 || words.includes('')) throw refuse(field, 'takes words with commas between them');
  return words;
};

/** A day, a moment, or days from now: `2027-01-01`, `2027-01-01T12:00:00Z`, `+90d`, `-30d`. */
function instantOf(field: string, text: string, now: Instant): Instant {
  const [, sign, days] = /^([+-])([0-9]{1,5})d$/.exec(text) ?? [];
  if (days !== undefined) return now + (sign === '-' ? -1 : 1) * Number(days) * dayMillis;
  const form = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z)?$/;
  const at = form.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw refuse(
    field,
    'takes a day like 2027-01-31, a moment like 2027-01-31T00:00:00Z, or days from now like +90d',
  );
}

function beginningOf(text: string): { readonly exact?: string; readonly prefix?: string } {
  return text.endsWith('*') ? { prefix: text.slice(0, -1) } : { exact: text };
}

type Pair = { readonly spec: KeySpec; readonly usage: KeyUsage };

const pairs: readonly Pair[] = keySpecNames.flatMap((spec) =>
  keyUsages.filter((usage) => factsOf(spec).usages.includes(usage)).map((usage) => ({ spec, usage })),
);

type Reading = { readonly filter: Partial<KeyFilter>; readonly allows?: (pair: Pair) => boolean };
type Reader = (text: string, field: string, now: Instant) => Reading;

function range(axis: 'created' | 'ends', side: keyof InstantRange): Reader {
  return (text, field, now) => ({ filter: { [axis]: { [side]: instantOf(field, text, now) } } });
}

const families = [...new Set(keySpecNames.map((spec) => factsOf(spec).family))];
const scheduled = ['scheduled', 'none'] as const;

/** Every field by which keys can be filtered. */
const readers: Readonly<Record<string, Reader>> = Object.freeze({
  __proto__: null as never,
  owner: (text) => {
    const { exact, prefix } = beginningOf(text);
    return { filter: exact === undefined ? { ownerPrefix: prefix ?? '' } : { owner: exact } };
  },
  name: (text, field) => {
    const { prefix } = beginningOf(text);
    if (prefix === undefined) throw refuse(field, 'takes the beginning of names, with a * behind it');
    return { filter: { namePrefix: prefix } };
  },
  region: (text, field) => ({ filter: { regions: someWords(field, text) } }),
  classification: (text, field) => ({ filter: { classifications: someWords(field, text) } }),
  spec: (text, field) => ({ filter: { specs: wordsOf(field, text, keySpecNames) } }),
  usage: (text, field) => ({ filter: { usages: wordsOf(field, text, keyUsages) } }),
  state: (text, field) => ({ filter: { states: wordsOf(field, text, keyStates) } }),
  tier: (text, field) => ({ filter: { tiers: wordsOf(field, text, tiers) } }),
  origin: (text, field) => ({ filter: { origins: wordsOf(field, text, origins) } }),
  rotation: (text, field) => ({
    filter: { isRotated: wordsOf(field, text, scheduled).includes('scheduled') },
  }),
  destruction: (text, field) => ({
    filter: { isDestructionScheduled: wordsOf(field, text, scheduled).includes('scheduled') },
  }),
  purpose: (text, field) => {
    const wanted = wordsOf(field, text, purposeClasses);
    return { filter: {}, allows: (pair) => wanted.includes(purposeOf(pair)) };
  },
  algorithm: (text, field) => {
    const wanted = wordsOf(field, text, families);
    return { filter: {}, allows: ({ spec }) => wanted.includes(factsOf(spec).family) };
  },
  quantum: (text, field) => {
    const [wanted] = wordsOf(field, text, ['ready', 'vulnerable'] as const);
    return { filter: {}, allows: ({ spec }) => factsOf(spec).quantumCategory > 0 === (wanted === 'ready') };
  },
  'strength-below': (text, field) => {
    const bits = /^[0-9]{1,3}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(bits)) throw refuse(field, 'takes a number of bits');
    return { filter: {}, allows: ({ spec }) => factsOf(spec).strengthBits < bits };
  },
  'created-from': range('created', 'from'),
  'created-before': range('created', 'before'),
  'ends-from': range('ends', 'from'),
  'ends-before': range('ends', 'before'),
});

/** The fields by which keys can be filtered. */
export const filterFields: readonly string[] = Object.freeze(Object.keys(readers));

/**
 * The filter that fields ask for, of keys of one environment. Throws `input-invalid`, which names the field and what it takes, for
 * everything that it does not understand.
 */
export function filterOf(environment: string, fields: FilterFields, now: Instant): KeyFilter {
  let filter: KeyFilter = { environment };
  let allowed: readonly Pair[] | null = null;
  for (const [field, text] of Object.entries(fields)) {
    const reader = readers[field];
    if (!reader) throw refuse(field, `is not one of ${filterFields.join(', ')}`);
    if (text.length === 0 || text.length > 1024) throw refuse(field, 'takes 1 to 1024 characters');
    const read = reader(text, field, now);
    const { created, ends } = read.filter;
    filter = {
      ...filter,
      ...read.filter,
      ...(created ? { created: { ...filter.created, ...created } } : {}),
      ...(ends ? { ends: { ...filter.ends, ...ends } } : {}),
    };
    if (read.allows) allowed = (allowed ?? pairs).filter(read.allows);
  }
  return allowed ? { ...filter, kinds: allowed } : filter;
}

const orders = ['id', 'created', 'ends', 'name'] as const;

/** The order that a word asks for, e.g. `created`; backwards with `-` in front. Null: the order that suits the filter. */
export function orderOf(sort: string | null, filter: KeyFilter): InventoryOrder {
  if (sort === null) return { by: filter.namePrefix === undefined ? 'created' : 'name', descending: false };
  const descending = sort.startsWith('-');
  const by = orders.find((order) => order === (descending ? sort.slice(1) : sort));
  if (by) return { by, descending };
  throw new ClavigerError(
    'input-invalid',
    `Keys are sorted by ${orders.join(', ')}, or by -${orders.join(', -')}.`,
    {
      details: { field: 'sort' },
    },
  );
}
