import type { Command } from 'commander';
import type { RunningServer, SealableServer } from '#server';
import { settings, type Config } from '#server/configuration';
import { tellError } from '../exit.ts';
import { configFrom, flagOf, shamirRoot, tellMade } from '../server-config.ts';

function tellReady(server: RunningServer): void {
  const { report } = server.composition;
  if (report.created) process.stdout.write(tellMade(report));
  process.stdout.write(`claviger ready at ${server.address}\n`);
}

async function startNode(config: Config): Promise<RunningServer> {
  const { startServer, workerNumber } = await import('#server/serving');
  try {
    return await startServer(config, { worker: Math.max(0, workerNumber() - 1) });
  } catch (error) {
    // the channel to its parent would keep a worker alive
    if (workerNumber() > 0) process.exit(tellError(error));
    throw error;
  }
}

/** Listens without a root key; says each time whether custodians are wanted or the server is ready. */
async function startSealed(config: Config): Promise<SealableServer> {
  const { startSealedServer } = await import('#server');
  return startSealedServer(config, {
    onState: (state, address, { setId, shares, threshold }) => {
      process.stdout.write(
        state === 'ready'
          ? `claviger ready at ${address}\n`
          : `claviger sealed at ${address}: ${threshold} of ${shares} shares of set ${setId} unseal it; each custodian runs: claviger unseal\n`,
      );
    },
  });
}

async function serve(flags: Record<string, string | undefined>): Promise<void> {
  const { hardenRuntime, restartForFips, runWorkers, workerNumber } = await import('#server/serving');
  const config = configFrom(flags);
  if (config.fips) restartForFips();
  if (config.workers > 1 && config.root !== shamirRoot && workerNumber() === 0)
    process.exit(await runWorkers(config.workers));
  hardenRuntime();
  const server = config.root === shamirRoot ? await startSealed(config) : await startNode(config);
  if ('composition' in server && workerNumber() <= 1) tellReady(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      server.stop().then(resolve, resolve);
    });
  }
  await promise;
  process.exit(0);
}

/** `serve`, alone: a server loads nothing of the other commands. */
export function addServe(program: Command): void {
  const serving = program
    .command('serve')
    .description('run the server; the first start initialises its home');
  for (const { name, about } of settings) serving.option(flagOf(name), about);
  serving.action(serve);
}
