import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SecretBytes } from '#crypto';
import { ClavigerError, StopError } from '#domain';

/** An access key of the service that wraps. The one who reads it disposes of the secret. */
export type KmsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: SecretBytes;
  readonly sessionToken: string | null;
};

const fileBytesMax = 16_384;
const line = /^[ \t]*(?:export[ \t]+)?(aws_[a-z_]+)[ \t]*=[ \t]*(['"]?)([\x21-\x7e]*?)\2[ \t]*$/i;

function refused(file: string, problem: string): StopError {
  return new StopError('root-refused', `The credentials file of the root of trust, ${file}, ${problem}.`);
}

async function readPrivateFile(file: string): Promise<Buffer> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw new ClavigerError(
      'root-unavailable',
      `The credentials file of the root of trust, ${file}, can't be read.`,
      { cause },
    );
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw refused(file, 'is not a plain file');
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0)
      throw refused(file, 'can be read by others: run chmod 600 on it');
    if (facts.size > fileBytesMax) throw refused(file, 'is too large');
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/**
 * Reads an access key from lines like `aws_secret_access_key = ...` (the AWS credentials file) or `export
 * AWS_SECRET_ACCESS_KEY='...'`; other lines are not looked at. Throws a StopError for a file that others can read or that holds
 * no access key, `root-unavailable` where it can't be read.
 */
export async function readKmsCredentials(file: string): Promise<KmsCredentials> {
  const text = await readPrivateFile(file);
  try {
    const found = new Map<string, string>();
    for (const each of text.toString('latin1').split(/\r?\n/)) {
      const [, name, , value] = line.exec(each) ?? [];
      if (name === undefined || value === undefined) continue;
      const known = name.toLowerCase();
      if (found.has(known)) throw refused(file, `names ${known} twice: it must hold one access key`);
      found.set(known, value);
    }
    const [id, secret] = [found.get('aws_access_key_id'), found.get('aws_secret_access_key')];
    if (!id || !secret) throw refused(file, 'must name aws_access_key_id and aws_secret_access_key');
    if (!/^[A-Za-z0-9_]{4,128}$/.test(id)) throw refused(file, 'has an access key id of no known form');
    return {
      accessKeyId: id,
      secretAccessKey: SecretBytes.take(Buffer.from(secret, 'latin1')),
      sessionToken: found.get('aws_session_token') || null,
    };
  } finally {
    text.fill(0);
  }
}
