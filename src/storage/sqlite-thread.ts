import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { Row, Value } from './driver.ts';
import { commitAll, lockTimeoutMs, sqliteCode, sqliteWriter, type Writer } from './sqlite-connection.ts';

/** Something that the writer is to do: by name, or a statement by its number with its values. */
export type Step =
  | 'begin'
  | 'begin-lax'
  | 'commit'
  | 'rollback'
  | 'remove-traces'
  | Statement
  | WholeTransaction;
export type Statement = readonly [number, readonly Value[]];
/** A transaction from its begin to its commit: statements, each by its number with its values, and whether it must find a row. */
export type WholeTransaction = {
  readonly isLossBearable: boolean;
  readonly list: readonly (readonly [number, readonly Value[], boolean])[];
};

/** What the thread is told: it takes the steps one after the other. */
export type Batch = {
  /** Statements that no earlier batch knew; they are numbered from 0, in the order in which they come. */
  readonly texts: readonly string[];
  readonly steps: readonly Step[];
};

/** An error, as it crosses from thread to thread. */
export type Failure = { readonly message: string; readonly code: string; readonly errcode: number | null };

/**
 * What came of a step: rows of a statement, whether traces are gone, the index of the statement that undid a whole transaction, null
 * of what has no answer.
 */
export type Outcome = readonly Row[] | boolean | number | null | { readonly failure: Failure };

export type ThreadData = { readonly sqliteWriter: string };

function failureOf(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  return { message, code, errcode: sqliteCode(error) };
}

function takeWhole(
  writer: Writer,
  texts: readonly string[],
  { isLossBearable, list }: WholeTransaction,
): Outcome {
  writer.begin(isLossBearable);
  return commitAll(
    writer,
    list.map(([number, values, mustFind]) => ({ sql: texts[number] ?? '', values, mustFind })),
  );
}

function take(writer: Writer, texts: readonly string[], step: Step): Outcome {
  try {
    if (step === 'begin' || step === 'begin-lax') writer.begin(step === 'begin-lax');
    else if (step === 'commit') writer.commit();
    else if (step === 'rollback') writer.rollback();
    else if (step === 'remove-traces') return writer.removeTraces();
    else if ('list' in step) return takeWhole(writer, texts, step);
    else return writer.query(texts[step[0]] ?? '', step[1]);
    return null;
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function serve(file: string): void {
  // nobody else waits while this thread does
  const writer = sqliteWriter(file, lockTimeoutMs);
  const texts: string[] = [];
  parentPort?.on('message', (batch: Batch | 'close') => {
    if (batch === 'close') {
      writer.close();
      parentPort?.close();
      return;
    }
    texts.push(...batch.texts);
    parentPort?.postMessage(batch.steps.map((step) => take(writer, texts, step)));
  });
  parentPort?.postMessage('ready');
}

// the module does nothing unless it is the program of a thread of ours
if (!isMainThread && (workerData as ThreadData | null)?.sqliteWriter)
  serve((workerData as ThreadData).sqliteWriter);
