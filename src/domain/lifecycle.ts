import { ClavigerError } from './errors.ts';
import { type Instant, type Key, type KeyVersion, type StateChange, type UsageCount } from './key.ts';
import { algorithmUsage, type AlgorithmName, type KeyUsage } from './algorithm.ts';
import { algorithmsFor } from './key-spec.ts';
import { type KeyState, type TransitionCause, isDestroyed, requireTransition } from './key-state.ts';

/** Protecting makes new ciphertext, signatures or codes; processing reads what was protected before. */
export type Act = 'protect' | 'process';

/** The version in another state, with one more entry in its history. Throws `transition-refused`. */
export function changeState(
  version: KeyVersion,
  to: KeyState,
  change: { at: Instant; cause: TransitionCause; occurredAt?: Instant },
): KeyVersion {
  requireTransition(version.state, to);
  // clocks of nodes differ, and go back: a history does not
  const at = Math.max(change.at, version.history.at(-1)?.at ?? change.at);
  const entry: StateChange = { state: to, ...change, at };
  return {
    ...version,
    state: to,
    history: [...version.history, entry],
    //= sp800-57p1r5 7.2: the crypto-period starts with the first activation
    activatedAt: to === 'active' ? (version.activatedAt ?? at) : version.activatedAt,
  };
}

/** When the version stops protecting by time; null before its activation. */
export function originatorEnd(version: KeyVersion): Instant | null {
  if (version.activatedAt === null) return null;
  return version.activatedAt + version.cryptoPeriod.originatorSeconds * 1000;
}

/** When the version stops processing by time; null: not by time, or before its activation. */
export function recipientEnd(version: KeyVersion): Instant | null {
  if (version.activatedAt === null || version.cryptoPeriod.recipientSeconds === null) return null;
  return version.activatedAt + version.cryptoPeriod.recipientSeconds * 1000;
}

/** Throws unless the key has this usage. */
export function requireUsage(key: Key, usage: KeyUsage): void {
  if (key.usage === usage || key.secondUsage === usage) return;
  throw new ClavigerError('purpose-forbids', `Key ${key.id} is for ${key.usage}, not for ${usage}.`, {
    details: { id: key.id, usage: key.usage, wanted: usage },
  });
}

/** Throws unless the key's spec offers the algorithm for this usage; null: none was named, and there is none to presume. */
export function requireAlgorithm(key: Key, usage: KeyUsage, algorithm: AlgorithmName | null): void {
  if (algorithm === null) {
    throw new ClavigerError(
      'algorithm-forbids',
      `A key of spec ${key.spec} needs an algorithm to be named.`,
      {
        details: { spec: key.spec },
      },
    );
  }
  if (algorithmUsage(algorithm) === usage && algorithmsFor(key.spec, usage).includes(algorithm)) return;
  throw new ClavigerError('algorithm-forbids', `A key of spec ${key.spec} does not offer ${algorithm}.`, {
    details: { spec: key.spec, algorithm },
  });
}

const protectStates: ReadonlySet<KeyState> = new Set<KeyState>(['active']);
//= sp800-57p1r5 7.3 and 7.5: active and deactivated keys may process what was protected before
const processStates: ReadonlySet<KeyState> = new Set<KeyState>(['active', 'deactivated']);

/**
 * Throws unless the version may do this now: by its state, and by the time axis of its crypto-period. The error names
 * the rule. Whether the *key* may be used is asked before.
 */
export function requireUsableVersion(key: Key, version: KeyVersion, act: Act, now: Instant): void {
  const allowed = act === 'protect' ? protectStates : processStates;
  const where = `Version ${version.number} of key ${key.id}`;
  if (!allowed.has(version.state)) {
    if (isDestroyed(version.state)) throw new ClavigerError('key-destroyed', `${where} is destroyed.`);
    throw new ClavigerError(
      'key-state-forbids',
      `${where} is ${version.state}: it may not ${act} (SP 800-57 part 1, section 7).`,
      { details: { state: version.state, act } },
    );
  }
  const floor = key.floors?.[act] ?? 0;
  if (version.number < floor) {
    throw new ClavigerError(
      'version-below-floor',
      `${where} is older than ${floor}, the oldest that may ${act} by the key's own setting.`,
      { details: { floor, act } },
    );
  }
  if (act === 'protect' && key.periodTerms?.stops) {
    throw new ClavigerError(
      'period-policy-stops',
      `The crypto-period policy of the environment lets keys of spec ${key.spec} protect nothing: use another key.`,
      { details: { spec: key.spec, act } },
    );
  }
  const end = act === 'protect' ? originatorEnd(version) : recipientEnd(version);
  if (end !== null && now >= end) {
    const period = act === 'protect' ? 'originator-usage' : 'recipient-usage';
    throw new ClavigerError(
      'crypto-period-over',
      `${where} reached the end of its ${period} period; rotate the key (SP 800-57 part 1, section 5.3).`,
      { details: { period, act } },
    );
  }
}

/**
 * Throws `usage-limit-reached` when so much protecting use is more than the usage axis of the crypto-period allows. `operationsMax`
 * may be narrower than the period's own, for an algorithm that has a bound of itself.
 */
export function requireUsageLeft(
  key: Key,
  version: KeyVersion,
  used: UsageCount,
  operationsMax = version.cryptoPeriod.operationsMax,
): void {
  const { bytesMax } = version.cryptoPeriod;
  if (
    (operationsMax !== null && used.operations > operationsMax) ||
    (bytesMax !== null && used.bytes > bytesMax)
  ) {
    throw new ClavigerError(
      'usage-limit-reached',
      `Version ${version.number} of key ${key.id} has protected as much as its crypto-period allows; rotate the key.`,
    );
  }
}

/** The version put in place of the one with the same number. */
export function replaceVersion(key: Key, version: KeyVersion): Key {
  return { ...key, versions: key.versions.map((old) => (old.number === version.number ? version : old)) };
}
