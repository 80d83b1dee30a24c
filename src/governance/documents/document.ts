/** A cell of a table, a paragraph: words as they are, which each renderer escapes. */
export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'list'; readonly entries: readonly string[] }
  /** Lines to be typed or read exactly as they are. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  /** Boxes in which people sign by hand. */
  | { readonly kind: 'signatures'; readonly who: readonly string[] };

export type Section = { readonly title: string; readonly blocks: readonly Block[] };

/** A document that a machine writes and people read, whatever form it gets. */
export type WrittenDocument = {
  readonly format: 'claviger-document/1';
  readonly kind: string;
  readonly title: string;
  /** What is said of it as a whole: for which moment it holds, of which house. */
  readonly about: readonly (readonly [string, string])[];
  readonly sections: readonly Section[];
  /** What the document should say and nobody has told, one line each. */
  readonly missing: readonly string[];
};

export const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
export const list = (entries: readonly string[]): Block => ({ kind: 'list', entries });
export const lines = (...all: readonly string[]): Block => ({ kind: 'lines', lines: all });
export const signatures = (who: readonly string[]): Block => ({ kind: 'signatures', who });

/** A table, or words that say that there is nothing. */
export function tableOr(
  nothing: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Block {
  return rows.length === 0 ? paragraph(nothing) : { kind: 'table', columns, rows };
}

/** The day of a moment (UTC). */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
/** Takes down what a document has no answer for: nothing is left blank in silence. */
export type Gaps = {
  /** The value; where there is none, a mark in its place and a line among what is missing. */
  readonly need: (value: string | null | undefined, what: string) => string;
  /** A line among what is missing. */
  readonly miss: (what: string) => void;
  readonly all: () => readonly string[];
};

export const missingMark = '[missing]';

export function createGaps(): Gaps {
  const missing = new Set<string>();
  return {
    need(value, what) {
      if (value !== null && value !== undefined && value.trim() !== '') return value;
      missing.add(what);
      return missingMark;
    },
    miss: (what) => void missing.add(what),
    all: () => [...missing],
  };
}
