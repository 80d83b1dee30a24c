import { InvalidArgumentError, Option, type Command } from 'commander';
import type { DueRecord } from '#sdk';
import type { Due } from '#server/documents';
import { wholeNumber } from '../arguments.ts';
import { connect } from '../connect.ts';
import { show, table, type Shown } from '../output.ts';
import { patience, waitingFor } from '../waiting.ts';

type Wish = {
  readonly within: number;
  readonly limit: number;
  readonly environment?: string;
  readonly output?: Shown['output'] | 'ics';
};

const unitDays: Readonly<Record<string, number>> = { d: 1, w: 7, m: 30, y: 365 };

/** A time like 90d, 12w, 3m or 2y as days. */
function daysOf(text: string): number {
  const [, number = '', unit = ''] = /^([0-9]{1,5})([dwmy])$/.exec(text) ?? [];
  const days = Number(number) * (unitDays[unit] ?? NaN);
  if (days <= 36_525) return days;
  throw new InvalidArgumentError('It must be a time like 90d, 12w, 3m or 2y, at most 100 years.');
}

function dueTable({ deadlines, total, overdue, at, until }: DueRecord): string {
  const rows = deadlines.map((each) => [
    each.at.slice(0, 16).replace('T', ' '),
    each.kind,
    each.environment,
    each.name,
    each.owner,
    each.todo === null ? `by itself: ${each.byItself}` : (each.command ?? each.todo),
  ]);
  const more = total > deadlines.length ? `, of which the first ${deadlines.length} are shown (--limit)` : '';
  const late = overdue > 0 ? `; ${overdue} are overdue` : '';
  const told = `${total} from ${at.slice(0, 10)} to ${until.slice(0, 10)}${more}${late}.\n`;
  return rows.length === 0
    ? told
    : `${table(['at', 'what', 'environment', 'name', 'owner', 'to do'], rows)}\n${told}`;
}

async function due({ within, limit, environment, output }: Wish): Promise<void> {
  const wish = { withinDays: within, limit, ...(environment === undefined ? {} : { environment }) };
  const record = await waitingFor('looking at everything', connect(patience).written.due(wish));
  if (output !== 'ics') {
    await show(output, output === 'jsonl' ? record.deadlines : record, () => dueTable(record));
    return;
  }
  const { calendarOf } = await import('#server/documents');
  const deadlines = record.deadlines.map((each) => ({ ...each, at: Date.parse(each.at) }));
  process.stdout.write(
    calendarOf({ at: Date.parse(record.at), deadlines: deadlines as unknown as Due['deadlines'] }),
  );
  if (record.total > deadlines.length)
    process.stderr.write(
      `claviger: ${record.total - deadlines.length} further deadlines are not in it (--limit)\n`,
    );
}

/** `due`. */
export function addDue(program: Command): void {
  program
    .command('due')
    .description('what falls due: ends of crypto-periods, rotations, destructions, credentials, statements')
    .addOption(
      new Option('--within <time>', 'how far ahead, like 90d, 12w, 3m or 2y')
        .argParser(daysOf)
        .default(90, '90d'),
    )
    .option('--limit <count>', 'how many are told, 1 to 5000; all are counted', wholeNumber, 100)
    .option('--environment <name>', 'this environment alone; else all that you may see')
    .addOption(
      new Option('-o, --output <form>', 'a table (on a terminal), JSON (else), or a calendar').choices([
        'table',
        'json',
        'jsonl',
        'ics',
      ]),
    )
    .action(due);
}
