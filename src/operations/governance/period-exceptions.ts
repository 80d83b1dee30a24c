import type { PeriodExceptionFacts } from '#governance';
import { z } from 'zod';
import { newId } from '#crypto';
import {
  ClavigerError,
  currentVersion,
  extended,
  factsOf,
  heldTo,
  isDestroyed,
  originatorEnd,
  periodTaskDue,
  recipientEnd,
  versionOf,
  withoutExtension,
  type Instant,
  type Key,
  type KeyVersion,
} from '#domain';
import type { Change } from '#ports';
import { anyCondition, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { keyReference, page, textLine } from '../inputs.ts';
import { updateOf } from '../keys/change.ts';
import { periodPolicyOf } from './period-policy.ts';

const dayMillis = 86_400_000;
/** Milliseconds for which an exception may stand: whoever needs it longer asks again. */
const standsMillisMax = 366 * dayMillis;

const who = z.strictObject({ id: z.string(), name: z.string() });
const instant = z.int().min(0);
const acts = z.enum(['protect', 'process']);

const shape = z.strictObject({
  keyId: z.string(),
  version: z.int().min(1),
  act: acts,
  /** When the version stops instead. */
  newEnd: instant,
  /** When the exception itself ends, and the policy holds again. */
  expiresAt: instant,
  rationale: z.string(),
  status: z.enum(['requested', 'approved', 'revoked', 'ended']),
  requestedBy: who,
  requestedAt: instant,
  approvedBy: who.nullable(),
  approvedAt: instant.nullable(),
});
type Content = z.infer<typeof shape>;

const exceptions = defineCollection<Content>('period-exception', shape);

/** A longer crypto-period of one version: asked for, approved by somebody else, with an end of its own. */
export type PeriodException = Content & { readonly id: string };

const idOf = ({ document }: Kept<Content>): string => document.id.slice(document.id.indexOf('/') + 1);
const viewOf = (kept: Kept<Content>): PeriodException => ({ ...kept.content, id: idOf(kept) });

function refused(what: string, field: string): ClavigerError {
  return new ClavigerError('input-invalid', what, { details: { field } });
}

function endOf(version: KeyVersion, act: Content['act']): Instant | null {
  return act === 'protect' ? originatorEnd(version) : recipientEnd(version);
}

/** The latest end that the spec itself allows: no exception goes beyond. */
function boundOf(key: Key, { activatedAt }: KeyVersion, act: Content['act']): Instant {
  const { originatorSeconds, recipientSeconds } = factsOf(key.spec).cryptoPeriod;
  const seconds = act === 'protect' ? originatorSeconds : recipientSeconds;
  return activatedAt === null || seconds === null ? Infinity : activatedAt + seconds * 1000;
}

type Wanted = Pick<Content, 'act' | 'newEnd' | 'expiresAt'>;

/** Throws where the version can't be given the period. */
function requireExtendable(key: Key, version: KeyVersion, wish: Wanted, now: Instant): void {
  const end = endOf(version, wish.act);
  const isOpen = wish.act === 'protect' ? version.state === 'active' : !isDestroyed(version.state);
  if (!isOpen || end === null) {
    const why = isOpen ? 'has no such end' : `is ${version.state}`;
    throw new ClavigerError('key-state-forbids', `Version ${version.number} of key ${key.id} ${why}.`, {
      details: { state: version.state },
    });
  }
  if (wish.newEnd <= Math.max(end, now))
    throw refused('The new end must lie after the present one.', 'newEnd');
  const bound = boundOf(key, version, wish.act);
  if (wish.newEnd > bound) {
    throw refused(
      `The spec itself ends on ${new Date(bound).toISOString()}: no exception goes beyond.`,
      'newEnd',
    );
  }
  if (wish.expiresAt <= now || wish.expiresAt > now + standsMillisMax)
    throw refused('An exception ends within a year, and not in the past.', 'expiresAt');
}

const requestInput = z.strictObject({
  key: keyReference,
  /** Null: the newest. */
  version: z.int().min(1).nullable(),
  act: acts,
  newEnd: instant,
  expiresAt: instant,
  rationale: textLine.min(1),
});
type RequestInput = z.infer<typeof requestInput>;

/** Asks for a longer period of a version. Nothing changes before somebody else approves it. */
export const requestPeriodException = defineOperation<RequestInput, PeriodException>({
  name: 'governance.request-period-exception',
  kind: 'manage',
  input: requestInput,
  targets: [
    onKey<RequestInput>({
      permission: 'governance:request-period-exception',
      act: 'manage',
      conditions: usableOnly,
    }),
  ],
  run: ({ keys, caller, now }, { key: _key, ...wish }) => {
    const { key } = present(keys[0]);
    const version = wish.version === null ? currentVersion(key) : versionOf(key, wish.version);
    if (!version) throw new ClavigerError('key-not-found', `Key ${key.id} has no version ${wish.version}.`);
    requireExtendable(key, version, wish, now);
    const { id: principalId, name } = caller.principal;
    const content: Content = {
      ...wish,
      keyId: key.id,
      version: version.number,
      status: 'requested',
      requestedBy: { id: principalId, name },
      requestedAt: now,
      approvedBy: null,
      approvedAt: null,
    };
    const id = newId();
    return {
      output: { ...content, id },
      changes: [exceptions.created(key.environment, `${key.id}/${id}`, content)],
      facts: { exception: id, version: version.number, act: wish.act, newEnd: wish.newEnd },
    };
  },
});

async function found(house: House, key: Key, id: string): Promise<Kept<Content>> {
  const kept = await exceptions.find(house, key.environment, `${key.id}/${id}`);
  if (kept) return kept;
  throw refused(`There is no exception ${id} for key ${key.id}.`, 'id');
}

function requireStatus(kept: Kept<Content>, allowed: readonly Content['status'][]): void {
  const { status } = kept.content;
  if (allowed.includes(status)) return;
  throw new ClavigerError('key-state-forbids', `The exception is ${status} already.`, {
    details: { status },
  });
}

const oneInput = z.strictObject({ key: keyReference, id: z.string().min(1).max(64) });
type OneInput = z.infer<typeof oneInput>;

/** Lets the version go on until the new end. Whoever asked for it can't approve it. */
export const approvePeriodException = defineOperation<OneInput, PeriodException>({
  name: 'governance.approve-period-exception',
  kind: 'manage',
  input: oneInput,
  targets: [
    onKey<OneInput>({
      permission: 'governance:approve-period-exception',
      act: 'manage',
      conditions: usableOnly,
    }),
  ],
  quorum: 'period-exception',
  run: async ({ house, keys, caller, now }, { id }) => {
    const { key } = present(keys[0]);
    const kept = await found(house, key, id);
    requireStatus(kept, ['requested']);
    const { content } = kept;
    if (content.requestedBy.id === caller.principal.id) {
      throw new ClavigerError('access-denied', 'Whoever asked for an exception can not approve it.');
    }
    const version = versionOf(key, content.version);
    if (!version)
      throw new ClavigerError('key-not-found', `Key ${key.id} has no version ${content.version}.`);
    requireExtendable(key, version, content, now);
    const { act, newEnd, expiresAt } = content;
    const other = key.periodExtensions?.find((each) => each.version === version.number && each.act === act);
    if (other) {
      throw new ClavigerError('key-state-forbids', `The exception ${other.id} stands: revoke it before.`, {
        details: { exception: other.id },
      });
    }
    const seconds = Math.floor((newEnd - (version.activatedAt ?? now)) / 1000);
    const after = extended(key, { id, version: version.number, act, until: expiresAt }, seconds);
    const { id: principalId, name } = caller.principal;
    const approved: Content = {
      ...content,
      status: 'approved',
      approvedBy: { id: principalId, name },
      approvedAt: now,
    };
    return {
      output: { ...approved, id },
      changes: [updateOf(key, after), exceptions.replaced(kept, approved)],
      facts: { exception: id, version: version.number, act, newEnd, until: expiresAt },
    };
  },
});

/** The documents of exceptions that are over, and the key without them, as the policy wants it. */
async function ended(
  house: House,
  key: Key,
  isOver: (extension: { readonly id: string; readonly until: Instant }) => boolean,
  status: 'revoked' | 'ended',
): Promise<{ after: Key; changes: Change[]; ids: string[] }> {
  const over = (key.periodExtensions ?? []).filter(isOver);
  const kept = await Promise.all(over.map(({ id }) => found(house, key, id)));
  const after = heldTo(await periodPolicyOf(house, key.environment), withoutExtension(key, isOver));
  return {
    after,
    changes: [
      updateOf(key, after),
      ...kept.map((each) => exceptions.replaced(each, { ...each.content, status })),
    ],
    ids: over.map(({ id }) => id),
  };
}

/** Takes an exception back: the policy holds at once. */
export const revokePeriodException = defineOperation<OneInput, PeriodException>({
  name: 'governance.revoke-period-exception',
  kind: 'manage',
  input: oneInput,
  targets: [
    onKey<OneInput>({
      permission: 'governance:revoke-period-exception',
      act: 'manage',
      conditions: anyCondition,
    }),
  ],
  run: async ({ house, keys }, { id }) => {
    const { key } = present(keys[0]);
    const kept = await found(house, key, id);
    requireStatus(kept, ['requested', 'approved']);
    const output: PeriodException = { ...kept.content, status: 'revoked', id };
    const facts = { exception: id, version: kept.content.version };
    const isInForce = (key.periodExtensions ?? []).some((each) => each.id === id);
    if (!isInForce) {
      const revoked: Content = { ...kept.content, status: 'revoked' };
      return { output, changes: [exceptions.replaced(kept, revoked)], facts };
    }
    const { changes } = await ended(house, key, (each) => each.id === id, 'revoked');
    return { output, changes, facts };
  },
});

const keyOnly = z.strictObject({ key: keyReference });
type KeyOnly = z.infer<typeof keyOnly>;

/** Ends the exceptions of a key whose own end has come: the policy holds again. Only the house asks for it. */
export const endPeriodExceptions = defineOperation<KeyOnly, Key>({
  name: 'governance.end-period-exceptions',
  kind: 'manage',
  input: keyOnly,
  targets: [
    onKey<KeyOnly>({
      permission: 'governance:end-period-exceptions',
      act: 'manage',
      conditions: anyCondition,
    }),
  ],
  run: async ({ house, keys, now }) => {
    const { key } = present(keys[0]);
    const due = periodTaskDue(key, 'end-extension');
    if (due === null || now < due) return { output: key };
    const { after, changes, ids } = await ended(house, key, ({ until }) => until <= now, 'ended');
    return { output: after, changes, facts: { exceptions: ids.join(' ') } };
  },
});

const listInput = z.strictObject({ page });
type ListInput = z.infer<typeof listInput>;
export type ListedPeriodExceptions = {
  readonly exceptions: readonly PeriodException[];
  readonly next: string | null;
};

/** All exceptions of the environment, by key, those that are over too. */
export const listPeriodExceptions = defineOperation<ListInput, ListedPeriodExceptions>({
  name: 'governance.list-period-exceptions',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'governance:list-period-exceptions',
  run: async ({ house, caller }, { page: wanted }) => {
    const { environment } = caller.principal;
    const kept = await exceptions.list(house, environment, '', wanted);
    const next = kept.length < wanted.limit ? null : (kept.at(-1)?.document.id ?? null);
    return { output: { exceptions: kept.map(viewOf), next } };
  },
});

/** The exceptions of an environment that are in force, for a population. */
export async function periodExceptionsOf(
  house: House,
  environment: string,
): Promise<readonly PeriodExceptionFacts[]> {
  const found: PeriodExceptionFacts[] = [];
  for (let after: string | null = null; ; ) {
    const entries = await exceptions.list(house, environment, '', { after, limit: 500 });
    for (const kept of entries) {
      const { keyId, rationale, status, expiresAt } = kept.content;
      if (status !== 'approved') continue;
      const owner = (await house.store.key(keyId))?.key.owner ?? '-';
      found.push({ id: idOf(kept), environment, keyId, owner, rationale, until: expiresAt });
    }
    const last = entries.at(-1);
    if (!last) return found;
    after = last.document.id;
  }
}
