import { type Source, shown } from './source.ts';

export type Token = {
  readonly kind: 'word' | 'string' | 'number' | 'sign' | 'end';
  /** The word, the sign, the number as written, or what the string says. */
  readonly text: string;
  readonly at: number;
};

const blank = /[ \t\r\n]*/y;
const word = /[A-Za-z_][\w.-]*/y;
const number = /-?(?:0[xX][0-9a-fA-F]+|(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
const jsonNumber = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const plain = /[^"\\\p{Cc}]*/uy;
const heredocHead = /<<(-?)([A-Za-z_]\w*)\r?\n/y;
const codePoint = /u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y;

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const signs = { hcl: '{}[]=,', json: '{}[]:,' } as const;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Reads a text token by token; comments are blank. Every call goes forward, and the end repeats itself. */
export function scan(source: Source): () => Token {
  const { text, dialect } = source;
  let place = text.startsWith('\uFEFF') ? 1 : 0;

  function skipBlank(): void {
    for (;;) {
      place += match(blank, text, place)?.[0].length ?? 0;
      if (dialect === 'json') return;
      if (text.startsWith('/*', place)) {
        const end = text.indexOf('*/', place + 2);
        if (end < 0) throw source.malformed(place, 'the comment that begins here has no end (*/)');
        place = end + 2;
      } else if (text[place] === '#' || text.startsWith('//', place)) {
        const end = text.indexOf('\n', place);
        place = end < 0 ? text.length : end;
      } else {
        return;
      }
    }
  }

  function take(kind: Token['kind'], value: string, end: number): Token {
    const at = place;
    place = end;
    return { kind, text: value, at };
  }

  return function next(): Token {
    skipBlank();
    const sign = text[place];
    if (sign === undefined) return take('end', '', place);
    if (signs[dialect].includes(sign)) return take('sign', sign, place + 1);
    if (sign === '"') {
      const { value, end } = quoted(source, place);
      return take('string', value, end);
    }
    if (dialect === 'hcl' && text.startsWith('<<', place)) {
      const { value, end } = heredoc(source, place);
      return take('string', value, end);
    }
    for (const [kind, pattern] of [
      ['word', word],
      ['number', dialect === 'hcl' ? number : jsonNumber],
    ] as const) {
      const found = match(pattern, text, place)?.[0];
      if (found) return take(kind, found, place + found.length);
    }
    throw source.malformed(place, `${shown(sign)} is not expected here`);
  };
}

function quoted(source: Source, from: number): { readonly value: string; readonly end: number } {
  const { text, dialect } = source;
  let value = '';
  let place = from + 1;
  for (;;) {
    const run = match(plain, text, place)?.[0] ?? '';
    value += run;
    place += run.length;
    const sign = text[place];
    if (sign === '"') break;
    if (sign === '\\') {
      const escape = escaped(source, place + 1);
      value += escape.value;
      place = escape.end;
    } else if (sign !== undefined && (sign >= '\u007f' || (sign === '\t' && dialect === 'hcl'))) {
      value += sign;
      place += 1;
    } else {
      throw source.malformed(from, 'the string that begins here does not end on its line with a quote');
    }
  }
  if (dialect === 'hcl' && value.includes('${'))
    throw source.malformed(from, 'interpolation (a dollar sign and a brace) has no meaning in a policy');
  return { value, end: place + 1 };
}

function escaped(source: Source, at: number): { readonly value: string; readonly end: number } {
  const { text, dialect } = source;
  const sign = text[at] ?? '';
  const simple = escapes.get(sign) ?? (sign === '/' && dialect === 'json' ? '/' : undefined);
  if (simple !== undefined) return { value: simple, end: at + 1 };
  const found = match(codePoint, text, at);
  const code = Number.parseInt(found?.[1] ?? found?.[2] ?? '', 16);
  const known = found !== null && code <= 0x10ffff && (dialect === 'hcl' || sign === 'u');
  if (!known) throw source.malformed(at - 1, 'this escape is unknown; \\" \\\\ \\n \\t \\uXXXX are known');
  return { value: String.fromCodePoint(code), end: at + found[0].length };
}

/** `<<END` up to a line that holds END alone; `<<-END` takes the indentation of that line away from every line. */
function heredoc(source: Source, from: number): { readonly value: string; readonly end: number } {
  const { text } = source;
  const head = match(heredocHead, text, from);
  if (!head) throw source.malformed(from, 'a heredoc begins with <<NAME at the end of a line');
  const [opening, dash, name = ''] = head;
  const lines: string[] = [];
  let place = from + opening.length;
  while (place < text.length) {
    const newline = text.indexOf('\n', place);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(place, end);
    if (line.trim() === name) {
      const indentation = line.slice(0, line.indexOf(name));
      const even = dash === '-' && lines.every((entry) => entry.startsWith(indentation));
      const kept = even ? lines.map((entry) => entry.slice(indentation.length)) : lines;
      return { value: kept.map((entry) => `${entry}\n`).join(''), end };
    }
    lines.push(line);
    place = end + 1;
  }
  throw source.malformed(from, `the heredoc that begins here has no line ${shown(name)} that ends it`);
}
