import path from 'node:path';

//= c2sp.org/tlog-tiles: an index is written in groups of three digits, all but the last with an x before
function indexPath(index: number): string {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
}

/** Where a tile of hashes stands; `width` below 256 for a partial one. */
export function tilePath(level: number, index: number, width: number): string {
  const full = path.join('tile', String(level), indexPath(index));
  return width === 256 ? full : `${full}.p/${width}`;
}

/** Where a bundle of entries stands. */
export function bundlePath(index: number, width: number): string {
  const full = path.join('tile', 'entries', indexPath(index));
  return width === 256 ? full : `${full}.p/${width}`;
}

/** A bundle: each entry after its length, two bytes, big-endian. */
export function bundleBytes(entries: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    parts.push(length, entry);
  }
  return Buffer.concat(parts);
}
