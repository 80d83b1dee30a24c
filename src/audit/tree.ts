import { emptyRoot, hashBytes, nodeHash } from './merkle-hash.ts';

/** Hashes of a tile; 256 of them make one hash of the level above. */
export const tileWidth = 256;
const tileHeight = 8;

/** A tile with all its hashes, one after the other. */
export type FullTile = { readonly level: number; readonly index: number; readonly hashes: Buffer };

/** An unfinished tile: hashes are copied into it, so that thousands of small buffers a second don't outlive their use. */
type Tile = { readonly hashes: Buffer; readonly count: number };

function newTile(hashes: readonly Buffer[] = []): Tile {
  const tile = Buffer.allocUnsafeSlow(tileWidth * hashBytes);
  for (const [at, hash] of hashes.entries()) tile.set(hash, at * hashBytes);
  return { hashes: tile, count: hashes.length };
}

/** What a tree can be continued from. */
export type TreeState = {
  readonly size: number;
  /** Roots of the perfect subtrees that the tree is made of, largest first, hexadecimal. */
  readonly peaks: readonly string[];
  /** Hashes of the unfinished tile of each level, hexadecimal. */
  readonly levels: readonly (readonly string[])[];
};

/** An append-only Merkle tree that keeps only its right edge; finished tiles are handed over. */
export class GrowingTree {
  #size: number;
  readonly #peaks: { height: number; hash: Buffer }[] = [];
  readonly #levels: Tile[] = [];

  constructor(state: TreeState = { size: 0, peaks: [], levels: [] }) {
    this.#size = state.size;
    let left = state.size;
    for (const peak of state.peaks) {
      const height = Math.floor(Math.log2(left));
      this.#peaks.push({ height, hash: Buffer.from(peak, 'hex') });
      left -= 2 ** height;
    }
    for (const hashes of state.levels)
      this.#levels.push(newTile(hashes.map((text) => Buffer.from(text, 'hex'))));
  }

  get size(): number {
    return this.#size;
  }

  /** Appends a leaf; tiles that it finishes are pushed to `finished`. */
  append(leaf: Buffer, finished: FullTile[]): void {
    this.#addToTile(0, leaf, this.#size, finished);
    this.#size += 1;
    let node = { height: 0, hash: leaf };
    for (let top = this.#peaks.at(-1); top?.height === node.height; top = this.#peaks.at(-1)) {
      this.#peaks.pop();
      node = { height: node.height + 1, hash: nodeHash(top.hash, node.hash) };
      if (node.height % tileHeight === 0) {
        const level = node.height / tileHeight;
        this.#addToTile(level, node.hash, this.#size / 2 ** node.height - 1, finished);
      }
    }
    this.#peaks.push(node);
  }

  //= rfc6962 2.1: the root joins the perfect subtrees from the right
  root(): Buffer {
    let root: Buffer | null = null;
    for (let index = this.#peaks.length - 1; index >= 0; index -= 1) {
      const peak = this.#peaks[index];
      if (peak) root = root ? nodeHash(peak.hash, root) : peak.hash;
    }
    return root ?? emptyRoot();
  }

  /** What to go back to when what was appended could not be kept. */
  snapshot(): () => void {
    // hashes behind the count of a tile are written again, never those before it
    const [size, peaks, levels] = [this.#size, [...this.#peaks], [...this.#levels]];
    return () => {
      this.#size = size;
      this.#peaks.splice(0, this.#peaks.length, ...peaks);
      this.#levels.splice(0, this.#levels.length, ...levels);
    };
  }

  /** A copy of the unfinished tile of each level. */
  partialTiles(): readonly Buffer[] {
    return this.#levels.map(({ hashes, count }) => Buffer.from(hashes.subarray(0, count * hashBytes)));
  }

  state(): TreeState {
    return {
      size: this.#size,
      peaks: this.#peaks.map((peak) => peak.hash.toString('hex')),
      levels: this.#levels.map(({ hashes, count }) =>
        Array.from({ length: count }, (_, at) =>
          hashes.toString('hex', at * hashBytes, (at + 1) * hashBytes),
        ),
      ),
    };
  }

  #addToTile(level: number, hash: Buffer, position: number, finished: FullTile[]): void {
    const { hashes, count } = this.#levels[level] ?? newTile();
    hashes.set(hash, count * hashBytes);
    const isFull = count + 1 === tileWidth;
    this.#levels[level] = isFull ? newTile() : { hashes, count: count + 1 };
    if (!isFull) return;
    finished.push({ level, index: Math.floor(position / tileWidth), hashes });
  }
}
