import { hash, sign, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ClavigerError } from '#domain';

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Buffer };

/** How a signed note names a kind of signature (one byte). */
const kinds = { ed25519: 0x01, mlDsa44: 0x06 } as const;
export type SignatureKind = keyof typeof kinds;

//= c2sp.org/tlog-checkpoint: origin, size and root, a line each
/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** The name of a node's log. */
export function originOf(node: string): string {
  return `claviger/${node}`;
}

function rawPublicKey(key: KeyObject): Buffer {
  const der = key.export({ format: 'der', type: 'spki' });
  return key.asymmetricKeyType === 'ed25519' ? der.subarray(-32) : der.subarray(-1312);
}

//= c2sp.org/signed-note: the key id is SHA-256(name || 0x0A || signature type || public key)[:4]
function keyId(origin: string, kind: SignatureKind, publicKey: KeyObject): Buffer {
  const bytes = Buffer.concat([Buffer.from(`${origin}\n`), Buffer.of(kinds[kind]), rawPublicKey(publicKey)]);
  return hash('sha256', bytes, 'buffer').subarray(0, 4);
}

export type Signer = {
  readonly kind: SignatureKind;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
};

type SignAsync = (algorithm: null, data: Uint8Array, key: KeyObject) => Promise<Buffer>;
const signAsync = promisify(sign as never) as SignAsync;

function noteOf(
  checkpoint: Checkpoint,
  signed: readonly { readonly signer: Signer; readonly signature: Buffer }[],
): string {
  const lines = signed.map(({ signer, signature }) => {
    const bytes = Buffer.concat([keyId(checkpoint.origin, signer.kind, signer.publicKey), signature]);
    return `\u2014 ${checkpoint.origin} ${bytes.toString('base64')}\n`;
  });
  return `${checkpointText(checkpoint)}\n${lines.join('')}`;
}

/** A checkpoint with one line for each signature. */
export async function signedNote(checkpoint: Checkpoint, signers: readonly Signer[]): Promise<string> {
  const text = Buffer.from(checkpointText(checkpoint));
  const signatures = signers.map(async (signer) => ({
    signer,
    signature: await signAsync(null, text, signer.privateKey),
  }));
  return noteOf(checkpoint, await Promise.all(signatures));
}

/** The same, while everything else waits. */
export function signedNoteNow(checkpoint: Checkpoint, signers: readonly Signer[]): string {
  const text = Buffer.from(checkpointText(checkpoint));
  return noteOf(
    checkpoint,
    signers.map((signer) => ({ signer, signature: sign(null, text, signer.privateKey) })),
  );
}

const noteForm =
  /^(claviger\/[a-z0-9-]{1,64})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n((?:\u2014 [^\n]+\n){1,8})$/;

/** Reads a signed note strictly; nothing says yet who signed it. Throws `integrity-failed`. */
export function readNote(note: string): Checkpoint & { readonly signatures: readonly string[] } {
  const match = noteForm.exec(note);
  if (!match) throw new ClavigerError('integrity-failed', 'The checkpoint is not a signed note.');
  const [, origin = '', size = '', root = '', lines = ''] = match;
  const checkpoint = { origin, size: Number(size), root: Buffer.from(root, 'base64') };
  if (checkpoint.root.toString('base64') !== root) {
    throw new ClavigerError('integrity-failed', 'The root of the checkpoint is not canonical.');
  }
  return { ...checkpoint, signatures: lines.trimEnd().split('\n') };
}

/** The same, and checks a signature of every key that is given. Throws `integrity-failed`. */
export function openNote(note: string, keys: readonly Pick<Signer, 'kind' | 'publicKey'>[]): Checkpoint {
  const { signatures, ...checkpoint } = readNote(note);
  const { origin } = checkpoint;
  const text = Buffer.from(checkpointText(checkpoint));
  if (signatures.length !== keys.length) {
    throw new ClavigerError(
      'integrity-failed',
      `The checkpoint has ${signatures.length} signatures, not ${keys.length}.`,
    );
  }
  for (const [index, { kind, publicKey }] of keys.entries()) {
    const encoded = (signatures[index] ?? '').slice(`\u2014 ${origin} `.length);
    const bytes = Buffer.from(encoded, 'base64');
    const good =
      signatures[index] === `\u2014 ${origin} ${bytes.toString('base64')}` &&
      bytes.subarray(0, 4).equals(keyId(origin, kind, publicKey)) &&
      verify(null, text, publicKey, bytes.subarray(4));
    if (!good)
      throw new ClavigerError('integrity-failed', `The ${kind} signature of the checkpoint is wrong.`);
  }
  return checkpoint;
}
