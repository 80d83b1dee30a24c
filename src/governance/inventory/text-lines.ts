type Field = string | number | boolean | null | readonly string[];
/** Anything that is told as a line: flat, with texts, numbers and lists of texts. */
export type Line = Readonly<Record<string, Field>>;

/** What a spreadsheet would take for the beginning of a formula, or skips in front of one. */
const formulaStart = /^\s*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20]|^[\t\r\n]/;

/**
 * One field of CSV. A text that a spreadsheet would calculate gets an apostrophe in front; numbers stay as they are.
 */
//= rfc4180 2: fields with line breaks, double quotes or commas stand in double quotes, and double quotes are doubled
export function csvField(field: Field): string {
  if (field === null) return '';
  if (typeof field === 'number' || typeof field === 'boolean') return String(field);
  const text = (typeof field === 'string' ? field : field.join(' '))
    .toWellFormed()
    .replaceAll('\0', '\uFFFD');
  const safe = formulaStart.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

//= rfc4180 2: lines end with CRLF, and a first one may name the fields
/** Rows as CSV: the fields of the first one are the columns. Nothing for no rows. */
export async function* csvOf(rows: AsyncIterable<Line>): AsyncGenerator<string> {
  let columns: readonly string[] | null = null;
  for await (const row of rows) {
    if (columns === null) {
      columns = Object.keys(row);
      yield `${columns.map(csvField).join(',')}\r\n`;
    }
    yield `${columns.map((column) => csvField(row[column] ?? null)).join(',')}\r\n`;
  }
}

/** Rows as JSON, one a line. */
export async function* jsonLinesOf(rows: AsyncIterable<Line>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}
