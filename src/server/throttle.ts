/** Lets so many through at once, and then so many a second. */
export type ThrottleLimits = { readonly burst: number; readonly perSecond: number };

/**
 * Bounds how often something is said. It answers how many were held back since the last one that was let through; null holds
 * this one back.
 */
export function createThrottle({ burst, perSecond }: ThrottleLimits, now: () => number): () => number | null {
  let left = burst;
  let filledAt = now();
  let heldBack = 0;
  return () => {
    const at = now();
    left = Math.min(burst, left + (Math.max(0, at - filledAt) / 1000) * perSecond);
    filledAt = at;
    if (left < 1) {
      heldBack += 1;
      return null;
    }
    left -= 1;
    const before = heldBack;
    heldBack = 0;
    return before;
  };
}
