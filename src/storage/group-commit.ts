import { ClavigerError } from '#domain';
import type { Driver, Query } from './driver.ts';

type Job = {
  readonly work: (query: Query) => Promise<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
};

/** Runs writes of all callers that wait in one transaction, each behind a savepoint of its own. */
export interface GroupCommit {
  /** Resolves after the write is durable; a write that rejects is undone alone. */
  run<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

const jobsAtOnce = 256;

export function createGroupCommit(driver: Driver): GroupCommit {
  let waiting: Job[] = [];
  let draining = false;

  async function perform(query: Query, job: Job): Promise<() => void> {
    await query('SAVEPOINT one_job');
    try {
      const value = await job.work(query);
      await query('RELEASE SAVEPOINT one_job');
      return () => job.resolve(value as never);
    } catch (error) {
      // only what the work itself refused is undone alone; a broken store fails the whole transaction
      if (!(error instanceof ClavigerError) || error.code === 'store-unavailable') throw error;
      await query('ROLLBACK TO SAVEPOINT one_job');
      await query('RELEASE SAVEPOINT one_job');
      return () => job.reject(error);
    }
  }

  async function commitBatch(batch: readonly Job[]): Promise<void> {
    try {
      const answers = await driver.transaction(async (query) => {
        const done: (() => void)[] = [];
        for (const job of batch) done.push(await perform(query, job));
        return done;
      });
      for (const answer of answers) answer();
    } catch (error) {
      for (const job of batch) job.reject(error);
    }
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, jobsAtOnce);
      waiting = waiting.slice(batch.length);
      await commitBatch(batch);
    }
    // in the same turn as the last look at what waits: nothing can slip in between
    draining = false;
  }

  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, resolve, reject });
        // what else arrives in this turn of the event loop joins the first transaction
        if (draining) return;
        draining = true;
        setImmediate(() => void drain());
      }),
    idle: async () => {
      while (draining) await new Promise((next) => setImmediate(next));
    },
  };
}
