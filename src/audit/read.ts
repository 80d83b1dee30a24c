import fs from 'node:fs';
import path from 'node:path';
import type { AuditEvent } from '#domain';
import { readEvent } from './event-text.ts';
import { segmentNumbers } from './journal.ts';
import { readSegment, segmentName } from './segment.ts';

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
    .filter((entry) => entry.isDirectory() && fs.existsSync(path.join(folder, entry.name, 'journal')))
    .map((entry) => path.join(folder, entry.name))
    .sort();
}

/** The events of one log in their order, oldest first; one segment at a time is in memory. */
export function* readEvents(folder: string, filter: EventFilter = {}): Generator<LoggedEvent> {
  for (const number of segmentNumbers(folder)) {
    const file = path.join(folder, 'journal', segmentName(number));
    const segment = readSegment(fs.readFileSync(file), file);
    for (const frame of segment?.frames ?? []) {
      for (const [offset, entry] of frame.entries.entries()) {
        const event = readEvent(entry);
        if (passes(event, filter)) yield { index: frame.firstIndex + offset, event };
      }
    }
  }
}

/** Those of the events that the log does not hold yet; only the newest segments are looked through. */
export function missingEvents(folder: string, events: readonly AuditEvent[]): readonly AuditEvent[] {
  if (events.length === 0) return [];
  const missing = new Map(events.map((event) => [event.id, event]));
  for (const number of segmentNumbers(folder).slice(-3)) {
    const file = path.join(folder, 'journal', segmentName(number));
    for (const frame of readSegment(fs.readFileSync(file), file)?.frames ?? []) {
      for (const entry of frame.entries) missing.delete(readEvent(entry).id);
    }
  }
  return [...missing.values()];
}
