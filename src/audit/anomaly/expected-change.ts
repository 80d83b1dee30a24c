import type { OperationClass, UsageEvent } from './normal/usage-event.ts';
import type { SignalName } from './signals/signal.ts';

/** A change that someone announced and someone approved: what it brings is learnt and counted, and alarms nobody. */
export type ExpectedChange = {
  /** As in `UsageEvent`, or the family of several. */
  readonly principal: string;
  /** null: any key. */
  readonly keyId: string | null;
  /** Classes of operations that it is to do; null: those that use keys without taking them out. */
  readonly operations: readonly OperationClass[] | null;
  readonly from: number;
  readonly until: number;
  /** Where it was approved. */
  readonly ticket: string;
};

/** What no ticket excuses. */
const neverExpected: ReadonlySet<SignalName> = new Set([
  'canary',
  'environment-mismatch',
  'log-gap',
  'retired-version',
  'key-not-active',
  'wrong-purpose',
  'denials',
]);

/** What only a ticket that names the operation excuses. */
const expectedByName: ReadonlySet<OperationClass> = new Set([
  'export',
  'import',
  'destroy',
  'disable',
  'policy',
]);

export function isExcusable(name: SignalName): boolean {
  return !neverExpected.has(name);
}

function covers(change: ExpectedChange, event: UsageEvent, at: number): boolean {
  const { keyId, operations, from, until } = change;
  if (at < from || at >= until) return false;
  if (keyId !== null && keyId !== event.keyId) return false;
  return operations === null ? !expectedByName.has(event.operation) : operations.includes(event.operation);
}

const changesMax = 10_000;

/** The changes that are announced and not over, by principal. */
export class ExpectedChanges {
  readonly #byPrincipal = new Map<string, ExpectedChange[]>();
  #count = 0;

  /** At most 10,000 are kept: of the principal that announced first, all give way. */
  add(change: ExpectedChange, now: number): void {
    if (this.#count >= changesMax) this.#dropOver(now);
    if (this.#count >= changesMax) {
      for (const [first, changes] of this.#byPrincipal) {
        this.#byPrincipal.delete(first);
        this.#count -= changes.length;
        break;
      }
    }
    const known = this.#byPrincipal.get(change.principal) ?? [];
    this.#byPrincipal.set(change.principal, [...known, change]);
    this.#count += 1;
  }

  cover(event: UsageEvent, at: number): boolean {
    const named = (name: string) => this.#byPrincipal.get(name) ?? [];
    return (
      named(event.principal).some((change) => covers(change, event, at)) ||
      named(event.family).some((change) => covers(change, event, at))
    );
  }

  #dropOver(now: number): void {
    this.#count = 0;
    for (const [principal, changes] of this.#byPrincipal) {
      const left = changes.filter(({ until }) => until > now);
      if (left.length === 0) this.#byPrincipal.delete(principal);
      else this.#byPrincipal.set(principal, left);
      this.#count += left.length;
    }
  }
}
