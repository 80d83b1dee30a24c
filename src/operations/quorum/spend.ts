import { newId } from '#crypto';
import { commitRecorded } from '../commit.ts';
import type { House } from '../house.ts';
import type { Outcome } from '../operation.ts';
import { recordOf } from '../record.ts';
import { askQuorum, type Approved, type Pending } from './ask.ts';

/**
 * What a quorum approved, or null where none is asked. Of an operation that does what can't be taken back the approvals are used up here, in a
 * commit of their own; of all others in the commit of what they were for. Throws `approval-pending`.
 */
export async function requireApproved<I, O>(house: House, pending: Pending<I, O>): Promise<Approved | null> {
  const approved = await askQuorum(house, pending);
  const { operation, caller, keys, input } = pending;
  if (!approved || approved.isSpent || !operation.spendsFirst) return approved;
  if (operation.isDryRun?.(input)) return approved;
  const event = recordOf({
    operation: { name: 'approvals.spend' },
    caller: { ...caller, requestId: newId() },
    now: house.clock.now(),
    node: house.log.node,
    keys,
    outcome: 'success',
    reason: null,
    keyId: null,
    facts: approved.facts,
  });
  await commitRecorded(house, approved.changes, event);
  return { ...approved, changes: [], isSpent: true };
}

/** An outcome whose commit uses the approvals up, and whose record names them. */
export function withApproval<O>(outcome: Outcome<O>, { changes, facts }: Approved): Outcome<O> {
  return {
    ...outcome,
    changes: [...(outcome.changes ?? []), ...changes],
    facts: { ...outcome.facts, ...facts },
  };
}
