import { factsOf, type KeySpec } from '#domain';

/** A key of the wrap graph. */
export type WrapNode = { readonly spec: KeySpec; readonly wrappedBy: readonly string[] };

/** Keys above a key that are looked at, at most. */
const stepsMax = 1000;

//= sp800-57p1r5 5.6.1.1: the strength of a key is that of the weakest key that protected it
/**
 * The security strength that is left of a key, in bits: the weakest of its own and of all keys that it, or they, were wrapped under. A
 * key that is not known (null) weakens nothing; circles are walked once.
 */
export function effectiveStrength(node: WrapNode, nodeOf: (keyId: string) => WrapNode | null): number {
  let weakest = factsOf(node.spec).strengthBits;
  const seen = new Set<string>();
  const waiting = [...node.wrappedBy];
  for (let id = waiting.pop(); id !== undefined && seen.size < stepsMax; id = waiting.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const above = nodeOf(id);
    if (!above) continue;
    weakest = Math.min(weakest, factsOf(above.spec).strengthBits);
    waiting.push(...above.wrappedBy);
  }
  return weakest;
}
