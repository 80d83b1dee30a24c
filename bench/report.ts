import fs from 'node:fs';
import path from 'node:path';

/** One figure; where it has a bar, whether that holds. */
export type Line = {
  readonly name: string;
  readonly value: string;
  /** The figure as a number, for whoever reads the file. */
  readonly number: number;
  readonly bar?: string;
  readonly holds?: boolean;
};

const lines: Line[] = [];

/** Shows a figure at once and keeps it for the file. */
export function tell(line: Line): void {
  lines.push(line);
  const mark = line.holds === undefined ? '    ' : line.holds ? 'ok  ' : 'MISS';
  const bar = line.bar === undefined ? '' : `   (bar: ${line.bar})`;
  process.stdout.write(`${mark} ${line.name.padEnd(58)} ${line.value}${bar}\n`);
}

/** Writes the figures to a file, says how many bars are missed, and returns that number. */
export function finish(quick: boolean): number {
  const folder = path.join(import.meta.dirname, 'results');
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, quick ? 'quick.json' : 'last.json');
  fs.writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), quick, lines }, null, 2)}\n`);
  const missed = lines.filter((line) => line.holds === false).length;
  process.stdout.write(
    `${missed === 0 ? 'Every bar holds.' : `${missed} bars are missed.`} Figures: ${file}\n`,
  );
  return missed;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
