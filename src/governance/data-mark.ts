import type { Key } from '#domain';

/**
 * How a key says that it protects data of which a standard speaks: the tag `data` with a value, or a data classification. Upper and lower
 * case are one.
 */
export const dataMarks = Object.freeze({
  __proto__: null as never,
  'account-data': { tag: 'pan', classification: 'cardholder', words: 'account data' },
  'health-data': { tag: 'ephi', classification: 'ephi', words: 'electronic health information' },
});

export type DataMark = Exclude<keyof typeof dataMarks, '__proto__'>;

const same = (a: string, b: string): boolean => a.length === b.length && a.toLowerCase() === b;

/** Whether a key says that it protects such data. */
export function isMarked({ tags, dataClassification }: Key, mark: DataMark): boolean {
  const { tag, classification } = dataMarks[mark];
  return (
    same(dataClassification, classification) ||
    tags.some(({ key, value }) => same(key, 'data') && same(value, tag))
  );
}

/** The convention, in words. */
export function markWords(mark: DataMark): string {
  const { tag, classification } = dataMarks[mark];
  return `tag "data" = "${tag}", or data classification "${classification}"`;
}
