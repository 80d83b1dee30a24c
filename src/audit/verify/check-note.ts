import fs from 'node:fs';
import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto';

export type CheckKeys = { readonly ed25519: KeyObject; readonly mlDsa44: KeyObject; readonly text: string };

function publicKey(encoded: unknown): KeyObject {
  if (typeof encoded !== 'string') throw new Error('not a string');
  const der = Buffer.from(encoded, 'base64');
  if (der.toString('base64') !== encoded) throw new Error('not canonical');
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** The keys of a log from a file or a text; a string says what is wrong. */
export function readKeyFile(file: string | null, given?: string): CheckKeys | string {
  try {
    const text = given ?? fs.readFileSync(file ?? '', 'utf8');
    const value = JSON.parse(text) as Record<string, unknown>;
    const canonical = `${JSON.stringify({ v: 1, ed25519: value['ed25519'], mlDsa44: value['mlDsa44'] }, null, 2)}\n`;
    if (canonical !== text) return 'the public keys are not in the form in which they were written';
    const keys = { ed25519: publicKey(value['ed25519']), mlDsa44: publicKey(value['mlDsa44']), text };
    const right =
      keys.ed25519.asymmetricKeyType === 'ed25519' && keys.mlDsa44.asymmetricKeyType === 'ml-dsa-44';
    return right ? keys : 'the public keys are of another kind';
  } catch {
    return 'the public keys are missing or can not be read';
  }
}

function line(name: string, kind: number, key: KeyObject, text: string, given: string): boolean {
  const raw = key.export({ format: 'der', type: 'spki' }).subarray(kind === 1 ? -32 : -1312);
  const id = hash(
    'sha256',
    Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(kind), raw]),
    'buffer',
  ).subarray(0, 4);
  const prefix = `\u2014 ${name} `;
  if (!given.startsWith(prefix)) return false;
  const bytes = Buffer.from(given.slice(prefix.length), 'base64');
  if (bytes.toString('base64') !== given.slice(prefix.length)) return false;
  return bytes.subarray(0, 4).equals(id) && verify(null, Buffer.from(text), key, bytes.subarray(4));
}

/** The published checkpoint; a string says what is wrong with it. */
export function checkNote(
  file: string,
  node: string,
  keys: CheckKeys,
): { size: number; root: string } | string {
  let note: string;
  try {
    note = fs.readFileSync(file, 'utf8');
  } catch {
    return 'the checkpoint is missing';
  }
  const [origin, size, root, blank, first, second, end, ...more] = note.split('\n');
  const text = `${origin}\n${size}\n${root}\n`;
  if (
    origin !== `claviger/${node}` ||
    blank !== '' ||
    end !== '' ||
    more.length > 0 ||
    !/^[0-9]+$/.test(size ?? '')
  ) {
    return 'the checkpoint is not one of this log';
  }
  if (!line(origin, 1, keys.ed25519, text, first ?? ''))
    return 'the Ed25519 signature of the checkpoint is wrong';
  if (!line(origin, 6, keys.mlDsa44, text, second ?? ''))
    return 'the ML-DSA-44 signature of the checkpoint is wrong';
  return { size: Number(size), root: Buffer.from(root ?? '', 'base64').toString('hex') };
}
