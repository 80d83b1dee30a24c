import fs from 'node:fs';
import path from 'node:path';
import type { AuditEvent } from '#domain';
import { eventId, readEvent } from './event-text.ts';
import { segmentNumbers } from './journal.ts';
import { readSegment, readSettled, segmentName } from './segment.ts';

export type EventFilter = {
  readonly from?: number;
  readonly until?: number;
  readonly keyId?: string;
  readonly principal?: string;
  readonly operation?: string;
  readonly environment?: string;
};

function passes(event: AuditEvent, filter: EventFilter): boolean {
  return (
    (filter.from === undefined || event.at >= filter.from) &&
    (filter.until === undefined || event.at < filter.until) &&
    (filter.keyId === undefined || event.keyId === filter.keyId || event.otherKeyId === filter.keyId) &&
    (filter.principal === undefined || event.principal === filter.principal) &&
    (filter.operation === undefined || event.operation === filter.operation) &&
    (filter.environment === undefined || event.environment === filter.environment)
  );
}

export type LoggedEvent = { readonly index: number; readonly event: AuditEvent };

/** The folders of nodes below the folder of all logs. */
export function logFolders(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .filter(({ name }) =>
      ['journal', 'checkpoint'].some((part) => fs.existsSync(path.join(folder, name, part))),
    )
    .map((entry) => path.join(folder, entry.name))
    .sort();
}

type Numbered = { readonly index: number; readonly entry: Buffer };

function entriesOf(folder: string, number: number): Numbered[] {
  const file = path.join(folder, 'journal', segmentName(number));
  const { bytes, written } = readSettled(file);
  const frames = readSegment(bytes, file, written)?.frames ?? [];
  return frames.flatMap((frame) =>
    frame.entries.map((entry, offset) => ({ index: frame.firstIndex + offset, entry })),
  );
}

function* passing(entries: readonly Numbered[], filter: EventFilter): Generator<LoggedEvent> {
  for (const { index, entry } of entries) {
    const event = readEvent(entry);
    if (passes(event, filter)) yield { index, event };
  }
}

/** The events of one log in their order, oldest first; one segment at a time is in memory. */
export function* readEvents(folder: string, filter: EventFilter = {}): Generator<LoggedEvent> {
  for (const number of segmentNumbers(folder)) yield* passing(entriesOf(folder, number), filter);
}

/** The events of several logs by their time, oldest first; those of one log stay in its order. A segment of each is in memory. */
export function* readEventsByTime(
  folders: readonly string[],
  filter: EventFilter = {},
): Generator<LoggedEvent> {
  const heads = folders.flatMap((folder) => {
    const events = readEvents(folder, filter);
    const first = events.next();
    return first.done ? [] : [{ events, next: first.value }];
  });
  while (heads.length > 0) {
    let at = 0;
    for (const [index, { next }] of heads.entries())
      if (next.event.at < (heads[at]?.next.event.at ?? Infinity)) at = index;
    const head = heads[at];
    if (!head) return;
    yield head.next;
    const following = head.events.next();
    if (following.done) heads.splice(at, 1);
    else head.next = following.value;
  }
}

/** The same from the newest on: who wants only these does not read the rest. */
export function* readNewestEvents(folder: string, filter: EventFilter = {}): Generator<LoggedEvent> {
  for (const number of segmentNumbers(folder).reverse())
    yield* passing(entriesOf(folder, number).reverse(), filter);
}

/** How long before an event its record can have been written, as far as clocks are trusted. */
const clockTrustMillis = 2 * 3_600_000;

/** Where a log ends: nothing behind it is durable. */
export type LogEnd = { readonly segment: number; readonly length: number };

/**
 * Those of the events that the log does not hold up to its end. It is looked through from the end, as far back as the
 * oldest of them can stand.
 */
export function missingEvents(
  folder: string,
  events: readonly AuditEvent[],
  end: LogEnd,
): readonly AuditEvent[] {
  const missing = new Map(events.map((event) => [event.id, event]));
  const oldest = Math.min(...events.map((event) => event.at));
  for (const number of segmentNumbers(folder).reverse()) {
    if (missing.size === 0) break;
    if (number > end.segment) continue;
    const file = path.join(folder, 'journal', segmentName(number));
    const bytes = fs.readFileSync(file);
    const frames = readSegment(number === end.segment ? bytes.subarray(0, end.length) : bytes, file)?.frames;
    const entries = (frames ?? []).flatMap((frame) => frame.entries);
    for (const entry of entries) missing.delete(eventId(entry));
    const first = entries[0];
    if (first && readEvent(first).at < oldest - clockTrustMillis) break;
  }
  return [...missing.values()];
}
