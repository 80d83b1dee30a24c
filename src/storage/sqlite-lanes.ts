import { setTimeout as sleep } from 'node:timers/promises';
import type { ListedStatement, Row, Value } from './driver.ts';
import { commitAll, isBusy, lockTimeoutMs, type Writer } from './sqlite-connection.ts';
import type { WriterThread } from './writer-thread.ts';

/** Where the writer runs. What rejects rejects with SQLite's error; a thread that ends with `store-unavailable`. */
export type Lane = {
  /** Statements may be asked for when it resolves; where it could not begin, they and the commit reject. */
  begin(isLossBearable: boolean): Promise<void>;
  query(sql: string, params: readonly Value[]): Promise<readonly Row[]>;
  /** The next transaction may begin at once; one whose commit rejects is undone. */
  commit(): Promise<void>;
  /** A whole transaction: the index of the statement that undid it, or null. Where it is sent away, the next one may begin at once. */
  commitList(
    list: readonly ListedStatement[],
    how: { readonly isLossBearable: boolean; readonly onSent: () => void },
  ): Promise<number | null>;
  /** Never rejects. */
  rollback(): Promise<void>;
  removeTraces(): Promise<boolean>;
};

/** `contended`: in a thread as soon as it would hold the event loop too long otherwise. */
export type LaneChoice = 'contended' | 'thread' | 'event-loop';

/** Waits, without holding the process, while other processes hold the lock that the step needs. */
export async function whenFree<T>(step: () => T): Promise<T> {
  const end = performance.now() + lockTimeoutMs;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return step();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= end) throw error;
      await sleep(pause);
    }
  }
}

/** The lane on the event loop; tells of each transaction how many milliseconds it has held it. */
export function loopLane(writer: Writer, held: (millis: number) => void): Lane {
  let begunAt = 0;
  return {
    async begin(isLossBearable) {
      await whenFree(() => writer.begin(isLossBearable));
      begunAt = performance.now();
    },
    query: async (sql, params) => writer.query(sql, params),
    async commit() {
      writer.commit();
      held(performance.now() - begunAt);
    },
    async commitList(list, { isLossBearable }) {
      await whenFree(() => writer.begin(isLossBearable));
      const from = performance.now();
      const refusedAt = commitAll(writer, list);
      held(performance.now() - from);
      return refusedAt;
    },
    rollback: async () => writer.rollback(),
    removeTraces: () => whenFree(() => writer.removeTraces()),
  };
}

/** The lane in a thread; a transaction begins with the message of its first statements. */
export function threadLane(thread: WriterThread): Lane {
  let begun: Promise<boolean> = Promise.resolve(true);
  return {
    async begin(isLossBearable) {
      begun = thread.take(isLossBearable ? 'begin-lax' : 'begin');
      // the commit tells it
      begun.catch(() => {});
    },
    query: (sql, params) => thread.query(sql, params),
    async commit() {
      const committed = thread.take('commit');
      await Promise.all([begun, committed]);
    },
    commitList(list, { isLossBearable, onSent }) {
      const committing = thread.commitList(list, isLossBearable);
      onSent();
      return committing;
    },
    rollback: async () => void (await thread.take('rollback').catch(() => false)),
    removeTraces: () => thread.take('remove-traces'),
  };
}

const windowMs = 1_000;
/** Milliseconds of a second for which the event loop may be held. */
const heldMsMax = 20;

/**
 * Notes for how long the event loop was held; true: too long, in two seconds one after the other. A start, or a command that is soon
 * over, is no reason for a thread.
 */
export function contention(now: () => number = () => performance.now()): (millis: number) => boolean {
  let start = now();
  let total = 0;
  let wasTooLong = false;
  return (millis) => {
    const past = now() - start;
    if (past >= windowMs) {
      wasTooLong = past < 2 * windowMs && total > heldMsMax;
      start += past;
      total = 0;
    }
    total += millis;
    return wasTooLong && total > heldMsMax;
  };
}

/** Milliseconds after the end of a thread that nobody wanted to end, until another one may be started. */
const pauseMs = 30_000;

/** The lanes of one file, and which is in force. */
export type Lanes = {
  /** To be asked between two transactions. */
  current(): Promise<Lane>;
  close(): Promise<void>;
};

/** Waits for the start of a thread, which itself keeps no process running. */
async function started(thread: WriterThread): Promise<void> {
  const awake = setInterval(() => {}, windowMs);
  await thread.ready.catch(() => {});
  clearInterval(awake);
}

export function writerLanes(writer: Writer, choice: LaneChoice, start: () => WriterThread): Lanes {
  const isTooLong = contention();
  let thread: WriterThread | null = null;
  let inThread: Lane | null = null;
  let notBefore = 0;

  function startThread(): void {
    if (thread !== null || performance.now() < notBefore) return;
    const mine = start();
    thread = mine;
    mine.ready.then(
      () => {
        if (thread === mine) inThread = threadLane(mine);
      },
      () => {},
    );
    void mine.ended.then(() => {
      if (thread !== mine) return;
      [thread, inThread] = [null, null];
      notBefore = performance.now() + pauseMs;
    });
  }

  const onLoop = loopLane(writer, (millis) => {
    if (isTooLong(millis) && choice === 'contended') startThread();
  });

  return {
    async current() {
      if (choice === 'thread' && thread === null) startThread();
      if (choice === 'thread' && thread !== null) await started(thread);
      if (inThread === null) return onLoop;
      writer.close();
      return inThread;
    },
    async close() {
      writer.close();
      const ending = thread;
      const isReady = inThread !== null;
      [thread, inThread] = [null, null];
      await (isReady ? ending?.close() : ending?.kill());
    },
  };
}
