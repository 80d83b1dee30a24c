const none: ReadonlySet<number> = new Set();

/**
 * Whether a text matches a pattern in which `*` stands for any characters and `?` for one; linear in space, and in time
 * but for the stars. The characters at `literals` stand for themselves.
 */
export function matchesWildcard(pattern: string, text: string, literals = none): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  const isWild = (sign: string) => pattern[p] === sign && !literals.has(p);
  while (t < text.length) {
    if (isWild('*')) {
      star = p;
      mark = t;
      p += 1;
    } else if (isWild('?') || pattern[p] === text[t]) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else {
      return false;
    }
  }
  while (isWild('*')) p += 1;
  return p === pattern.length;
}
