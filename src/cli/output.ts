import { ClavigerApiError, EnvelopeError } from '#sdk';

/** Exit codes; `claviger help exit-codes` lists them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  unavailable: 6,
  verificationFailed: 8,
  timeout: 124,
} as const;

/** A failure with what to do next. */
export class CliError extends Error {
  readonly exit: number;
  readonly next: string | null;

  constructor(exit: number, message: string, next: string | null = null) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
    this.next = next;
  }
}

const byStatus: Readonly<Record<number, number>> = {
  400: exitCodes.failed,
  401: exitCodes.denied,
  403: exitCodes.denied,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  410: exitCodes.notFound,
  503: exitCodes.unavailable,
};

function exitOf(error: unknown): number {
  if (error instanceof CliError) return error.exit;
  if (error instanceof EnvelopeError) return exitCodes.verificationFailed;
  if (!(error instanceof ClavigerApiError)) return exitCodes.failed;
  if (error.code === 'timeout') return exitCodes.timeout;
  if (error.code === 'unreachable') return exitCodes.unavailable;
  if (/^(ciphertext|signature|mac)-invalid$/.test(error.code)) return exitCodes.verificationFailed;
  return byStatus[error.status] ?? exitCodes.failed;
}

function nextOf(error: unknown): string | null {
  if (error instanceof CliError) return error.next;
  if (!(error instanceof ClavigerApiError)) return null;
  if (error.code === 'unreachable')
    return 'start the server (npm start, or claviger serve), or set CLAVIGER_ADDR';
  if (error.status === 401) return 'set CLAVIGER_TOKEN, or source credentials.env of the server';
  return null;
}

/** Says an error on stderr and returns the exit code. */
export function tellError(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`claviger: ${message}\n`);
  if (error instanceof ClavigerApiError && error.requestId)
    process.stderr.write(`  request: ${error.requestId}\n`);
  const next = nextOf(error);
  if (next) process.stderr.write(`  next: ${next}\n`);
  return exitOf(error);
}

const coloured = () =>
  process.env['FORCE_COLOR'] !== undefined ||
  (process.stdout.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb');

const stateColours: Readonly<Record<string, number>> = {
  active: 32,
  suspended: 33,
  deactivated: 33,
  'destruction-scheduled': 31,
  compromised: 31,
  destroyed: 90,
};

function paint(cell: string, padded: string): string {
  const colour = stateColours[cell];
  return colour !== undefined && coloured() ? `\u001b[${colour}m${padded}\u001b[0m` : padded;
}

type Cell = string | number | boolean | null | undefined;

/** An aligned table, no wider than the terminal. */
export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => (cell === null || cell === undefined ? '-' : String(cell))),
  );
  const widths = columns.map((name, at) =>
    Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[], colour: boolean) =>
    row
      .map((cell, at) => {
        const padded = at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0);
        return colour ? paint(cell, padded) : padded;
      })
      .join('  ');
  const head = line(
    columns.map((name) => name.toUpperCase()),
    false,
  );
  return `${[head, ...cells.map((row) => line(row, true))].join('\n')}\n`;
}

export type OutputForm = 'table' | 'json' | 'jsonl';

/** How answers are shown: a table for eyes, JSON for everything else. */
export function formOf(wanted: string | undefined): OutputForm {
  if (wanted === 'table' || wanted === 'json' || wanted === 'jsonl') return wanted;
  if (wanted !== undefined)
    throw new CliError(exitCodes.usage, `There is no output form ${wanted}.`, 'use -o table, json or jsonl');
  return process.stdout.isTTY ? 'table' : 'json';
}

/** Writes an answer in the form that is wanted; `eyes` makes the table. */
export function show(wanted: string | undefined, value: unknown, eyes: () => string): void {
  const form = formOf(wanted);
  if (form === 'table') process.stdout.write(eyes());
  else if (form === 'json') process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  else
    for (const entry of Array.isArray(value) ? value : [value])
      process.stdout.write(`${JSON.stringify(entry)}\n`);
}

/** Names and values, a line each. */
export function facts(value: object): string {
  const entries = Object.entries(value).filter(([, entry]) => typeof entry !== 'object' || entry === null);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries
    .map(([name, entry]) => `${name.padEnd(width)}  ${paint(String(entry), String(entry ?? '-'))}\n`)
    .join('');
}
