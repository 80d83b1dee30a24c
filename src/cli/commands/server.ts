import type { Command } from 'commander';
import {
  hardenRuntime,
  loadConfig,
  runWorkers,
  settings,
  startServer,
  workerNumber,
  type Config,
  type RunningServer,
} from '#server';
import { checkoutHome, connect } from '../connect.ts';
import { facts, show, table, tellError } from '../output.ts';

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} <value>`;
}

function configFrom(flags: Record<string, string | undefined>) {
  return loadConfig({ env: process.env, flags, checkoutHome: checkoutHome() });
}

function tellReady(server: RunningServer): void {
  const { report } = server.composition;
  if (report.created) {
    const [first] = report.environments;
    process.stdout.write(
      `claviger: initialised ${report.home} (environment ${first?.name}, account ${first?.accountId})\n` +
        `claviger: the first administrator's credentials are in ${report.credentialsFile}; source it in a shell to use them\n`,
    );
  }
  process.stdout.write(`claviger ready at ${server.address}\n`);
}

async function startNode(config: Config): Promise<RunningServer> {
  try {
    return await startServer(config, { worker: Math.max(0, workerNumber() - 1) });
  } catch (error) {
    // the channel to its parent would keep a worker alive
    if (workerNumber() > 0) process.exit(tellError(error));
    throw error;
  }
}

async function serve(flags: Record<string, string | undefined>): Promise<void> {
  const config = configFrom(flags);
  if (config.workers > 1 && workerNumber() === 0) {
    process.exit(await runWorkers(config.workers));
  }
  hardenRuntime();
  const server = await startNode(config);
  if (workerNumber() <= 1) tellReady(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.stop().then(resolve, resolve);
    });
  }
  await promise;
  process.exit(0);
}

/** `serve`, `config`, `status`. */
export function addServerCommands(program: Command): void {
  const serving = program
    .command('serve')
    .description('run the server; the first start initialises its home');
  for (const { name, about } of settings) serving.option(flagOf(name), about);
  serving.action(serve);

  const config = program.command('config').description('look at the configuration');
  config
    .command('check')
    .description('read the configuration and say whether it is good')
    .action(() => {
      configFrom({});
      process.stderr.write('The configuration is good.\n');
    });
  config
    .command('show')
    .description('every setting, its value and where it came from')
    .option('-o, --output <form>', 'table, json or jsonl')
    .action(({ output }: { output?: string }) => {
      const { origins, listen, tls, ...rest } = configFrom({});
      const values: Readonly<Record<string, unknown>> = {
        ...rest,
        listen: `${listen.host}:${listen.port}`,
        ...tls,
      };
      const rows = settings.map(({ name, variable }) => {
        // a url may hold a password
        const value = `${(values[name] as string | number | null) ?? ''}`.replace(/\/\/[^/@]*@/, '//***@');
        return { name, value, origin: origins[name] ?? 'default', variable };
      });
      show(output, rows, () =>
        table(
          ['setting', 'value', 'origin', 'variable'],
          rows.map((row) => [row.name, row.value, row.origin, row.variable]),
        ),
      );
    });

  program
    .command('status')
    .description('how the server is doing')
    .option('-o, --output <form>', 'table, json or jsonl')
    .action(async ({ output }: { output?: string }) => {
      const status = await connect().status();
      const { root, log, ...rest } = status as { root: object; log: object };
      show(output, status, () => facts({ ...rest, ...root, ...log }));
    });
}
