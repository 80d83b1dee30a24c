import { createHash, type Hash } from 'node:crypto';

export const evidenceFormat = 'claviger-evidence/1';

/** The files of a bundle, in the order in which they are written. */
export const bundleFiles = Object.freeze({
  head: 'population/head.json',
  keys: 'population/keys.jsonl',
  events: 'population/events.jsonl',
  checkpoint: 'log/checkpoint',
  logKeys: 'log/keys.json',
  leafHashes: 'log/leaf-hashes',
  run: 'run.json',
  report: 'report.html',
  results: 'oscal/assessment-results.json',
  plan: 'oscal/assessment-plan.json',
  readme: 'README.md',
});

/** These two are about all the others. */
export const manifestFile = 'manifest.json';
export const signaturesFile = 'signatures.json';

export type ManifestEntry = { readonly name: string; readonly bytes: number; readonly sha256: string };

/** What a bundle holds; its text is what the house signs. */
export type Manifest = {
  readonly format: typeof evidenceFormat;
  readonly framework: string;
  readonly software: string;
  /** ISO 8601, UTC: the moment for which everything was judged. */
  readonly at: string;
  readonly files: readonly ManifestEntry[];
};

/** A piece of a file of a bundle, in order; the pieces of one file come one after the other. */
export type Piece = { readonly file: string; readonly bytes: Uint8Array };

/** Counts and hashes the pieces that go by. */
export class Digests {
  readonly #found = new Map<string, { bytes: number; readonly hash: Hash }>();

  add({ file, bytes }: Piece): void {
    const known = this.#found.get(file) ?? { bytes: 0, hash: createHash('sha256') };
    this.#found.set(file, known);
    known.bytes += bytes.length;
    known.hash.update(bytes);
  }

  /** Ordered by name. It can be asked once. */
  entries(): ManifestEntry[] {
    return [...this.#found]
      .map(([name, { bytes, hash }]) => ({ name, bytes, sha256: hash.digest('hex') }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** What is signed of a bundle. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
