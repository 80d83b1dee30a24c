import { ClavigerError } from '#domain';
import type { LogEntry } from '#ports';
import type { KeyFacts, PopulationHead } from '../population.ts';

const bytesMark = '$bytes';

function withBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { [bytesMark]: Buffer.from(value).toString('base64') } : value;
}

function asBytes(_name: string, value: unknown): unknown {
  const text = (value as Record<string, unknown> | null)?.[bytesMark];
  return typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : value;
}

function unreadable(cause?: unknown): ClavigerError {
  return new ClavigerError('input-invalid', 'A line of the bundle is not as it must be.', { cause });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, asBytes);
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** A row of a population as a line of text; bytes are told in base64. */
export function rowText(row: KeyFacts | PopulationHead): string {
  return JSON.stringify(row, withBytes);
}

/** Reads a row back. It is believed as far as its bytes were proved before. Throws `input-invalid`. */
export function readRow<T extends KeyFacts | PopulationHead>(text: string): T {
  return parsed(text) as T;
}

/** An event with its place, as the log hashed it. */
export function entryLine({ index, entry }: LogEntry): string {
  return JSON.stringify({ index, entry: Buffer.from(entry).toString('utf8') });
}

/** Reads it back. Throws `input-invalid`. */
export function readEntryLine(text: string): LogEntry {
  const { index, entry } = parsed(text) as { index?: unknown; entry?: unknown };
  if (typeof index !== 'number' || typeof entry !== 'string') throw unreadable();
  return { index, entry: new Uint8Array(Buffer.from(entry)) };
}
