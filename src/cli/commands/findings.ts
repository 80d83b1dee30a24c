import { InvalidArgumentError, Option, type Command } from 'commander';
import type { FindingRecord, FindingWish } from '#sdk';
import { connect } from '../connect.ts';
import { facts, outputOption, show, type Cell, type Shown } from '../output.ts';
import { patience, waitingFor } from '../waiting.ts';

const severities = ['critical', 'high', 'medium', 'low'];
const statuses = ['open', 'acknowledged', 'resolved'];
const mistakes = [
  'key-in-source',
  'shared-across-environments',
  'no-rotation',
  'stored-with-data',
  'no-destruction',
  'shared-key',
  'no-inventory',
];

/** The gravest first, and those of one detector together. */
export function inOrder(all: readonly FindingRecord[]): readonly FindingRecord[] {
  const rank = ({ severity }: FindingRecord) => severities.indexOf(severity);
  const place = ({ detector, subject }: FindingRecord) => `${detector} ${subject}`;
  return all.toSorted((a, b) => rank(a) - rank(b) || (place(a) < place(b) ? -1 : 1));
}

const day = (time: string | null): string | null => time?.slice(0, 10) ?? null;

/** Findings for eyes: a head of each, what is wrong, and what to do. */
export function findingsText(all: readonly FindingRecord[]): string {
  if (all.length === 0) return 'Nothing is found.\n';
  const blocks = all.map((finding) => {
    const state = finding.status === 'open' ? '' : `  ${finding.status}`;
    const since = finding.since ?? finding.firstSeenAt;
    return [
      `${finding.severity.toUpperCase()}  ${finding.detector}  ${finding.subject}  since ${day(since)}${state}\n`,
      facts({ '  id': finding.id.slice(0, 12), '  what': finding.what, '  remedy': finding.remedy }),
    ].join('');
  });
  const counts = severities.flatMap((severity) => {
    const count = all.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  return `${blocks.join('\n')}\n${counts.join(', ')}\n`;
}

function rows({ acknowledgement, resolution, reopened, ...finding }: FindingRecord): Record<string, Cell> {
  return {
    id: finding.id,
    status: finding.status,
    severity: finding.severity,
    detector: finding.detector,
    mistake: finding.mistake,
    subject: finding.subject,
    environment: finding.environment,
    what: finding.what,
    remedy: finding.remedy,
    since: finding.since,
    'first seen': finding.firstSeenAt,
    'last seen': finding.lastSeenAt,
    ...(finding.returns > 0 ? { 'came back': `${finding.returns} times` } : {}),
    ...(acknowledgement
      ? {
          acknowledged: `by ${acknowledgement.by} on ${acknowledgement.at}, until ${acknowledgement.until}`,
          rationale: acknowledgement.rationale,
        }
      : {}),
    ...(resolution ? { resolved: `not found any more on ${resolution.judgedAt}` } : {}),
    ...(resolution?.event
      ? {
          evidence: `event ${resolution.event.id}, number ${resolution.event.index} of the log of ${resolution.log?.node ?? '?'}`,
        }
      : {}),
    ...(reopened ? { reopened: `by ${reopened.by} on ${reopened.at}: ${reopened.reason}` } : {}),
  };
}

const tell = (output: Shown['output'], finding: FindingRecord): Promise<void> =>
  show(output, finding, () => facts(rows(finding)));

const dayForm = /^\d{4}-\d{2}-\d{2}$/;

/** A time, or the day that begins with it; ISO 8601. */
export function timeOf(text: string): string {
  const at = Date.parse(dayForm.test(text) ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('It must be a day or time, e.g. 2027-01-31.');
  return new Date(at).toISOString();
}

type ListWish = Shown & FindingWish;

/** `findings ...`: what is wrong with keys, and what becomes of it. */
export function addFindingCommands(program: Command): void {
  const findings = program
    .command('findings')
    .description('what is wrong with keys and credentials, and what to do');
  findings
    .command('list')
    .description('what is open or acknowledged, the gravest first')
    .addOption(new Option('--status <status>', 'only these').choices(statuses))
    .addOption(new Option('--severity <severity>', 'at least so grave').choices(severities))
    .addOption(new Option('--mistake <mistake>', 'only of this one of the seven').choices(mistakes))
    .option('--detector <id>', 'only those of one detector')
    .option('--subject <subject>', 'only of one thing, e.g. key:ID')
    .addOption(outputOption())
    .action(async ({ output, ...wish }: ListWish) => {
      const all = inOrder(await Array.fromAsync(connect().findings.list(wish)));
      await show(output, all, () => findingsText(all));
    });
  findings
    .command('detect')
    .description('have all detectors look now, and take down what they find')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const { counts, opened, resolved } = await waitingFor(
        'looking at everything',
        connect(patience).findings.detect(),
      );
      const told = { ...counts, 'opened now': opened, 'resolved now': resolved };
      await show(output, { counts, opened, resolved }, () => facts(told));
    });
  findings
    .command('show <id>')
    .description('one finding, by its id or how that begins, and what became of it')
    .addOption(outputOption())
    .action(async (id: string, { output }: Shown) => tell(output, await connect().findings.show(id)));
  findings
    .command('acknowledge <id>')
    .description('answer for it that a flaw stays for a time; after it the finding is open again')
    .requiredOption('--rationale <text>', 'why it may stay')
    .requiredOption('--until <day>', 'until when, a year ahead at most, e.g. 2027-01-31', timeOf)
    .addOption(outputOption())
    .action(async (id: string, wish: Shown & { rationale: string; until: string }) => {
      await tell(wish.output, await connect().findings.acknowledge(id, wish.rationale, wish.until));
    });
  findings
    .command('reopen <id>')
    .description('open a finding again that was acknowledged or resolved')
    .requiredOption('--reason <text>', 'why')
    .addOption(outputOption())
    .action(async (id: string, wish: Shown & { reason: string }) => {
      await tell(wish.output, await connect().findings.reopen(id, wish.reason));
    });
}
