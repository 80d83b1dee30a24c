import type { FilledPath } from './template.ts';

/** What a rule's path stands for. */
export type PathPattern = {
  /** The same for all rules of one path, and only for them. */
  readonly key: string;
  /** Without the star at its end. */
  readonly text: string;
  /** What stands between slashes; null is `+`, exactly one segment, which may be empty. */
  readonly segments: readonly (string | null)[];
  /** Ends with `*`: anything may follow. */
  readonly isGlob: boolean;
  /** How many segments are `+`. */
  readonly plusCount: number;
  /** Where the first wildcard stands, in characters. */
  readonly firstWildcard: number;
};

/** Reads the wildcards of a path: a segment that is `+`, and a `*` at the end. Elsewhere both signs are literal. */
export function pathPattern({ text: whole, shape: wholeShape }: FilledPath): PathPattern {
  // paths begin behind `/v1/`
  const from = whole.startsWith('/') ? 1 : 0;
  const isGlob = wholeShape.endsWith('*');
  const text = whole.slice(from, isGlob ? -1 : undefined);
  const shapes = wholeShape.slice(from, isGlob ? -1 : undefined).split('/');
  const segments = text.split('/').map((segment, index) => (shapes[index] === '+' ? null : segment));
  const firstPlus = segments.indexOf(null);
  return {
    key: `${isGlob ? '*' : '='}${segments.map((segment) => segment ?? '\0').join('/')}`,
    text,
    segments,
    isGlob,
    plusCount: segments.filter((segment) => segment === null).length,
    firstWildcard:
      firstPlus < 0
        ? text.length
        : segments.slice(0, firstPlus).reduce((sum, segment) => sum + (segment?.length ?? 0) + 1, 0),
  };
}

export function isExact({ isGlob, plusCount }: PathPattern): boolean {
  return !isGlob && plusCount === 0;
}

/**
 * The order in which patterns are asked, the best first: the later first wildcard, no star at the end, fewer `+`,
 * the longer, the lexicographically larger.
 */
//= vault policies, "Priority matching"
export function compareBest(a: PathPattern, b: PathPattern): number {
  return (
    b.firstWildcard - a.firstWildcard ||
    Number(a.isGlob) - Number(b.isGlob) ||
    a.plusCount - b.plusCount ||
    b.text.length - a.text.length ||
    (a.text < b.text ? 1 : -1)
  );
}

/** Whether a path is one of those that the pattern stands for. */
export function matchesPath({ text, segments, isGlob, plusCount }: PathPattern, path: string): boolean {
  if (plusCount === 0) return isGlob ? path.startsWith(text) : path === text;
  let start = 0;
  const last = segments.length - 1;
  for (let index = 0; index <= last; index += 1) {
    const segment = segments[index] ?? null;
    if (index === last && isGlob) return path.startsWith(segment ?? '', start);
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (segment !== null && (end - start !== segment.length || !path.startsWith(segment, start)))
      return false;
    if (index === last) return end === path.length;
    if (end === path.length) return false;
    start = end + 1;
  }
  return false;
}

/** Whether the pattern stands for any path that begins with the prefix. */
export function reachesBelow({ segments, isGlob }: PathPattern, prefix: string): boolean {
  const parts = prefix.split('/');
  const last = segments.length - 1;
  for (const [index, part] of parts.entries()) {
    const segment = segments[index];
    if (segment === undefined) return false;
    // the last part of the prefix may go on
    if (index === parts.length - 1 && (segment === null || segment.startsWith(part))) return true;
    if (index === last && isGlob && segment !== null) return part.startsWith(segment);
    if (index === parts.length - 1 || (segment !== null && segment !== part)) return false;
  }
  return false;
}
