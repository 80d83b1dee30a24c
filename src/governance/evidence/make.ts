import type { Attestation, LogEntry, PublishedLog } from '#ports';
import type { KeyFacts, PlacedEvent, PopulationHead } from '../population.ts';
import type { ComplianceRun, Framework } from '../framework.ts';
import { beginFramework, runText } from '../run.ts';
import {
  bundleFiles,
  Digests,
  evidenceFormat,
  manifestFile,
  manifestText,
  type Piece,
  signaturesFile,
} from './bundle.ts';
import { entryLine, rowText } from './rows.ts';
import { writings } from './writings.ts';

/** What a bundle is made of. */
export type EvidenceSource = {
  readonly head: PopulationHead;
  readonly keys: () => AsyncIterable<readonly KeyFacts[]>;
  /** What is judged of the log, with the bytes that were hashed. */
  readonly entries: () => AsyncIterable<readonly (PlacedEvent & LogEntry)[]>;
  readonly log: PublishedLog;
  /** Signs the text by the keys of the log. */
  readonly attest: (text: string) => Promise<readonly Attestation[]>;
};

const encoder = new TextEncoder();

/** Lets others in between: a bundle may be long. */
const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done));

async function* population(
  { head, keys, entries }: EvidenceSource,
  walk: { keys: (page: readonly KeyFacts[]) => void; events: (page: readonly PlacedEvent[]) => void },
): AsyncGenerator<Piece> {
  const piece = (file: string, text: string): Piece => ({ file, bytes: encoder.encode(text) });
  yield piece(bundleFiles.head, `${rowText(head)}\n`);
  yield piece(bundleFiles.keys, '');
  for await (const page of keys()) {
    walk.keys(page);
    yield piece(bundleFiles.keys, page.map((facts) => `${rowText(facts)}\n`).join(''));
    await nextTurn();
  }
  yield piece(bundleFiles.events, '');
  for await (const page of entries()) {
    walk.events(page);
    yield piece(bundleFiles.events, page.map((entry) => `${entryLine(entry)}\n`).join(''));
    await nextTurn();
  }
}

async function* logOf({ log }: EvidenceSource): AsyncGenerator<Piece> {
  yield { file: bundleFiles.checkpoint, bytes: encoder.encode(log.checkpoint) };
  yield { file: bundleFiles.logKeys, bytes: encoder.encode(log.keys) };
  yield { file: bundleFiles.leafHashes, bytes: new Uint8Array(0) };
  for await (const bytes of log.leafHashes()) yield { file: bundleFiles.leafHashes, bytes };
}

/**
 * An evidence bundle for one framework, piece by piece: the population and the events that were judged, the log's hashes up to a signed
 * checkpoint, the run and what is made of it, and a signed manifest last. Nothing of it holds key material.
 */
export async function* makeEvidence(source: EvidenceSource, framework: Framework): AsyncGenerator<Piece> {
  const digests = new Digests();
  const walk = beginFramework(source.head, framework);
  const counted = (piece: Piece): Piece => {
    digests.add(piece);
    return piece;
  };
  for await (const piece of population(source, walk)) yield counted(piece);
  for await (const piece of logOf(source)) yield counted(piece);
  const run: ComplianceRun = walk.result();
  yield counted({ file: bundleFiles.run, bytes: encoder.encode(runText(run)) });
  for (const { file, text } of writings(run)) yield counted({ file, bytes: encoder.encode(text) });
  const manifest = manifestText({
    format: evidenceFormat,
    framework: framework.id,
    software: source.head.software,
    at: new Date(run.at).toISOString(),
    files: digests.entries(),
  });
  yield { file: manifestFile, bytes: encoder.encode(manifest) };
  const signatures = await source.attest(manifest);
  yield { file: signaturesFile, bytes: encoder.encode(`${JSON.stringify(signatures, null, 2)}\n`) };
}
