import { createHash } from 'node:crypto';
import type { Instant } from '#domain';
import type { Deadline } from './deadline.ts';
import type { Due } from './due.ts';

/** What the calendar program shows of a kind. */
const titles: Readonly<Record<Deadline['kind'], string>> = Object.freeze({
  destruction: 'Key is destroyed',
  'originator-period-ends': 'Key stops protecting',
  rotation: 'Key rotates',
  'recipient-period-ends': 'Key version stops opening',
  'imported-material-expires': 'Imported key material expires',
  'period-exception-ends': 'Crypto-period exception ends',
  'credential-expires': 'Credential expires',
  'certificate-ends': 'Certificate ends',
  'attestation-ends': 'Attestation ends',
});

//= rfc5545 3.3.5: date with UTC time
function moment(at: Instant): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** Text as a value; what a line can't hold is shown as a blank. */
//= rfc5545 3.3.11: text
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\\', '\\\\')
    .replaceAll(';', String.raw`\;`)
    .replaceAll(',', String.raw`\,`)
    .replace(/\r\n|[\r\n\u2028\u2029]/g, String.raw`\n`)
    .replace(/\p{Cc}/gu, ' ');
}

const lineOctetsMax = 75;

/** A line as lines of at most 75 octets, never cut inside a character. */
//= rfc5545 3.1: content lines
export function fold(line: string): string {
  const lines: string[] = [];
  let current = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > lineOctetsMax) {
      lines.push(current);
      // the blank that marks a continuation counts
      current = ' ';
      octets = 1;
    }
    current += character;
    octets += size;
  }
  lines.push(current);
  return lines.map((each) => `${each}\r\n`).join('');
}

/** The same deadline has the same UID in every calendar, though it moves. */
export function uidOf({ kind, subject }: Pick<Deadline, 'kind' | 'subject'>): string {
  return `${createHash('sha256').update(`${kind}\n${subject}`).digest('hex').slice(0, 40)}@claviger`;
}

function descriptionOf({ what, byItself, todo, command, owner }: Deadline): string {
  const parts = [
    what,
    byItself && `By itself: ${byItself}`,
    todo && `To do: ${todo}`,
    command && `Command: ${command}`,
    `Answers for it: ${owner ?? 'nobody is named'}`,
  ];
  return parts.filter((part) => part !== null).join('\n');
}

function alarm(before: string, text: string): string[] {
  return [
    'BEGIN:VALARM',
    'ACTION:DISPLAY',
    `TRIGGER;RELATED=START:-${before}`,
    `DESCRIPTION:${escapeText(text)}`,
    'END:VALARM',
  ];
}

function eventOf(deadline: Deadline, stamp: Instant): string[] {
  const { kind, at, environment, name, todo } = deadline;
  const where = environment === null ? '' : ` (${environment})`;
  const summary = `${titles[kind]}: ${name}${where}`;
  // a month of 30 days, and a week: a duration has no months
  const alarms = todo === null ? [] : [...alarm('P30D', summary), ...alarm('P7D', summary)];
  return [
    'BEGIN:VEVENT',
    `UID:${uidOf(deadline)}`,
    `DTSTAMP:${moment(stamp)}`,
    `DTSTART:${moment(at)}`,
    `SUMMARY:${escapeText(summary)}`,
    `DESCRIPTION:${escapeText(descriptionOf(deadline))}`,
    `CATEGORIES:${escapeText(kind)}`,
    'TRANSP:TRANSPARENT',
    ...alarms,
    'END:VEVENT',
  ];
}

//= rfc5545 3.6: there is at least one component
function nothingDue(stamp: Instant): string[] {
  return [
    'BEGIN:VJOURNAL',
    'UID:nothing-due@claviger',
    `DTSTAMP:${moment(stamp)}`,
    'SUMMARY:Nothing falls due',
    'END:VJOURNAL',
  ];
}

/**
 * Deadlines as an iCalendar object (RFC 5545), to be imported or served; the same deadlines give the same bytes. What needs a person has an alarm 30 days
 * before, and one 7 days before.
 */
export function calendarOf({ at, deadlines }: Pick<Due, 'at' | 'deadlines'>): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Claviger//Key deadlines//EN',
    'CALSCALE:GREGORIAN',
    'X-WR-CALNAME:Key deadlines',
    ...(deadlines.length === 0 ? nothingDue(at) : deadlines.flatMap((deadline) => eventOf(deadline, at))),
    'END:VCALENDAR',
  ];
  return lines.map(fold).join('');
}
