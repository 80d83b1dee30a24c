import type { Command } from 'commander';
import type { InitReport } from '#server';
import { settings, type Config } from '#server/configuration';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, table, type Shown } from '../output.ts';
import { giveShares } from '../share-output.ts';
import { wholeNumber } from '../arguments.ts';
import { configFrom, flagOf, shamirRoot, tellMade } from '../server-config.ts';
import { addServe } from './serve.ts';

type InitWish = Shown & {
  readonly shares?: number;
  readonly threshold?: number;
  readonly outDir?: string;
};

/** Makes a home whose root key is in shares, which are given out before anything depends on them. */
async function initShares(config: Config, wish: InitWish): Promise<InitReport> {
  const { shares, threshold, outDir, output } = wish;
  if (shares === undefined || threshold === undefined) {
    throw new CliError(
      exitCodes.usage,
      'A shamir: root is split among custodians: say how many shares there are, and how many unseal the server.',
      'claviger init --shares 5 --threshold 3',
    );
  }
  const { initShamirHome } = await import('#server');
  const json = output === undefined ? !process.stdout.isTTY : output !== 'table';
  const given: { setId: string | null } = { setId: null };
  try {
    const report = await initShamirHome(config, { shares, threshold }, async (set) => {
      const { setId } = set.parameters;
      await giveShares({ setId, threshold, texts: set.texts }, { outDir, json });
      given.setId = setId;
    });
    if (given.setId !== null)
      process.stderr.write(`claviger: the home is made; the shares of set ${given.setId} unseal it\n`);
    return report;
  } catch (error) {
    if (given.setId !== null) {
      process.stderr.write(
        `claviger: the home was not finished. Shares of set ${given.setId} are good only if claviger serve asks for that set;\n` +
          'claviger: else run claviger init again, which gives others, and destroy these.\n',
      );
    }
    throw error;
  }
}

async function init(flags: Record<string, string | undefined> & InitWish): Promise<void> {
  const { output, shares, threshold, outDir, ...rest } = flags;
  const config = configFrom(rest);
  const { initHome, restartForFips } = await import('#server');
  if (config.fips) restartForFips();
  if (config.root === shamirRoot) {
    const made = await initShares(config, { output, shares, threshold, outDir });
    // the shares were the answer
    if (made.created && output !== 'table' && !(output === undefined && process.stdout.isTTY)) return;
    process.stdout.write(
      made.created
        ? `${tellMade(made)}claviger: next: claviger serve, then each custodian: claviger unseal\n`
        : `claviger: ${made.home} has its shares already; nothing was changed\n`,
    );
    return;
  }
  if (shares !== undefined || threshold !== undefined || outDir !== undefined) {
    throw new CliError(
      exitCodes.usage,
      'Only a root in shares is split.',
      'set CLAVIGER_ROOT=shamir:, or leave --shares, --threshold and --out-dir out',
    );
  }
  const report = await initHome(config);
  const environments = report.environments.map(({ name, accountId }) => ({ name, accountId }));
  await show(output as Shown['output'], { ...report, environments }, () =>
    report.created
      ? `${tellMade(report)}claviger: next: claviger serve\n`
      : `claviger: ${report.home} is initialised already; nothing was changed\n`,
  );
}

/** `serve`, `init`, `config`, `status`. */
export function addServerCommands(program: Command): void {
  addServe(program);

  const initialising = program
    .command('init')
    .description('make the home of a server without serving; one that is there is left alone')
    .option('--shares <count>', 'with a shamir: root: how many shares, 2 to 16', wholeNumber)
    .option('--threshold <count>', 'with a shamir: root: how many shares unseal the server', wholeNumber)
    .option('--out-dir <folder>', 'with a shamir: root: write each share into a file of its own')
    .addOption(outputOption());
  for (const { name, about } of settings) initialising.option(flagOf(name), about);
  initialising.action(init);

  addConfig(program);
  addStatus(program);
}

function addConfig(program: Command): void {
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
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
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
      await show(output, rows, () =>
        table(
          ['setting', 'value', 'origin', 'variable'],
          rows.map((row) => [row.name, row.value, row.origin, row.variable]),
        ),
      );
    });
}

function addStatus(program: Command): void {
  program
    .command('status')
    .description('how the server is doing')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const status = await connect().status();
      const { root, log } = status;
      await show(output, status, () =>
        facts({
          node: status.node,
          store: status.store,
          root: `${root.kind} (${root.where})`,
          tier: root.tier,
          'audit log': log.writable ? `writable, ${log.size} events` : `not writable: ${log.problem}`,
          keys: status.keys,
          'keys in memory': status.cachedKeys,
          ...(status.fips === null ? {} : { cryptography: status.fips }),
        }),
      );
    });
}
