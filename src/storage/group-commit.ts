import { setTimeout as sleep } from 'node:timers/promises';
import { ClavigerError, hasCode } from '#domain';
import { type Driver, GaveWayError, type Session, type TransactionOptions, unavailable } from './driver.ts';
import { type CheckedStatement, runList, withoutLook } from './statement-list.ts';

/** Work for the writer, which may be run more than once: only what it did last stands. */
export type Work<Notes> = {
  /** Names of what it writes without regard to others; two works that share one are never in one group. */
  readonly touches: readonly string[];
  readonly run: (session: Session) => Promise<unknown>;
  /** The statements that `run` runs, where these are all and nobody asks for their answers. */
  readonly list: readonly CheckedStatement[] | null;
  /** What the group must write at its end for this work. */
  readonly notes: Notes | null;
  /**
   * Works of a group run in this order: nodes that lock the same rows do it in the same order, and don't
   * deadlock.
   */
  readonly order: string;
  /** Nobody is told that it is durable: where all of a group are so, the disk is not waited for. */
  readonly isLossBearable: boolean;
};

/** What happens around the works of a group. */
export type GroupRules<Notes> = {
  /** What is written, inside the transaction, for the notes of works that stand together. */
  noteStatements(notes: readonly Notes[]): readonly CheckedStatement[];
  /** Runs after the commit. */
  afterwards(notes: readonly Notes[]): Promise<void>;
};

/** Runs works of the one writer in groups that share a transaction. */
export type GroupCommit<Notes> = {
  /**
   * Resolves after the work is durable, or at least committed where its loss is bearable. Rejects with the work's own error, alone,
   * or with `store-unavailable`.
   */
  run<T>(
    touches: readonly string[],
    work: (session: Session) => Promise<T>,
    how?: { readonly order?: string; readonly isLossBearable?: boolean },
  ): Promise<T>;
  /** The same for a list of statements, with what is to be noted for it. */
  write(touches: readonly string[], list: readonly CheckedStatement[], notes: Notes | null): Promise<void>;
  /** Lets what was accepted finish, and refuses what comes later. */
  close(): Promise<void>;
};

type Waiting<Notes> = Work<Notes> & { settle(outcome: Outcome): void };
type Outcome = { readonly value: unknown } | { readonly error: unknown };

const groupSizeMax = 256;
/** So many are not kept waiting for more: the engine is at work while the process goes on with the others. */
const enough = 32;
const attemptsMax = 6;

/** Whether an error ends the whole group: the engine did not answer, or asked to try again. */
function endsGroup(error: unknown): boolean {
  return error instanceof GaveWayError || hasCode(error, 'store-unavailable');
}

export function groupCommit<Notes>(driver: Driver, rules: GroupRules<Notes>): GroupCommit<Notes> {
  const queue: Waiting<Notes>[] = [];
  let running: Promise<void> | null = null;
  /** The group whose commit may still be under way. */
  let committing: Promise<void> = Promise.resolve();
  let onEnough: () => void = () => {};
  let closed = false;

  /** The longest head of the queue whose works have nothing in common. */
  function nextGroup(): Waiting<Notes>[] {
    const touched = new Set<string>();
    let size = 0;
    for (const waiting of queue) {
      if (size === groupSizeMax || waiting.touches.some((entity) => touched.has(entity))) break;
      for (const entity of waiting.touches) touched.add(entity);
      size += 1;
    }
    return queue.splice(0, size).sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  }

  /** Resolves with the end of this turn of the event loop, whose works go together; earlier where there are enough for a commit. */
  function gathered(): Promise<void> {
    if (queue.length >= enough) return Promise.resolve();
    return new Promise((resolve) => {
      onEnough = resolve;
      setImmediate(resolve);
    });
  }

  async function drain(): Promise<void> {
    do {
      await gathered();
      await runGroup(nextGroup());
    } while (queue.length > 0);
  }

  /** Resolves when the next group may begin: at most one waits for the disk while another one is at work. */
  async function runGroup(group: readonly Waiting<Notes>[]): Promise<void> {
    const { promise: nextMayBegin, resolve: onCommitting } = Promise.withResolvers<void>();
    const settled = commitGroup(driver, rules, { works: group, onCommitting }).then((outcomes) => {
      for (const [index, waiting] of group.entries()) waiting.settle(outcomes[index] as Outcome);
    });
    await Promise.race([nextMayBegin, settled]);
    await committing;
    committing = settled;
  }

  function start(): void {
    running ??= drain().finally(() => {
      running = null;
      if (queue.length > 0) start();
    });
  }

  function enqueue(work: Work<Notes>): Promise<unknown> {
    if (closed) return Promise.reject(unavailable(new Error('the store is closed')));
    return new Promise((resolve, reject) => {
      queue.push({
        ...work,
        settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)),
      });
      start();
      if (queue.length >= enough) onEnough();
    });
  }

  return {
    run: <T>(
      touches: readonly string[],
      run: (session: Session) => Promise<T>,
      { order = '', isLossBearable = false } = {},
    ) => enqueue({ touches, run, list: null, notes: null, order, isLossBearable }) as Promise<T>,
    async write(touches, list, notes) {
      const run = (session: Session) => runList(session, list);
      await enqueue({ touches, run, list, notes, order: '', isLossBearable: false });
    },
    async close() {
      closed = true;
      while (running) await running;
      await committing;
    },
  };
}

type Group<Notes> = { readonly works: readonly Work<Notes>[]; readonly onCommitting: () => void };

async function commitGroup<Notes>(
  driver: Driver,
  rules: GroupRules<Notes>,
  { works: group, onCommitting }: Group<Notes>,
): Promise<Outcome[]> {
  let together = true;
  const how = { isLossBearable: group.every((work) => work.isLossBearable), onCommitting };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const run = together ? runTogether : runApart;
      const { outcomes, notes } =
        (together && (await commitListed({ driver, how }, rules, group))) ||
        (await driver.transaction(
          (session) => run({ session, pipelines: driver.pipelines }, rules, group),
          how,
        ));
      await rules.afterwards(notes);
      return outcomes;
    } catch (error) {
      if (error instanceof GaveWayError && attempt < attemptsMax) {
        await sleep(5 * 2 ** attempt);
      } else if (endsGroup(error) || group.length === 1 || !together) {
        const failure =
          error instanceof GaveWayError
            ? new ClavigerError('conflict', 'Another change of the same data was faster.', { cause: error })
            : error;
        return group.map(() => ({ error: failure }));
      } else {
        together = false;
      }
    }
  }
}

type Lane = { readonly session: Session; readonly pipelines: boolean };
type Done<Notes> = { readonly outcomes: Outcome[]; readonly notes: readonly Notes[] };

function notesOf<Notes>(works: readonly Work<Notes>[]): Notes[] {
  return works.flatMap(({ notes }) => (notes === null ? [] : [notes]));
}

function holding(session: Session): Session {
  return { query: (sql, params) => session.query(sql, params), held: new Map() };
}

/** All works or none, without a journey back before the commit; null: that can't be. */
async function commitListed<Notes>(
  { driver, how }: { readonly driver: Driver; readonly how: TransactionOptions },
  rules: GroupRules<Notes>,
  group: readonly Work<Notes>[],
): Promise<Done<Notes> | null> {
  if (!driver.commitList) return null;
  const lists: (readonly CheckedStatement[])[] = [];
  for (const { list } of group) {
    if (list === null) return null;
    lists.push(list);
  }
  const notes = notesOf(group);
  const all = withoutLook([...lists, rules.noteStatements(notes)]);
  if (!all) return null;
  const refusedAt = await driver.commitList(
    all.map(({ sql, values, refuse }) => ({ sql, values, mustFind: refuse !== undefined })),
    how,
  );
  if (refusedAt !== null) throw all[refusedAt]?.refuse?.();
  return { outcomes: group.map(() => ({ value: undefined })), notes };
}

/** All works or none: the fast way, which is left when one of them fails. */
async function runTogether<Notes>(
  lane: Lane,
  rules: GroupRules<Notes>,
  group: readonly Work<Notes>[],
): Promise<Done<Notes>> {
  const { pipelines } = lane;
  // what a savepoint undoes is held no more: works apart keep nothing
  const session = group.length === 1 ? lane.session : holding(lane.session);
  const notes = notesOf(group);
  if (!pipelines) {
    const outcomes: Outcome[] = [];
    for (const work of group) outcomes.push({ value: await work.run(session) });
    await runList(session, rules.noteStatements(notes));
    return { outcomes, notes };
  }
  const running = group.map((work) => work.run(session));
  // sent behind the works, without a journey of its own
  const written = runList(session, rules.noteStatements(notes));
  const results = await Promise.allSettled([...running, written]);
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (reasons.length > 0) throw reasons.find(endsGroup) ?? reasons[0];
  const outcomes = results
    .slice(0, group.length)
    .flatMap((result) => (result.status === 'fulfilled' ? [{ value: result.value as unknown }] : []));
  return { outcomes, notes };
}

/** Each work by itself, in a savepoint: those that fail are undone alone. */
async function runApart<Notes>(
  lane: Lane,
  rules: GroupRules<Notes>,
  group: readonly Work<Notes>[],
): Promise<Done<Notes>> {
  const { session } = lane;
  const outcomes: Outcome[] = [];
  const standing: Notes[] = [];
  // the frame of a work is sent with what stands beside it; its answers are looked at before the commit
  const frame: Promise<unknown>[] = [];
  const send = (sql: string): void => {
    const sent = session.query(sql);
    sent.catch(() => {});
    frame.push(sent);
  };
  for (const work of group) {
    send('SAVEPOINT one_work');
    try {
      const done = await runTogether(lane, rules, [work]);
      send('RELEASE SAVEPOINT one_work');
      standing.push(...done.notes);
      outcomes.push(...done.outcomes);
    } catch (error) {
      if (endsGroup(error)) throw error;
      send('ROLLBACK TO SAVEPOINT one_work');
      send('RELEASE SAVEPOINT one_work');
      outcomes.push({ error });
    }
  }
  await Promise.all(frame);
  return { outcomes, notes: standing };
}
