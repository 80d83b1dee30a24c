import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import type { AttestationRecord } from '#sdk';
import { readAll } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, showList, table, type Shown } from '../output.ts';

const documentBytesMax = 64 * 1024 * 1024;

const told = (record: AttestationRecord): string =>
  facts({
    id: record.id,
    subject: record.subject,
    'stated by': record.by,
    statement: record.statement,
    document: record.reference,
    sha256: record.sha256,
    at: record.at,
    until: record.until,
    ...(record.withdrawn && {
      withdrawn: `${record.withdrawn.at} by ${record.withdrawn.by}: ${record.withdrawn.reason}`,
    }),
  });

type AddWish = Shown & {
  readonly statement: string;
  readonly document?: string;
  readonly reference?: string;
  readonly until?: string;
};

async function add(
  subject: string,
  { output, statement, document, reference, until }: AddWish,
): Promise<void> {
  const content = document === undefined ? null : await readAll(document, documentBytesMax);
  if (content !== null && reference === undefined)
    throw new CliError(exitCodes.usage, 'Say where others find the document.', '--reference URL, or words');
  const record = await connect().attestations.add({
    subject,
    statement,
    reference: reference ?? null,
    sha256: content && createHash('sha256').update(content).digest('hex'),
    until: until === undefined ? null : endOf(until),
  });
  await show(output, record, () => told(record));
}

/** A day is its last moment. */
function endOf(text: string): string {
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59Z` : text;
  if (!Number.isNaN(Date.parse(whole))) return new Date(whole).toISOString();
  throw new CliError(exitCodes.usage, `${text} is no time.`, 'like 2027-01-31, or 2027-01-31T12:00:00Z');
}

/** `attest add|list|revoke|withdraw|subjects`. */
export function addAttestCommands(program: Command): void {
  const attest = program.command('attest').description('state what no machine can see, in your own name');
  attest
    .command('add <subject>')
    .description('state something; claviger attest subjects tells of what, and what it must show')
    .requiredOption('--statement <text>', 'what you state, in one line')
    .option(
      '--document <file>',
      'the document that you have before you: its SHA-256 is kept, not its content',
    )
    .option('--reference <text>', 'where others find the document')
    .option('--until <time>', 'when it ends to hold, at most 12 months ahead; else then')
    .addOption(outputOption())
    .action(add);
  attest
    .command('list')
    .description('what was stated in the environment')
    .option('--all', 'those too that hold no more')
    .addOption(outputOption())
    .action(async ({ output, all }: Shown & { all?: boolean }) => {
      await showList(output, connect().attestations.list(all ?? false), {
        columns: ['id', 'subject', 'by', 'at', 'until', 'withdrawn'],
        row: (each) => [each.id, each.subject, each.by, each.at, each.until, each.withdrawn?.at],
      });
    });
  for (const [name, about] of [
    ['revoke', 'have a statement of anybody hold no more'],
    ['withdraw', 'take back what you stated yourself'],
  ] as const)
    attest
      .command(`${name} <id>`)
      .description(about)
      .requiredOption('--reason <text>', 'why, in one line')
      .addOption(outputOption())
      .action(async (id: string, { output, reason }: Shown & { reason: string }) => {
        const record = await connect().attestations[name](id, reason);
        await show(output, record, () => told(record));
      });
  attest
    .command('subjects')
    .description('what can be stated, what each statement must show, and for how long it holds')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const { attestationTerms } = await import('#server/documents');
      const rows = Object.entries(attestationTerms).map(([subject, terms]) => ({ subject, ...terms }));
      await show(output, rows, () =>
        table(
          ['subject', 'by', 'months', 'document', 'shows'],
          rows.map((each) => [each.subject, each.by, each.monthsMax, each.needsDocument, each.shows]),
        ),
      );
    });
}
