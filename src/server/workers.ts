import cluster from 'node:cluster';

const variable = 'CLAVIGER_WORKER_NUMBER';
const restartMillis = 1000;

/** Which worker this process is, from 1; 0 for a process that is none. */
export function workerNumber(): number {
  return cluster.isWorker ? Number(process.env[variable] ?? 1) : 0;
}

/** Runs so many processes that share the port and the store; a process is a node. One that ends is replaced. */
export async function runWorkers(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let stopping = false;
  let alive = 0;

  function start(number: number): void {
    alive += 1;
    const worker = cluster.fork({ [variable]: String(number) });
    worker.once('exit', (code) => {
      alive -= 1;
      if (stopping) {
        if (alive === 0) resolve();
      } else if (code === 0 || number === 0) {
        resolve();
      } else {
        process.stderr.write(`claviger: worker ${number} ended with ${code}; it is started again\n`);
        setTimeout(() => start(number), restartMillis);
      }
    });
  }

  // the first initialises the home before the others look at it
  start(1);
  cluster.workers?.[1]?.once('listening', () => {
    for (let number = 2; number <= count; number += 1) start(number);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stopping = true;
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
    });
  }
  await promise;
}
