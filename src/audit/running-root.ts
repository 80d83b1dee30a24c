import { emptyRoot, nodeHash } from './merkle-hash.ts';

type Peak = { readonly size: number; readonly hash: Uint8Array };

/** The root hash of a tree whose leaf hashes go by one after the other. */
export class RunningRoot {
  #size = 0;
  readonly #peaks: Peak[] = [];

  get size(): number {
    return this.#size;
  }

  add(leaf: Uint8Array): void {
    let peak: Peak = { size: 1, hash: leaf };
    for (let top = this.#peaks.at(-1); top?.size === peak.size; top = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { size: peak.size * 2, hash: nodeHash(top.hash, peak.hash) };
    }
    this.#peaks.push(peak);
    this.#size += 1;
  }

  //= rfc6962 2.1: the tree of n leaves is that of its perfect subtrees, the largest first
  root(): Buffer {
    const [last, ...larger] = this.#peaks.toReversed();
    if (!last) return emptyRoot();
    return Buffer.from(larger.reduce((right, { hash }) => nodeHash(hash, right), last.hash));
  }
}
