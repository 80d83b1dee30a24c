import { ClavigerError } from '#domain';
import type { Alert } from '../alert.ts';
import { createDetector, type DetectorCounts } from '../detector.ts';
import { defaultSettings, type DetectorSettings } from '../settings.ts';
import { type Entry, EntrySplitter, malformed } from './entry-splitter.ts';
import { type IncidentResult, Measure, type Measured } from './measure.ts';
import { readEntry } from './read-entry.ts';

/** An alert, and whether the labels say that it is right; null where the file has no labels. */
export type JudgedAlert = Alert & { readonly isRight: boolean | null };

export type ReplayWish = {
  /** What is not said stands in `defaultSettings`. */
  readonly settings?: Partial<DetectorSettings>;
  /** Milliseconds of a clock that never goes back, e.g. `performance.now`. */
  readonly stopwatch: () => number;
  readonly onAlert?: (alert: JudgedAlert) => void | Promise<void>;
};

export type Replayed = {
  readonly counts: DetectorCounts & { readonly foreign: number };
  readonly alertCount: number;
  /** Of the detector alone, without reading and parsing. */
  readonly microsecondsPerEvent: number;
  /** Against the labels of the file; null where it has none. */
  readonly measured: (Measured & { readonly perIncident: readonly IncidentResult[] }) | null;
};

const gzipMark = 0x1f;

async function* entriesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  const splitter = new EntrySplitter();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw malformed(line, 'here, or soon after, the text is not UTF-8.');
    }
  };
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && chunk[0] === gzipMark)
      throw new ClavigerError('input-invalid', 'The file is compressed: unpack it first (gzip -dc FILE).');
    isFirst = false;
    for (const entry of splitter.push(decode(chunk))) {
      ({ line } = entry);
      yield entry;
    }
  }
  splitter.push(decode());
  yield* splitter.end();
}

/**
 * Runs events of a file through a detector, in bounded memory, and compares its alerts with the labels where there are some.
 * Throws `input-invalid`, with the line, for what is no event.
 */
export async function replayTraffic(chunks: AsyncIterable<Uint8Array>, wish: ReplayWish): Promise<Replayed> {
  const settings = { ...defaultSettings, ...wish.settings };
  const canaryKeys = new Set(settings.canaryKeys);
  const detector = createDetector({ ...settings, canaryKeys });
  const measure = new Measure(settings.learningDays);
  let isWhole = false;
  let isLabelled = false;
  let foreign = 0;
  let alertCount = 0;
  let millis = 0;
  for await (const entry of entriesOf(chunks)) {
    const read = readEntry(entry, isWhole);
    if (read.kind === 'event') {
      const begin = wish.stopwatch();
      const alert = detector.observe(read.event);
      millis += wish.stopwatch() - begin;
      const isRight = measure.note(read.event, read.label, alert);
      if (alert) {
        alertCount += 1;
        await wish.onAlert?.({ ...alert, isRight: isLabelled ? isRight : null });
      }
    } else if (read.kind === 'expected') {
      detector.expect(read.change);
    } else if (read.kind === 'header') {
      ({ isWhole, isLabelled } = read.header);
      for (const key of read.header.canaryKeys) canaryKeys.add(key);
    } else {
      foreign += 1;
    }
  }
  const counts = detector.counts();
  const { events, keys } = counts;
  return {
    counts: { ...counts, foreign },
    alertCount,
    microsecondsPerEvent: events === 0 ? 0 : Math.round((millis * 100_000) / events) / 100,
    measured: isLabelled ? { ...measure.result(keys), perIncident: measure.incidents() } : null,
  };
}
