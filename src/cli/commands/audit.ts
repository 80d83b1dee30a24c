import { Option, type Command } from 'commander';
import { loadConfig } from '#server/configuration';
import { checkoutHome } from '../checkout-home.ts';
import { wholeNumber } from '../arguments.ts';
import { addVerifyCertificate } from './certificate.ts';
import { CliError, exitCodes } from '../exit.ts';
import { outputOption, show, table, type Shown } from '../output.ts';

type Filter = Shown & { key?: string; principal?: string; operation?: string; limit: number };

function config() {
  return loadConfig({ env: process.env, checkoutHome: checkoutHome() });
}

function filterOf({ key, principal, operation }: Filter) {
  return {
    ...(key ? { keyId: key } : {}),
    ...(principal ? { principal } : {}),
    ...(operation ? { operation } : {}),
  };
}

/** `audit list|verify|export`, on the log files of this machine. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('read and verify the audit log on this machine');
  const filters = (command: Command) =>
    command
      .option('--key <id>', 'only of this key')
      .option('--principal <name>', 'only of this principal')
      .option('--operation <name>', 'only of this operation, e.g. keys.decrypt');

  filters(audit.command('list').description('the newest events'))
    .option('--limit <count>', 'how many', wholeNumber, 50)
    .addOption(outputOption())
    .action(async (wish: Filter) => {
      const { auditEvents } = await import('#server');
      const events = auditEvents(config().auditFolder, filterOf(wish), wish.limit);
      await show(wish.output, events, () =>
        table(
          ['time', 'principal', 'operation', 'outcome', 'key', 'protocol', 'from'],
          events.map(({ event }) => [
            new Date(event.at).toISOString(),
            event.principal,
            event.operation,
            event.reason ?? event.outcome,
            event.keyId,
            event.protocol,
            event.sourceAddress,
          ]),
        ),
      );
    });

  filters(audit.command('export').description('all events, oldest first, a JSON object a line'))
    .addOption(
      new Option('--format <format>').choices(['jsonl', 'numbered', 'cloudtrail', 'ocsf']).default('jsonl'),
    )
    .action(async (wish: Filter & { format: 'jsonl' | 'numbered' | 'cloudtrail' | 'ocsf' }) => {
      const { renderCloudTrail } = await import('#server');
      for await (const line of renderCloudTrail(config(), filterOf(wish), wish.format)) {
        if (!process.stdout.write(`${line}\n`))
          await new Promise((done) => process.stdout.once('drain', done));
      }
    });

  addVerify(audit);
  addVerifyCertificate(audit);
}

function addVerify(audit: Command): void {
  audit
    .command('verify')
    .description('rebuild every log from its raw entries; exit code 8 where anything is not as it must be')
    .option('--folder <folder>', 'folder of the logs')
    .option('--keys <file>', 'the keys.json that you trust, for one log; else the one beside each log')
    .option('--offline', 'do not ask the store how far each log had come')
    .addOption(outputOption())
    .action(async (wish: Shown & { folder?: string; keys?: string; offline?: boolean }) => {
      const { verifyAudit } = await import('#server');
      const results = await verifyAudit(config(), wish);
      const findings = results.flatMap((result) =>
        result.findings.map((finding) => ({ log: result.folder, ...finding })),
      );
      await show(wish.output, results, () =>
        table(
          ['log', 'events', 'root', 'findings'],
          results.map((result) => [
            result.folder,
            result.size,
            result.root.slice(0, 16),
            result.findings.length,
          ]),
        ),
      );
      for (const { folder, notices } of results) {
        for (const { file, problem } of notices)
          process.stderr.write(`note: ${folder}/${file}: ${problem}\n`);
      }
      for (const { log, file, problem } of findings) process.stderr.write(`${log}/${file}: ${problem}\n`);
      if (findings.length > 0) {
        throw new CliError(
          exitCodes.verificationFailed,
          `The audit log is not as it was written: ${findings.length} findings.`,
        );
      }
      process.stderr.write('Every log is as it was written.\n');
    });
}
