import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { ClavigerError, type AuditEvent } from '#domain';
import { readEvent } from './event-text.ts';
import { announcedEnd, readFrame } from './frame.ts';
import { segmentNumbers } from './journal.ts';
import type { LogEnd } from './read.ts';
import { segmentName, segmentStartEnd } from './segment.ts';

/** A place between two frames of a log: what is before it was read. */
export type LogPlace = {
  readonly segment: number;
  /** Bytes from the beginning of the segment's file; 0: before everything. */
  readonly offset: number;
  /** Index of the first event behind it. */
  readonly index: number;
};

type Entry = { readonly index: number; readonly event: () => AuditEvent };

/** Entries that follow each other, and where reading goes on after them. */
export type LogPart = { readonly entries: readonly Entry[]; readonly place: LogPlace };

/** Reads on in a log that is being written, from where it was left. */
export interface LogFollower {
  /** What comes next; null: nothing does at the moment. Rejects where the files can't be read. */
  next(): Promise<LogPart | null>;
  close(): Promise<void>;
}

const headBytes = 12;
const windowBytes = 256 * 1024;

type Reading = { readonly segment: number; readonly file: FileHandle };

/** As many bytes as the file has from there on, up to a length. */
async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

/** Where the first frame of a segment begins; null: its head is not whole yet. */
async function firstFrame(file: FileHandle): Promise<number | null> {
  return segmentStartEnd(await bytesAt(file, 0, headBytes));
}

/** The bytes of a window, or of the one frame there that is larger. */
async function windowAt(file: FileHandle, offset: number): Promise<Buffer> {
  const bytes = await bytesAt(file, offset, windowBytes);
  const end = announcedEnd(bytes, 0);
  return end !== null && end > bytes.length && bytes.length === windowBytes
    ? bytesAt(file, offset, end)
    : bytes;
}

function entryOf(bytes: Buffer, index: number): Entry {
  return { index, event: () => readEvent(bytes) };
}

function damagedAt({ segment }: LogPlace, offset: number): ClavigerError {
  const what = `No whole frame stands at byte ${offset} of segment ${segmentName(segment)} of the audit journal.`;
  return new ClavigerError('integrity-failed', what);
}

/**
 * Follows the log in a folder from a place on, never beyond its end, behind which nothing is durable. Where the place is none of
 * this log (any more), it begins with the oldest segment that there is: better twice than not at all.
 */
export function followLog(folder: string, from: LogPlace, end: () => LogEnd): LogFollower {
  let place = from;
  let reading: Reading | null = null;

  async function leave(): Promise<void> {
    const left = reading;
    reading = null;
    await left?.file.close();
  }

  async function enter(segment: number): Promise<FileHandle> {
    if (reading?.segment === segment) return reading.file;
    await leave();
    const file = await open(path.join(folder, 'journal', segmentName(segment)), 'r');
    reading = { segment, file };
    return file;
  }

  /** A place of this log: that which was given where it is one. */
  function placed(last: LogEnd): LogPlace | null {
    const numbers = segmentNumbers(folder).filter((number) => number <= last.segment);
    const [oldest] = numbers;
    if (oldest === undefined) return null;
    const isOfThis =
      numbers.includes(place.segment) && (place.segment < last.segment || place.offset <= last.length);
    return isOfThis ? place : { segment: oldest, offset: 0, index: 0 };
  }

  async function read(last: LogEnd): Promise<LogPart | null> {
    const file = await enter(place.segment);
    const offset = place.offset === 0 ? await firstFrame(file) : place.offset;
    if (offset === null) return null;
    const bytes = await windowAt(file, offset);
    const room = place.segment === last.segment ? last.length - offset : bytes.length;
    const entries: Entry[] = [];
    let at = 0;
    let { index } = place;
    while (at < room) {
      const frame = readFrame(bytes, at);
      if (!frame || frame.end > room) break;
      for (const [turn, entry] of frame.entries.entries())
        entries.push(entryOf(entry, frame.firstIndex + turn));
      index = frame.size;
      at = frame.end;
    }
    if (at === 0) {
      if (place.segment < last.segment && bytes.some((byte) => byte !== 0)) throw damagedAt(place, offset);
      return null;
    }
    place = { segment: place.segment, offset: offset + at, index };
    return { entries, place };
  }

  return {
    async next() {
      const last = end();
      const found = placed(last);
      if (!found) return null;
      place = found;
      for (;;) {
        const part = await read(last);
        if (part && part.entries.length > 0) return part;
        if (part) continue;
        const following = segmentNumbers(folder).find((number) => number > place.segment);
        if (following === undefined || following > last.segment) return null;
        place = { segment: following, offset: 0, index: place.index };
      }
    },
    close: leave,
  };
}

type Since = {
  /** Events that are older need not be read. */
  readonly since: number;
  /** Nor those with a lower index. */
  readonly indexMin: number;
};

/** The beginning of a segment before which no event is wanted, as near to those that are as segments allow. */
export async function placeInLog(folder: string, { since, indexMin }: Since): Promise<LogPlace> {
  let found: LogPlace = { segment: 1, offset: 0, index: 0 };
  for (const segment of segmentNumbers(folder).reverse()) {
    const file = await open(path.join(folder, 'journal', segmentName(segment)), 'r');
    try {
      const offset = await firstFrame(file);
      if (offset === null) continue;
      found = { segment, offset: 0, index: 0 };
      const frame = readFrame(await windowAt(file, offset), 0);
      const [first] = frame?.entries ?? [];
      if (!frame || !first) continue;
      found = { segment, offset: 0, index: frame.firstIndex };
      if (frame.firstIndex <= indexMin || readEvent(first).at <= since) break;
    } finally {
      await file.close();
    }
  }
  return found;
}
