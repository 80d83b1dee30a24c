import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { newHolderKeys, openHolderKey } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import { writeDurably } from '../durable-file.ts';
import { requireFree } from './sealed-file.ts';

async function readPassphrase(file: string | null): Promise<Buffer | null> {
  if (file === null) return null;
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new ClavigerError('input-invalid', `The passphrase file ${file} can't be read.`, { cause });
  });
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end -= 1;
  const passphrase = Buffer.allocUnsafeSlow(end);
  bytes.copy(passphrase, 0, 0, end);
  bytes.fill(0);
  return passphrase;
}

/** Makes a holder's key pair: FILE (0600) and FILE.pub; the private half is encrypted where a passphrase file is given. */
export async function makeHolderKeys(file: string, passphraseFile: string | null): Promise<string> {
  const publicFile = `${file}.pub`;
  await requireFree(file);
  await requireFree(publicFile);
  const passphrase = await readPassphrase(passphraseFile);
  try {
    if (passphrase && passphrase.length < 12)
      throw new StopError('root-refused', 'The passphrase must have at least 12 characters.');
    const { privateKey, publicKey } = newHolderKeys(passphrase);
    await writeDurably(file, privateKey);
    await writeDurably(publicFile, publicKey);
    return publicFile;
  } finally {
    passphrase?.fill(0);
  }
}

/** The private keys of holders who came together; one passphrase file for all keys that need one. */
export async function readHolderKeys(
  files: readonly string[],
  passphraseFile: string | null,
): Promise<readonly KeyObject[]> {
  const passphrase = await readPassphrase(passphraseFile);
  const keys: KeyObject[] = [];
  try {
    for (const file of files) {
      const facts = await stat(file).catch((cause: unknown) => {
        throw new ClavigerError('input-invalid', `The holder's key ${file} can't be read.`, { cause });
      });
      if (facts.isFile() && process.platform !== 'win32' && (facts.mode & 0o077) !== 0)
        throw new StopError('root-refused', `Others can read the holder's key ${file}: run chmod 600 on it.`);
      const pem = await readFile(file);
      try {
        keys.push(openHolderKey(pem, passphrase));
      } finally {
        pem.fill(0);
      }
    }
    return keys;
  } finally {
    passphrase?.fill(0);
  }
}
