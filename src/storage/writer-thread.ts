import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ListedStatement, type Row, unavailable, type Value } from './driver.ts';
import type { Batch, Failure, Outcome, Step, ThreadData } from './sqlite-thread.ts';

/** The writer of a SQLite file in a thread of its own. Steps are taken in the order in which they are asked for. */
export type WriterThread = {
  /** Resolves when it can be used; rejects when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it is over, and everything that it held is free. */
  readonly ended: Promise<void>;
  /** Rejects with SQLite's error, or with `store-unavailable` when the thread ends: what it did is not known then. */
  take(step: Extract<Step, string>): Promise<boolean>;
  query(sql: string, params: readonly Value[]): Promise<readonly Row[]>;
  /** A whole transaction; the index of the statement that undid it, or null. */
  commitList(list: readonly ListedStatement[], isLossBearable: boolean): Promise<number | null>;
  /** Ends it after the steps that it was asked for. */
  close(): Promise<void>;
  /** Ends it where it stands. */
  kill(): Promise<void>;
};

type Waiting = { readonly resolve: (outcome: Outcome) => void; readonly reject: (error: unknown) => void };

function programUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./sqlite-thread.${extension}`, import.meta.url);
}

/** What the thread gets of the environment, which holds secrets: where to find its modules compiled, as this thread does. */
function environment(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(folder) };
}

function errorOf({ message, code, errcode }: Failure): Error {
  return Object.assign(new Error(message), { code }, errcode === null ? {} : { errcode });
}

/** A message copies the whole memory under a view, and is made later than the view is given. */
function copied(value: Value): Value {
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
}

/** Starts the thread; it keeps the process running only while something waits for it. */
export function startWriterThread(file: string): WriterThread {
  const data: ThreadData = { sqliteWriter: file };
  const worker = new Worker(programUrl(), { workerData: data, env: environment(), name: 'sqlite-writer' });
  const numbers = new Map<string, number>();
  const waiting: Waiting[] = [];
  let texts: string[] = [];
  let steps: Step[] = [];
  let failure: unknown = null;
  const { promise: ready, resolve: nowReady, reject: neverReady } = Promise.withResolvers<void>();
  const { promise: ended, resolve: nowEnded } = Promise.withResolvers<void>();
  ready.catch(() => {});
  worker.unref();

  worker.on('message', (answer: 'ready' | readonly Outcome[]) => {
    if (answer === 'ready') {
      nowReady();
      return;
    }
    const asked = waiting.splice(0, answer.length);
    if (waiting.length === 0) worker.unref();
    for (const [index, { resolve, reject }] of asked.entries()) {
      const outcome = answer[index] ?? null;
      if (typeof outcome === 'object' && outcome !== null && 'failure' in outcome)
        reject(errorOf(outcome.failure));
      else resolve(outcome);
    }
  });
  worker.on('error', (error) => {
    failure ??= unavailable(error);
  });
  // only now the locks of its connection are free
  worker.on('exit', () => {
    failure ??= unavailable(new Error('the thread of the writer ended'));
    neverReady(failure);
    for (const { reject } of waiting.splice(0)) reject(failure);
    nowEnded();
  });

  function send(): void {
    if (failure !== null || steps.length === 0) return;
    const batch: Batch = { texts, steps };
    texts = [];
    steps = [];
    worker.postMessage(batch);
  }

  function ask(step: Step): Promise<Outcome> {
    if (failure !== null) return Promise.reject(failure);
    if (waiting.length === 0) worker.ref();
    steps.push(step);
    // everything that this turn of the event loop asks for, and what follows from it at once, goes together
    if (steps.length === 1) queueMicrotask(() => process.nextTick(send));
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  function numberOf(sql: string): number {
    let number = numbers.get(sql);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(sql, number);
      texts.push(sql);
    }
    return number;
  }

  return {
    ready,
    ended,
    take: async (step) => (await ask(step)) === true,
    query: async (sql, params) => (await ask([numberOf(sql), params.map(copied)])) as readonly Row[],
    async commitList(list, isLossBearable) {
      const numbered = list.map(
        ({ sql, values, mustFind }) => [numberOf(sql), values.map(copied), mustFind] as const,
      );
      return (await ask({ isLossBearable, list: numbered })) as number | null;
    },
    async close() {
      send();
      worker.ref();
      worker.postMessage('close');
      await ended;
    },
    async kill() {
      await worker.terminate();
      await ended;
    },
  };
}
