import cluster, { type Worker } from 'node:cluster';

const variable = 'CLAVIGER_WORKER_NUMBER';
const restartMillis = 1000;
/** A worker that fails to start so many times in a row ends everything: trying for ever may do harm. */
const failedStartsMax = 5;
/** Longer than a worker takes to finish what it accepted. */
const stopMillisMax = 12_000;

/** Which worker this process is, from 1; 0 for a process that is none. */
export function workerNumber(): number {
  return cluster.isWorker ? Number(process.env[variable] ?? 1) : 0;
}

/**
 * Runs so many processes that share the port and the store; a process is a node. One that ends is replaced, unless nothing
 * ever served: then its failure is that of the whole. Resolves with the exit code.
 */
export async function runWorkers(count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const alive = new Set<Worker>();
  let hasServed = false;
  let exitCode: number | null = null;

  function stop(code: number): void {
    exitCode ??= code;
    for (const worker of alive) worker.process.kill('SIGTERM');
    if (alive.size === 0) resolve(exitCode);
    setTimeout(() => {
      for (const worker of alive) worker.process.kill('SIGKILL');
    }, stopMillisMax).unref();
  }

  function replace(number: number, how: string, failedStarts: number): void {
    process.stderr.write(`claviger: worker ${number} ended with ${how}; it is started again\n`);
    setTimeout(() => start(number, failedStarts), restartMillis * 2 ** failedStarts);
  }

  function start(number: number, failedStarts = 0): void {
    if (exitCode !== null) return;
    const worker = cluster.fork({ [variable]: String(number) });
    alive.add(worker);
    let serves = false;
    worker.once('listening', () => {
      serves = true;
      if (hasServed) return;
      // the first initialises the home before the others look at it
      hasServed = true;
      for (let other = 2; other <= count; other += 1) start(other);
    });
    worker.once('exit', (code: number | null, signal: string | null) => {
      alive.delete(worker);
      const failures = serves ? 0 : failedStarts + 1;
      if (exitCode !== null) {
        if (alive.size === 0) resolve(exitCode);
      } else if (!hasServed || failures >= failedStartsMax) {
        stop(code || 1);
      } else {
        replace(number, signal ?? String(code), failures);
      }
    });
  }

  start(1);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(0));
  return promise;
}
