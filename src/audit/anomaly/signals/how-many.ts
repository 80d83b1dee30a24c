import type { SweepCount } from '../memory/sweep-count.ts';
import { isUse } from '../normal/usage-event.ts';
import { signal, signalTable, type Sighting, type Signal, type SignalName } from './signal.ts';

/** Signals that make what comes with them the act of a stranger. */
const strange: ReadonlySet<SignalName> = new Set(['new-network', 'new-operation', 'new-principal']);
const strangeFrom = 0.5;

/** By how much a count that only just passes weighs less than one of twice as much. */
const weightDoubling = 0.25;

type Measure = {
  readonly name: SignalName;
  readonly what: string;
  readonly period: number;
  readonly distinctMin: number;
};

function measure(
  sighting: Sighting,
  count: SweepCount,
  value: number,
  wanted: Measure,
  found: Signal[],
): void {
  const { settings, day, isLearning, principalIsNew, keyIsNew } = sighting;
  const distinct = count.add(value, wanted.period, day);
  // what a new key adds is what it will go on with
  if (keyIsNew && !isLearning) count.allow(day);
  if (isLearning || principalIsNew || distinct <= wanted.distinctMin) return;
  const peak = count.peakBefore(day);
  const ratio = distinct / Math.max(wanted.distinctMin, settings.distinctFactor * peak);
  if (ratio <= 1) return;
  const most = signalTable[wanted.name].weight;
  const weight = Math.min(most, most - weightDoubling + weightDoubling * Math.log2(ratio));
  const about = `${distinct} different ${wanted.what}; at most ${peak} in the 28 days before`;
  found.push(signal(wanted.name, about, { distinct, peak }, weight));
}

/** How many different contexts and keys a principal uses: what a sweep can't hide, however slow it is. */
export function howMany(sighting: Sighting, found: Signal[]): void {
  const { event, principal, settings, hour, day, spread } = sighting;
  const { distinctMin } = settings;
  if (event.keyId === null || !isUse(event.operation) || event.refusal === 'house') return;
  const isStrange = found.some(({ name, weight }) => strange.has(name) && weight >= strangeFrom);
  const key = spread(event.keyId);
  measure(
    sighting,
    principal.keysHourly,
    key,
    { name: 'many-keys', what: 'keys in an hour', period: hour, distinctMin },
    found,
  );
  let touched = key;
  if (event.contextDigest !== null) {
    const context = spread(event.contextDigest);
    touched = (key ^ context) >>> 0;
    const hourly = { name: 'many-contexts', what: 'contexts in an hour', period: hour, distinctMin } as const;
    const daily = {
      name: 'many-contexts-a-day',
      what: 'contexts in a day',
      period: day,
      distinctMin: 3 * distinctMin,
    } as const;
    measure(sighting, principal.contextsHourly, context, hourly, found);
    measure(sighting, principal.contextsDaily, context, daily, found);
  }
  if (isStrange) whileNew(sighting, touched, found);
}

function whileNew({ principal, settings, day }: Sighting, touched: number, found: Signal[]): void {
  const distinct = principal.touchedWhileNew.add(touched, day, day);
  if (distinct < settings.distinctMin) return;
  const about = `${distinct} different keys and contexts while something about the caller is new`;
  found.push(signal('sweep-while-new', about, { distinct }));
}
