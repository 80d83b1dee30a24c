import type { Destruction, DestructionCheck, DestructionProbe, DestructionStep } from './destruction.ts';
import { ClavigerError } from './errors.ts';
import type { Instant, Key } from './key.ts';

/** The closed table of steps: there is no way but these. */
const following: Readonly<Record<DestructionStep, readonly DestructionStep[]>> = Object.freeze({
  // a backup that is restored may hold what the ledger says was executed since
  scheduled: ['cancelled', 'begun', 'executed'],
  cancelled: [],
  begun: ['executed'],
  executed: ['verified'],
  verified: [],
});

function stepped(before: Destruction, step: DestructionStep, change: Partial<Destruction>): Destruction {
  if (!following[before.step].includes(step)) throw noWay(before, step);
  return { ...before, ...change, step, revision: before.revision + 1 };
}

function noWay({ keyId, step: from }: Destruction, to: DestructionStep): ClavigerError {
  return new ClavigerError(
    from === 'begun' ? 'key-destruction-scheduled' : 'key-state-forbids',
    `The destruction of key ${keyId} is ${from}: it can not become ${to}.`,
    { details: { from, to } },
  );
}

export type DestructionRequest = Pick<Destruction, 'id' | 'requestedBy' | 'reason'>;

/** The record of the destruction that a key has been scheduled for. */
export function newDestruction(
  { id: keyId, environment, destruction }: Pick<Key, 'id' | 'environment' | 'destruction'>,
  request: DestructionRequest,
): Destruction {
  if (!destruction) throw new ClavigerError('key-state-forbids', `Key ${keyId} waits for no destruction.`);
  return {
    ...request,
    keyId,
    environment,
    ...destruction,
    step: 'scheduled',
    execution: null,
    probes: [],
    checks: [],
    revision: 1,
  };
}

/** The destruction called off. Throws `key-destruction-scheduled` once it has begun. */
export function cancelled(before: Destruction): Destruction {
  return stepped(before, 'cancelled', {});
}

/** The destruction moved to a later day, while it can still be called off. */
export function postponed(before: Destruction, dueAt: Instant): Destruction {
  if (before.step !== 'scheduled') throw noWay(before, 'scheduled');
  return { ...before, dueAt: Math.max(dueAt, before.dueAt), revision: before.revision + 1 };
}

/** The destruction begun, with what is known of each version before its end. From here there is no way back. */
export function begun(before: Destruction, probes: readonly DestructionProbe[]): Destruction {
  return stepped(before, 'begun', { probes });
}

/** The destruction executed. */
export function executed(before: Destruction, execution: NonNullable<Destruction['execution']>): Destruction {
  return stepped(before, 'executed', { execution });
}

/**
 * The destruction with what a node saw, in the place of what the same node saw before; `verified` once every node that must look has
 * looked and nothing opened.
 */
export function checked(
  before: Destruction,
  checks: readonly DestructionCheck[],
  liveNodes: readonly string[],
): Destruction {
  const nodes = new Set(checks.map(({ node }) => node));
  // what a node saw that is gone since says nothing once another one has looked after it
  const isOver = ({ node, opens }: DestructionCheck) =>
    nodes.has(node) || (opens && checks.length > 0 && !liveNodes.includes(node));
  const all = [...before.checks.filter((check) => !isOver(check)), ...checks];
  if (isVerified({ ...before, checks: all }, liveNodes)) return stepped(before, 'verified', { checks: all });
  if (before.step !== 'executed') throw noWay(before, 'verified');
  return { ...before, checks: all, revision: before.revision + 1 };
}

/** Nodes that ran when the key was destroyed, still run, and have not looked yet. */
export function nodesAwaited(
  { execution, checks }: Pick<Destruction, 'execution' | 'checks'>,
  liveNodes: readonly string[],
): readonly string[] {
  const seen = new Set(checks.map(({ node }) => node));
  return (execution?.nodes ?? []).filter((node) => liveNodes.includes(node) && !seen.has(node));
}

/** Whether all who must look have looked (one at least), and nothing opened. */
export function isVerified(
  destruction: Pick<Destruction, 'execution' | 'checks'>,
  liveNodes: readonly string[],
): boolean {
  const { checks } = destruction;
  return (
    checks.length > 0 &&
    checks.every(({ opens }) => !opens) &&
    nodesAwaited(destruction, liveNodes).length === 0
  );
}

type Looking = { readonly node: string; readonly liveNodes: readonly string[]; readonly now: Instant };

/** Milliseconds after which a node looks again at what it saw to open. */
export const lookAgainMillis = 3_600_000;

/**
 * Whether a node has to look at an executed destruction: it ran when the key was destroyed and has not looked; it looked, and the key
 * opened; or none that has to look runs any more and nobody has looked.
 */
export function mustLook(destruction: Destruction, { node, liveNodes, now }: Looking): boolean {
  if (destruction.step !== 'executed') return false;
  const own = destruction.checks.filter((check) => check.node === node);
  const isStale = ({ opens, at }: DestructionCheck) => opens && (now >= at + lookAgainMillis || now < at);
  // also what a node saw that is gone since
  const gone = destruction.checks.filter((check) => !liveNodes.includes(check.node));
  if (gone.some(isStale)) return true;
  if (own.length > 0) return own.some(isStale);
  if (nodesAwaited(destruction, liveNodes).length > 0) return nodesAwaited(destruction, [node]).length > 0;
  return destruction.checks.length === 0;
}

/** Whether nothing is missing for the last step but somebody who takes it. */
export function canBeVerified(destruction: Destruction, liveNodes: readonly string[]): boolean {
  return destruction.step === 'executed' && isVerified(destruction, liveNodes);
}
