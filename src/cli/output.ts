import { Option } from 'commander';

const forms = ['table', 'json', 'jsonl'] as const;
type OutputForm = (typeof forms)[number];

/** The option of every command that answers with data. */
export const outputOption = (): Option =>
  new Option('-o, --output <form>', 'a table (on a terminal), or JSON (else)').choices(forms);

export type Shown = { readonly output?: OutputForm };

//= no-color.org, and FORCE_COLOR
function coloured(): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: plain, TERM: term } = process.env;
  if (forced !== undefined && forced !== '' && forced !== '0') return true;
  return process.stdout.isTTY && !plain && term !== 'dumb';
}

const colours: Readonly<Record<string, number>> = {
  active: 32,
  ok: 32,
  suspended: 33,
  deactivated: 33,
  warn: 33,
  'destruction-scheduled': 31,
  compromised: 31,
  fail: 31,
  destroyed: 90,
};

/** A word of state in its colour, padded. */
export function paint(word: string, padded = word): string {
  const colour = colours[word];
  return colour !== undefined && coloured() ? `\u001b[${colour}m${padded}\u001b[0m` : padded;
}

export type Cell = string | number | boolean | null | undefined;

/** What a terminal would take for a command is shown as its code. */
function plain(cell: Cell): string {
  const text = cell === null || cell === undefined || cell === '' ? '-' : String(cell);
  return text.replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A table whose columns are as wide as its first rows need; later rows follow them. */
function layout(columns: readonly string[], first: readonly (readonly Cell[])[]) {
  const widths = columns.map((name, at) =>
    Math.max(name.length, ...first.map((row) => plain(row[at]).length)),
  );
  const line = (row: readonly Cell[], mark: (cell: string, padded: string) => string) =>
    `${row
      .map((cell, at) => {
        const text = plain(cell);
        return mark(text, at === row.length - 1 ? text : text.padEnd(widths[at] ?? 0));
      })
      .join('  ')}\n`;
  return {
    head: line(
      columns.map((name) => name.toUpperCase()),
      (_cell, padded) => padded,
    ),
    row: (row: readonly Cell[]) => line(row, paint),
  };
}

export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const { head, row } = layout(columns, rows);
  return [head, ...rows.map(row)].join('');
}

function formOf(wanted: OutputForm | undefined): OutputForm {
  return wanted ?? (process.stdout.isTTY ? 'table' : 'json');
}

async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise((done) => process.stdout.once('drain', done));
}

/** Writes an answer in the form that is wanted; `eyes` makes the table. */
export async function show(
  wanted: OutputForm | undefined,
  value: unknown,
  eyes: () => string,
): Promise<void> {
  const form = formOf(wanted);
  if (form === 'table') await print(eyes());
  else if (form === 'json') await print(`${JSON.stringify(value, null, 2)}\n`);
  else for (const entry of Array.isArray(value) ? value : [value]) await print(`${JSON.stringify(entry)}\n`);
}

const batch = 100;

/** Writes a list as it comes, in constant memory. */
export async function showList<T>(
  wanted: OutputForm | undefined,
  entries: AsyncIterable<T>,
  eyes: { columns: readonly string[]; row: (entry: T) => readonly Cell[] },
): Promise<void> {
  const form = formOf(wanted);
  if (form === 'table') {
    await showTable(entries, eyes);
    return;
  }
  let count = 0;
  for await (const entry of entries) {
    const text =
      form === 'json' ? JSON.stringify(entry, null, 2).replaceAll('\n', '\n  ') : JSON.stringify(entry);
    await print(form === 'json' ? `${count === 0 ? '[' : ','}\n  ${text}` : `${text}\n`);
    count += 1;
  }
  if (form === 'json') await print(count === 0 ? '[]\n' : '\n]\n');
}

async function showTable<T>(
  entries: AsyncIterable<T>,
  { columns, row }: { columns: readonly string[]; row: (entry: T) => readonly Cell[] },
): Promise<void> {
  const waiting: (readonly Cell[])[] = [];
  let shape: ReturnType<typeof layout> | null = null;
  const flush = async () => {
    const begins = shape === null;
    shape ??= layout(columns, waiting);
    await print((begins ? shape.head : '') + waiting.splice(0).map(shape.row).join(''));
  };
  for await (const entry of entries) {
    waiting.push(row(entry));
    if (waiting.length >= batch) await flush();
  }
  if (waiting.length > 0 || shape === null) await flush();
}

/** Names and values, a line each. */
export function facts(value: Readonly<Record<string, Cell>>): string {
  const entries = Object.entries(value);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, entry]) => `${name.padEnd(width)}  ${paint(plain(entry))}\n`).join('');
}

/** At most so many entries of a list. */
export async function* take<T>(entries: AsyncIterable<T>, limit: number | undefined): AsyncGenerator<T> {
  let left = limit ?? Infinity;
  if (left <= 0) return;
  for await (const entry of entries) {
    yield entry;
    left -= 1;
    if (left <= 0) return;
  }
}
