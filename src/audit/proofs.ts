import { constantTimeEqual } from '#crypto';
import { nodeHash } from './merkle-hash.ts';

/** Roots of subtrees by the range of leaves below them; `end` is exclusive. */
export type SubtreeRoot = (begin: number, end: number) => Buffer;

/** The largest power of two below n. */
function splitOf(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}

/** A reader of subtree roots over leaf hashes that are all at hand. */
export function subtreeRoots(leaves: readonly Buffer[]): SubtreeRoot {
  const rootOf: SubtreeRoot = (begin, end) => {
    const only = leaves[begin];
    if (end - begin === 1 && only) return only;
    const middle = begin + splitOf(end - begin);
    return nodeHash(rootOf(begin, middle), rootOf(middle, end));
  };
  return rootOf;
}

//= rfc6962 2.1.1: PATH(m, D[n])
/** The hashes that prove a leaf to be in the tree of that size, lowest first. */
export function inclusionProof(index: number, size: number, rootOf: SubtreeRoot): Buffer[] {
  const path = (at: number, begin: number, end: number): Buffer[] => {
    if (end - begin === 1) return [];
    const middle = begin + splitOf(end - begin);
    return at < middle
      ? [...path(at, begin, middle), rootOf(middle, end)]
      : [...path(at, middle, end), rootOf(begin, middle)];
  };
  if (index < 0 || index >= size) throw new RangeError('The tree has no such leaf.');
  return path(index, 0, size);
}

//= rfc6962 2.1.2: PROOF(m, D[n])
/** The hashes that prove a tree to be the beginning of a later one. */
export function consistencyProof(oldSize: number, size: number, rootOf: SubtreeRoot): Buffer[] {
  const subproof = (m: number, begin: number, end: number, whole: boolean): Buffer[] => {
    if (m === end - begin) return whole ? [] : [rootOf(begin, end)];
    const split = splitOf(end - begin);
    return m <= split
      ? [...subproof(m, begin, begin + split, whole), rootOf(begin + split, end)]
      : [...subproof(m - split, begin + split, end, false), rootOf(begin, begin + split)];
  };
  if (oldSize < 0 || oldSize > size) throw new RangeError('The old tree is not smaller.');
  return oldSize === 0 || oldSize === size ? [] : subproof(oldSize, 0, size, true);
}

//= rfc9162 2.1.3.2: verifying an inclusion proof
export function isIncluded(
  leaf: { readonly hash: Buffer; readonly index: number },
  tree: { readonly size: number; readonly root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (leaf.index >= tree.size) return false;
  let [at, last, result] = [leaf.index, tree.size - 1, leaf.hash];
  for (const step of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      result = nodeHash(step, result);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      result = nodeHash(result, step);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && constantTimeEqual(result, tree.root);
}

type Tree = { readonly size: number; readonly root: Buffer };

//= rfc9162 2.1.4.2: verifying a consistency proof
export function isConsistent(old: Tree, tree: Tree, proof: readonly Buffer[]): boolean {
  if (old.size === tree.size) return proof.length === 0 && constantTimeEqual(old.root, tree.root);
  if (old.size === 0 || old.size > tree.size) return old.size === 0 && proof.length === 0;
  return isLaterTree(old, tree, proof);
}

function isLaterTree(old: Tree, tree: Tree, proof: readonly Buffer[]): boolean {
  const isPower = (old.size & (old.size - 1)) === 0;
  const steps = isPower ? [old.root, ...proof] : [...proof];
  let [at, last] = [old.size - 1, tree.size - 1];
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  const first = steps.shift();
  if (!first) return false;
  let [oldResult, result] = [first, first];
  for (const step of steps) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldResult = nodeHash(step, oldResult);
      result = nodeHash(step, result);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      result = nodeHash(result, step);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && constantTimeEqual(oldResult, old.root) && constantTimeEqual(result, tree.root);
}
