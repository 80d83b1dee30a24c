import {
  currentVersion,
  factsOf,
  isDestroyed,
  originatorEnd,
  rotatesItself,
  type Instant,
  type Key,
  type KeySpec,
  type KeyUsage,
  type PeriodExtension,
} from '#domain';
import type { KeyFacts } from '../population.ts';

/** The first few of something, and how many there are in all. */
export type Sample = { readonly total: number; readonly first: readonly string[] };

function sampler(limit: number) {
  const first: string[] = [];
  let total = 0;
  return {
    add(entry: string): void {
      total += 1;
      if (first.length < limit) first.push(entry);
    },
    sample: (): Sample => ({ total, first }),
  };
}

/** Keys that are alike. */
export type Group = {
  readonly environment: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly count: number;
};

/** A version that an exception lets stand longer than the policy. */
export type KeyExtension = {
  readonly keyId: string;
  readonly environment: string;
  readonly owner: string;
} & PeriodExtension;

/** What a walk through all keys counts; it grows with environments and kinds of keys, never with keys. */
export type Census = {
  readonly total: number;
  /** Keys that are not destroyed. */
  readonly living: number;
  /** Of living keys, ordered by environment, spec and usage. */
  readonly groups: readonly Group[];
  readonly byState: ReadonlyMap<string, number>;
  readonly byTier: ReadonlyMap<string, number>;
  readonly byOrigin: ReadonlyMap<string, number>;
  /** Of living keys. */
  readonly withoutOwner: Sample;
  readonly withoutDescription: Sample;
  /** Their newest version is past its originator period. */
  readonly overdue: Sample;
  /** They hold the same material as a key of another environment. */
  readonly acrossEnvironments: Sample;
  /** Versions that an exception lets stand longer than the policy; the first ones. */
  readonly extended: readonly KeyExtension[];
  readonly extendedTotal: number;
  /** By a schedule of their own, or by the policy. */
  readonly rotating: number;
  readonly destructionScheduled: number;
  readonly provenRecoverable: number;
  readonly exportable: number;
  readonly exports: number;
  /** The first living keys, at most as many as were asked for. */
  readonly listed: readonly KeyFacts[];
};

const sampleMax = 10;
const extendedMax = 50;

function count<K>(counts: Map<K, number>, name: K): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The state of a key as a whole. */
export function stateOf(key: Key): string {
  if (key.destruction) return 'destruction-scheduled';
  const { state } = currentVersion(key);
  return key.suspendedAt !== null && !isDestroyed(state) ? 'suspended' : state;
}

const isBlank = (text: string): boolean => text.trim() === '';
const order = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

/** Counts keys one by one. */
export function createCensus(now: Instant, listMax: number) {
  const groups = new Map<string, Group>();
  const [states, tiers, origins] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ];
  const samples = {
    withoutOwner: sampler(sampleMax),
    withoutDescription: sampler(sampleMax),
    overdue: sampler(sampleMax),
    acrossEnvironments: sampler(sampleMax),
  };
  const counts = {
    total: 0,
    living: 0,
    extendedTotal: 0,
    rotating: 0,
    destructionScheduled: 0,
    provenRecoverable: 0,
    exportable: 0,
    exports: 0,
  };
  const listed: KeyFacts[] = [];
  const extended: KeyExtension[] = [];

  function take(facts: KeyFacts): void {
    const { key, copies } = facts;
    counts.total += 1;
    count(states, stateOf(key));
    if (isDestroyed(currentVersion(key).state)) return;
    counts.living += 1;
    if (listed.length < listMax) listed.push(facts);
    group(key);
    judge(facts);
    if (rotatesItself(key)) counts.rotating += 1;
    extend(key);
    if (key.destruction) counts.destructionScheduled += 1;
    if (key.provenRecoverableAt !== undefined) counts.provenRecoverable += 1;
    if (key.exportable) counts.exportable += 1;
    counts.exports += copies.length;
  }

  function extend({ id: keyId, environment, owner, periodExtensions = [] }: Key): void {
    counts.extendedTotal += periodExtensions.length;
    for (const each of periodExtensions)
      if (extended.length < extendedMax) extended.push({ keyId, environment, owner, ...each });
  }

  function group({ environment, spec, usage, tier, origin }: Key): void {
    const name = JSON.stringify([environment, spec, usage]);
    const known = groups.get(name);
    groups.set(name, { environment, spec, usage, count: (known?.count ?? 0) + 1 });
    count(tiers, tier);
    count(origins, origin);
  }

  function judge({ key, sameMaterial }: KeyFacts): void {
    if (isBlank(key.owner)) samples.withoutOwner.add(key.id);
    if (isBlank(key.description)) samples.withoutDescription.add(key.id);
    const newest = currentVersion(key);
    const end = originatorEnd(newest);
    if (newest.state === 'active' && end !== null && end <= now) samples.overdue.add(key.id);
    const other = sameMaterial.find(({ environment }) => environment !== key.environment);
    if (other) {
      const there = `${other.keyId} of ${other.environment}`;
      samples.acrossEnvironments.add(`${key.id} of ${key.environment} has that of ${there}`);
    }
  }

  return {
    take,
    result: (): Census => ({
      ...counts,
      groups: [...groups.entries()].toSorted(([a], [b]) => order(a, b)).map(([, each]) => each),
      byState: states,
      byTier: tiers,
      byOrigin: origins,
      withoutOwner: samples.withoutOwner.sample(),
      withoutDescription: samples.withoutDescription.sample(),
      overdue: samples.overdue.sample(),
      acrossEnvironments: samples.acrossEnvironments.sample(),
      extended,
      listed,
    }),
  };
}

/** Counts as rows, ordered by name. */
export function rowsOf(counts: ReadonlyMap<string, number>): string[][] {
  return [...counts.entries()].toSorted(([a], [b]) => order(a, b)).map(([name, many]) => [name, `${many}`]);
}

/** The first few in words, and how many more there are. */
export function sampleText({ total, first }: Sample): string {
  const more = total - first.length;
  return `${first.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** What is the same of every key of a spec and usage. */
export function strengthOf(spec: KeySpec): { readonly bits: string; readonly quantum: string } {
  const { strengthBits, quantumCategory } = factsOf(spec);
  return {
    bits: `${strengthBits}`,
    quantum: quantumCategory === 0 ? 'broken by a quantum computer' : `category ${quantumCategory}`,
  };
}
