import type { Instant } from '#domain';
import type { CheckOutcome } from './check.ts';
import type { ComplianceRun } from './framework.ts';

/** Outcomes in the order in which reports tell them: what is wrong first. */
export const outcomeOrder: readonly CheckOutcome[] = ['fail', 'manual', 'no-data', 'pass', 'not-applicable'];

/** Outcomes in words. */
export const outcomeWords: Readonly<Record<CheckOutcome, string>> = Object.freeze({
  pass: 'Pass',
  fail: 'Fail',
  manual: 'Manual',
  'not-applicable': 'Not applicable',
  'no-data': 'No data',
});

/** What each outcome means, for a reader who sees such a report for the first time. */
export const outcomeMeanings: Readonly<Record<CheckOutcome, string>> = Object.freeze({
  pass: 'every check of it that applies passed over everything that there is',
  fail: 'at least one check of it found something that does not hold',
  manual: 'a person must state or show something that no machine can see, and has not',
  'not-applicable': 'there is nothing that it could be about',
  'no-data': 'what would decide it is not there',
});

/** Date and time of day in UTC, to the second. */
export function timeOf(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** How the report came to be: nothing in it was sampled, and the same record gives the same report. */
export function methodWords({ keys, marked, log, at }: ComplianceRun): readonly string[] {
  const scope = marked
    ? marked.keys > 0
      ? `Of ${keys} keys ${marked.keys} are marked as protecting ${marked.data} (${marked.how}); checks of keys judged each of those.`
      : `Of ${keys} keys none is marked as protecting ${marked.data} (${marked.how}); checks of keys judged all of them.`
    : `Checks of keys judged each of ${keys} keys.`;
  return [
    `${scope} Nothing was sampled.`,
    `Everything is judged for ${timeOf(at)}${log ? `, as the log ${log.origin} has it at size ${log.size} (root ${log.root})` : '; there is no log'}.`,
    'One check that fails fails a requirement; one whose attestation is missing makes it manual, never a pass.',
    'The same record gives the same report, byte by byte.',
  ];
}

/** One sentence that says how it stands. */
export function verdictWords({ summary, requirements }: ComplianceRun): string {
  const told = outcomeOrder.filter((outcome) => summary[outcome] > 0);
  const list = told.map((outcome) => `${summary[outcome]} ${outcomeWords[outcome].toLowerCase()}`).join(', ');
  return `${requirements.length} requirements: ${list}.`;
}
