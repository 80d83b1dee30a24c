import { part, type Call } from './transport.ts';

/** A moment after which something is not as it was; times are ISO 8601. */
export type DeadlineRecord = {
  readonly kind: string;
  readonly at: string;
  readonly subject: string;
  readonly environment: string | null;
  readonly name: string;
  readonly owner: string | null;
  readonly what: string;
  readonly byItself: string | null;
  readonly todo: string | null;
  readonly command: string | null;
};

export type DueRecord = {
  readonly format: string;
  /** The moment for which it is told. */
  readonly at: string;
  readonly until: string;
  /** All that fall due until then. */
  readonly total: number;
  readonly overdue: number;
  readonly byKind: Readonly<Record<string, number>>;
  /** The first ones by time. */
  readonly deadlines: readonly DeadlineRecord[];
};

/** A document as its parts; `claviger document` makes Markdown or HTML of it. */
export type DocumentRecord = {
  readonly format: string;
  readonly kind: string;
  readonly title: string;
  readonly about: readonly (readonly [string, string])[];
  readonly sections: readonly { readonly title: string; readonly blocks: readonly object[] }[];
  readonly missing: readonly string[];
};

export type DueWish = {
  readonly withinDays?: number;
  readonly limit?: number;
  readonly environment?: string;
};

/** What falls due, and documents that are written of everything there is. */
export function writtenOf(call: Call) {
  const query = (values: Readonly<Record<string, string | number | undefined>>): string => {
    const told = Object.entries(values).filter(([, value]) => value !== undefined);
    return told.length === 0
      ? ''
      : `?${new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString()}`;
  };
  return {
    due: async (wish: DueWish = {}) => (await call('GET', `/due${query(wish)}`)) as unknown as DueRecord,
    document: async (kind: string, environment?: string) =>
      (await call('GET', `/documents/${part(kind)}${query({ environment })}`)) as unknown as DocumentRecord,
  };
}
