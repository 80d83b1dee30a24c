import { Option, type Command } from 'commander';
import { loadConfig } from '#server/configuration';
import { wholeNumber } from '../arguments.ts';
import { checkoutHome } from '../checkout-home.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { outputOption, show, showList, table, take, type Shown } from '../output.ts';

async function test({ output }: Shown): Promise<void> {
  const { testNotices } = await import('#server');
  const tested = await testNotices(loadConfig({ env: process.env, checkoutHome: checkoutHome() }));
  await show(output, tested, () =>
    table(
      ['destination', 'kind', 'where', 'is told of', 'result', 'milliseconds'],
      tested.map(({ name, kind, where, what, problem, millis }) => [
        name,
        kind,
        where,
        what,
        problem ?? 'ok',
        millis,
      ]),
    ),
  );
  const failed = tested.filter(({ problem }) => problem !== null);
  if (failed.length === 0) return;
  const names = failed.map(({ name }) => name).join(', ');
  throw new CliError(exitCodes.failed, `A test notice did not reach ${names}.`, 'look at CLAVIGER_NOTICES');
}

/** `notices test|list`: who outside is told of alerts and findings. */
export function addNoticesCommands(program: Command): void {
  const notices = program.command('notices').description('who outside is told of alerts and findings');
  notices
    .command('test')
    .description('send a test notice to each destination of this machine now')
    .addOption(outputOption())
    .action(test);
  notices
    .command('list')
    .description('the notices of the environment that wait, oldest first')
    .addOption(
      new Option('--state <state>', 'those that wait, or those that were delivered or given up')
        .choices(['waiting', 'ended'])
        .default('waiting'),
    )
    .option('--limit <count>', 'no more than so many', wholeNumber)
    .addOption(outputOption())
    .action(async ({ output, state, limit }: Shown & { state: 'waiting' | 'ended'; limit?: number }) => {
      await showList(output, take(connect().anomaly.notices(state), limit), {
        columns: ['time', 'destination', 'kind', 'severity', 'state', 'attempts', 'next', 'problem', 'title'],
        row: (notice) => [
          notice.at,
          notice.destination,
          notice.kind,
          notice.severity,
          notice.state,
          notice.attempts,
          notice.nextAt,
          notice.problem,
          notice.title,
        ],
      });
    });
}
