import { createHash } from 'node:crypto';
import { z } from 'zod';
import { noticeKinds, noticeSeverities, type Notice } from '#audit';
import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { page } from '../inputs.ts';
import { pageOf } from '../paging.ts';

const dayMillis = 86_400_000;
/** Notices of an environment that wait; the oldest gives way to the newest. */
const waitingMax = 1000;
const deliveredMillis = 7 * dayMillis;
const deadMillis = 30 * dayMillis;

const destinationName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
const problem = z.string().max(300);

const waitingShape = z.strictObject({
  notice: z.strictObject({
    id: z.string().max(256),
    at: z.int(),
    kind: z.enum(noticeKinds),
    severity: z.enum(noticeSeverities),
    title: z.string().max(300),
    text: z.string().max(4000),
    data: z.record(z.string(), z.unknown()),
  }),
  destination: destinationName,
  /** How often it was tried. */
  attempts: z.int(),
  /** It is not tried before. */
  nextAt: z.int(),
  /** Why the last try failed; null: there was none, or it did not. */
  problem: problem.nullable(),
});
type Waiting = z.infer<typeof waitingShape>;

const endedShape = waitingShape.extend({ outcome: z.enum(['delivered', 'dead']), endedAt: z.int() });
type Ended = z.infer<typeof endedShape>;

const waiting = defineCollection<Waiting>('notice', waitingShape);
const ended = defineCollection<Ended>('notice-ended', endedShape);

/** Ids are in the order of time, so that the oldest comes first. */
function idOf({ id, at }: Pick<Notice, 'id' | 'at'>, destination: string): string {
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 24);
  return `${String(at).padStart(15, '0')}-${digest}-${destination}`;
}

/** Kinds of notices that destinations are told of. */
export type NoticeTopic = 'alerts' | 'findings';

/** Which destinations there are for what. */
export type NoticeDestinations = { readonly of: (topic: NoticeTopic) => readonly string[] };

type NewNotice = Omit<Notice, 'environment'>;
export type Queued = { readonly changes: readonly Change[]; readonly dropped: number };

/**
 * The changes by which a notice waits for each destination, to be committed with what it tells of: then it is delivered at least once.
 * Nothing is queued twice under one id.
 */
export async function queueNotice(
  house: House,
  environment: string,
  topic: NoticeTopic,
  notice: NewNotice,
): Promise<Queued> {
  const changes: Change[] = [];
  const names = house.notices?.of(topic) ?? [];
  for (const destination of names) {
    const id = idOf(notice, destination);
    if (await house.store.documents.get({ environment, collection: waiting.name, id })) continue;
    const content = { notice, destination, attempts: 0, nextAt: notice.at, problem: null };
    changes.push(waiting.created(environment, id, content));
  }
  if (changes.length === 0) return { changes, dropped: 0 };
  const all = await waiting.list(house, environment, '', { after: null, limit: waitingMax + 1 });
  const surplus = all.slice(0, Math.max(0, all.length + changes.length - waitingMax));
  changes.push(...surplus.map((kept) => waiting.removed(kept)));
  return { changes, dropped: surplus.length };
}

/** A notice that waits to be sent. */
export type WaitingNotice = {
  readonly id: string;
  readonly destination: string;
  readonly attempts: number;
  readonly notice: Notice;
};

/** Those that are to be tried now, the oldest first. */
export async function dueNotices(house: House, environment: string): Promise<readonly WaitingNotice[]> {
  const now = house.clock.now();
  const all = await waiting.list(house, environment, '', { after: null, limit: waitingMax });
  return all
    .filter(({ content }) => content.nextAt <= now)
    .map(({ document, content }) => ({
      id: document.id,
      destination: content.destination,
      attempts: content.attempts,
      notice: { ...content.notice, environment },
    }));
}

const settleInput = z.strictObject({
  id: z.string().max(512),
  /** `again`: it failed, and is tried again at `nextAt`. */
  outcome: z.enum(['delivered', 'again', 'dead']),
  problem: problem.nullable(),
  nextAt: z.int().nullable(),
});
type SettleInput = z.infer<typeof settleInput>;

/** Takes down how a try to deliver a notice ended. Only the house asks for it. */
export const settleNotice = defineOperation<SettleInput, {}>({
  name: 'notices.settle',
  kind: 'manage',
  input: settleInput,
  targets: [],
  permission: 'notices:settle',
  run: async ({ house, caller, now }, { id, outcome, problem: why, nextAt }) => {
    const { environment } = caller.principal;
    const kept = await waiting.find(house, environment, id);
    if (!kept) throw new ClavigerError('conflict', `The notice ${id} does not wait any more.`);
    const attempts = kept.content.attempts + 1;
    const { destination } = kept.content;
    const facts = { notice: id, destination, outcome, attempts };
    const content = { ...kept.content, attempts, problem: why };
    if (outcome === 'again') {
      const changes = [waiting.replaced(kept, { ...content, nextAt: nextAt ?? now })];
      return { output: {}, changes, facts };
    }
    const expiresAt = now + (outcome === 'delivered' ? deliveredMillis : deadMillis);
    const done = await ended.put(
      house,
      { environment, id },
      { ...content, outcome, endedAt: now },
      { expiresAt },
    );
    return { output: {}, changes: [waiting.removed(kept), done], facts };
  },
});

const states = ['waiting', 'ended'] as const;
const listInput = z.strictObject({ state: z.enum(states), page });
type ListInput = z.infer<typeof listInput>;

/** A notice as it is listed. */
export type NoticeView = {
  readonly id: string;
  readonly destination: string;
  readonly kind: Notice['kind'];
  readonly severity: Notice['severity'];
  readonly at: number;
  readonly title: string;
  readonly state: 'waiting' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly nextAt: number | null;
  readonly problem: string | null;
};

function viewOf({ document, content }: Kept<Waiting> | Kept<Ended>): NoticeView {
  const { notice, destination, attempts, problem: why } = content;
  const { kind, severity, at, title } = notice;
  const isEnded = 'outcome' in content;
  return {
    id: document.id,
    destination,
    kind,
    severity,
    at,
    title,
    state: isEnded ? content.outcome : 'waiting',
    attempts,
    nextAt: isEnded ? null : content.nextAt,
    problem: why,
  };
}

/** The notices of the caller's environment that wait, or that were delivered or given up, oldest first. */
export const listNotices = defineOperation<
  ListInput,
  { readonly notices: readonly NoticeView[]; readonly next: string | null }
>({
  name: 'notices.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'notices:list',
  run: async ({ house, caller }, { state, page: wanted }) => {
    const { environment } = caller.principal;
    const { entries, next } = await pageOf<Kept<Waiting> | Kept<Ended>>(
      wanted,
      (asked) => (state === 'waiting' ? waiting : ended).list(house, environment, '', asked),
      ({ document }) => document.id,
    );
    return { output: { notices: entries.map(viewOf), next } };
  },
});
