import { createHash, type KeyObject } from 'node:crypto';
import {
  isAttested,
  leafHash,
  openNote,
  readEvent,
  readTrustedKeys,
  RunningRoot,
  type TrustedKeys,
} from '#audit';
import { ClavigerError } from '#domain';
import { z } from 'zod';
import { isGoverned } from '../governed.ts';
import type { KeyFacts, PlacedEvent, PopulationHead } from '../population.ts';
import { beginFramework, runText } from '../run.ts';
import { frameworkOf } from '../frameworks/index.ts';
import type { ComplianceRun } from '../framework.ts';
import { bundleFiles, evidenceFormat, manifestFile, signaturesFile } from './bundle.ts';
import { readEntryLine, readRow } from './rows.ts';
import { writings } from './writings.ts';

/** The files of a bundle, wherever they lie. */
export type BundleSource = {
  /** Names of all files, with `/` between folders. */
  readonly names: () => Promise<readonly string[]>;
  /** Rejects where there is none. */
  readonly read: (name: string) => AsyncIterable<Uint8Array>;
};

export type EvidenceFinding = { readonly file: string; readonly problem: string };

/** What a bundle proves, or why it proves nothing. */
export type EvidenceVerdict = {
  readonly isValid: boolean;
  readonly findings: readonly EvidenceFinding[];
  /** Null where the bundle did not come so far. */
  readonly framework: string | null;
  readonly at: string | null;
  /** Whose signatures were checked: those of keys that the reader trusts, or of the keys that the bundle itself brings along. */
  readonly keys: 'trusted' | 'own';
  /** SHA-256 of the keys by which it is signed: to be compared with what the house tells by another way. */
  readonly fingerprint: string | null;
  readonly summary: ComplianceRun['summary'] | null;
};

const smallBytesMax = 16 * 1024 * 1024;
const lineBytesMax = 4 * 1024 * 1024;

/** Something that stops the verification: what comes after it could not be believed. */
class Stop extends Error {
  readonly finding: EvidenceFinding;
  constructor(file: string, problem: string) {
    super(problem);
    this.finding = { file, problem };
  }
}

async function bytesOf(source: BundleSource, name: string, max = smallBytesMax): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of source.read(name)) {
      size += piece.length;
      if (size > max) throw new Stop(name, 'it is too large');
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof Stop) throw error;
    throw new Stop(name, 'it can not be read');
  }
  return Buffer.concat(pieces);
}

/** The lines of a file, which are UTF-8 and end each with a line feed. */
async function* linesOf(source: BundleSource, name: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const piece of source.read(name)) {
    let bytes = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      yield bytes.toString('utf8', 0, end);
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
    if (rest.length > lineBytesMax) throw new Stop(name, 'it has a line that is too long');
  }
  if (rest.length > 0) throw new Stop(name, 'its last line is cut off');
}

const base64 = z.base64().max(16_384);
const manifestShape = z.strictObject({
  format: z.literal(evidenceFormat),
  framework: z.string().max(100),
  software: z.string().max(200),
  at: z.iso.datetime(),
  files: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-zA-Z0-9._-]+(\/[a-zA-Z0-9._-]+)*$/),
        bytes: z.int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(100),
});
const signaturesShape = z
  .array(z.strictObject({ kind: z.enum(['ed25519', 'mlDsa44']), publicKey: base64, signature: base64 }))
  .length(2);

function readJson<T>(shape: z.ZodType<T>, name: string, bytes: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Stop(name, 'it is no JSON');
  }
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  throw new Stop(name, `${read.error.issues[0]?.path.join('.') || 'it'} is not as it must be`);
}

const der = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });

function fingerprintOf({ ed25519, mlDsa44 }: TrustedKeys): string {
  return createHash('sha256').update(der(ed25519)).update(der(mlDsa44)).digest('hex');
}

function isSignedBy(
  text: string,
  signatures: z.infer<typeof signaturesShape>,
  { ed25519, mlDsa44 }: TrustedKeys,
): boolean {
  return (
    [
      ['ed25519', ed25519],
      ['mlDsa44', mlDsa44],
    ] as const
  ).every(([kind, key]) =>
    signatures.some((one) => one.kind === kind && isAttested(text, one.signature, key)),
  );
}

type Signed = { readonly manifest: z.infer<typeof manifestShape>; readonly keys: TrustedKeys };

/** The manifest, which is signed by keys that are trusted, or by those that the bundle has where none are. */
async function openManifest(source: BundleSource, trusted: readonly TrustedKeys[]): Promise<Signed> {
  const bytes = await bytesOf(source, manifestFile);
  const manifest = readJson(manifestShape, manifestFile, bytes);
  const signatures = readJson(signaturesShape, signaturesFile, await bytesOf(source, signaturesFile));
  const candidates =
    trusted.length > 0
      ? trusted
      : [readKeys(await bytesOf(source, bundleFiles.logKeys), bundleFiles.logKeys)];
  const keys = candidates.find((one) => isSignedBy(bytes.toString('utf8'), signatures, one));
  if (keys) return { manifest, keys };
  const whose = trusted.length > 0 ? 'keys that you trust' : 'the keys of its log';
  throw new Stop(manifestFile, `it is not signed by ${whose}, or was changed`);
}

function readKeys(bytes: Buffer, name: string): TrustedKeys {
  try {
    return readTrustedKeys(bytes);
  } catch {
    throw new Stop(name, 'it holds no keys of a log');
  }
}

/** Every file is as the manifest says, and there is no other one. */
async function digestFindings(source: BundleSource, { manifest }: Signed): Promise<EvidenceFinding[]> {
  const findings: EvidenceFinding[] = [];
  const listed = new Set(manifest.files.map(({ name }) => name));
  for (const name of Object.values(bundleFiles))
    if (!listed.has(name)) findings.push({ file: name, problem: 'the manifest does not list it' });
  for (const name of await source.names())
    if (!listed.has(name) && name !== manifestFile && name !== signaturesFile)
      findings.push({ file: name, problem: 'it does not belong to the bundle' });
  for (const { name, bytes, sha256 } of manifest.files) {
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const piece of source.read(name)) {
        hash.update(piece);
        size += piece.length;
      }
    } catch {
      findings.push({ file: name, problem: 'it is missing' });
      continue;
    }
    if (size !== bytes || hash.digest('hex') !== sha256)
      findings.push({ file: name, problem: 'it was changed: its digest is not that of the manifest' });
  }
  return findings;
}

async function readHead(source: BundleSource): Promise<PopulationHead> {
  const text = (await bytesOf(source, bundleFiles.head)).toString('utf8');
  return readRow<PopulationHead>(text);
}

/** The hashes of the log, which must give its signed checkpoint and the root on which the run stands. */
async function checkLog(source: BundleSource, head: PopulationHead, { keys }: Signed): Promise<Buffer> {
  const note = (await bytesOf(source, bundleFiles.checkpoint)).toString('utf8');
  let checkpoint: ReturnType<typeof openNote>;
  try {
    checkpoint = openNote(note, [
      { kind: 'ed25519', publicKey: keys.ed25519 },
      { kind: 'mlDsa44', publicKey: keys.mlDsa44 },
    ]);
  } catch {
    throw new Stop(bundleFiles.checkpoint, 'it is not signed by the keys that signed the bundle');
  }
  const hashes = await bytesOf(source, bundleFiles.leafHashes, checkpoint.size * 32);
  if (!head.log || head.log.origin !== checkpoint.origin || head.log.size > checkpoint.size)
    throw new Stop(bundleFiles.head, 'it does not stand on this log');
  if (hashes.length !== checkpoint.size * 32)
    throw new Stop(bundleFiles.leafHashes, 'it has not a hash for each entry of the log');
  const tree = new RunningRoot();
  for (let at = 0; ; at += 1) {
    if (at === head.log.size && tree.root().toString('hex') !== head.log.root)
      throw new Stop(bundleFiles.head, 'the log had another root when this was judged');
    if (at === checkpoint.size) break;
    tree.add(hashes.subarray(at * 32, (at + 1) * 32));
  }
  if (!tree.root().equals(checkpoint.root))
    throw new Stop(bundleFiles.leafHashes, 'the hashes do not give the root of the signed checkpoint');
  return hashes;
}

/** Events, each of which must be the one that the log has at its place. */
async function* provedEvents(
  source: BundleSource,
  { log }: PopulationHead,
  hashes: Buffer,
): AsyncGenerator<PlacedEvent> {
  let before = -1;
  for await (const line of linesOf(source, bundleFiles.events)) {
    const { index, entry } = readEntryLine(line);
    const isPlaced = Number.isSafeInteger(index) && index > before && index < (log?.size ?? 0);
    if (!isPlaced || !leafHash(entry).equals(hashes.subarray(index * 32, (index + 1) * 32)))
      throw new Stop(bundleFiles.events, `the event at ${index} is not the one that the log has there`);
    before = index;
    const event = readEvent(entry);
    if (!isGoverned(event.operation))
      throw new Stop(bundleFiles.events, `the event at ${index} is none that is judged`);
    yield { index, event };
  }
}

/** The run, made anew from the population and the events, and everything that is written of it: the same bytes. */
async function runFindings(source: BundleSource, signed: Signed, head: PopulationHead, hashes: Buffer) {
  const framework = frameworkOf(signed.manifest.framework);
  if (!framework)
    throw new Stop(manifestFile, `this program does not know the framework ${signed.manifest.framework}`);
  const walk = beginFramework(head, framework);
  for await (const line of linesOf(source, bundleFiles.keys)) walk.keys([readRow<KeyFacts>(line)]);
  for await (const placed of provedEvents(source, head, hashes)) walk.events([placed]);
  const run = walk.result();
  const findings: EvidenceFinding[] = [];
  const expected = [{ file: bundleFiles.run as string, text: runText(run) }, ...writings(run)];
  for (const { file, text } of expected) {
    if ((await bytesOf(source, file)).equals(Buffer.from(text))) continue;
    findings.push({
      file,
      problem: `it is not what ${head.software} or this program makes of the population`,
    });
  }
  return { run, findings };
}

/**
 * Checks a bundle without a server: signatures, digests, the log's tree up to its signed checkpoint, the place of each event in it, and the
 * run, which is made anew. Nothing of the bundle is believed before what signs it was checked.
 */
export async function verifyEvidence(
  source: BundleSource,
  trusted: readonly TrustedKeys[] = [],
): Promise<EvidenceVerdict> {
  const keys = trusted.length > 0 ? 'trusted' : 'own';
  const none = { framework: null, at: null, keys, fingerprint: null, summary: null } as const;
  let verdict: EvidenceVerdict = { isValid: false, findings: [], ...none };
  try {
    const signed = await openManifest(source, trusted);
    const { framework, at } = signed.manifest;
    verdict = { ...verdict, framework, at, fingerprint: fingerprintOf(signed.keys) };
    const changed = await digestFindings(source, signed);
    if (changed.length > 0) return { ...verdict, findings: changed };
    const head = await readHead(source);
    const hashes = await checkLog(source, head, signed);
    const { run, findings } = await runFindings(source, signed, head, hashes);
    return { ...verdict, isValid: findings.length === 0, findings, summary: run.summary };
  } catch (error) {
    if (error instanceof Stop) return { ...verdict, findings: [error.finding] };
    if (error instanceof ClavigerError)
      return { ...verdict, findings: [{ file: '.', problem: error.message }] };
    throw error;
  }
}
