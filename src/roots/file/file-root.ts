import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { SecretBytes } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import type { RootOfTrust } from '#ports';
import { rootInMemory } from '../sealing.ts';

const header = 'claviger-root-v1\n';
const keyBytes = 32;

/** Neither through a link, nor waiting for the other end of a pipe. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Who may own a root key file: this user, and the one who can read everything anyway. */
function ownersAllowed(): readonly number[] {
  const own = process.geteuid?.();
  return own === undefined ? [0] : [own, 0];
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Makes a new root key file, 0600, durable and whole before it stands in its place. Throws a StopError where there is a file
 * already.
 */
export async function createFileRoot(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${randomUUID()}.new`;
  try {
    await writeKey(fresh);
    // a link, unlike a rename, never takes the place of another file
    await link(fresh, file);
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) {
      throw new StopError('root-refused', `There is a root key at ${file} already; it is never replaced.`, {
        cause,
      });
    }
    throw new ClavigerError('root-unavailable', `The root key file ${file} can't be made.`, { cause });
  } finally {
    await rm(fresh, { force: true });
  }
  await syncFolder(path.dirname(file));
}

async function writeKey(file: string): Promise<void> {
  using key = SecretBytes.random(keyBytes);
  const text = key.use((bytes) =>
    Buffer.from(`${header}${Buffer.from(bytes).toString('base64')}\n`, 'latin1'),
  );
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    text.fill(0);
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * The root key in a file that only its owner can read. Throws a StopError for wider permissions, another owner or a
 * damaged file; `root-unavailable` where the file is not there: it may be on a disk that is not mounted yet.
 */
export async function openFileRoot(file: string): Promise<RootOfTrust> {
  let handle: FileHandle;
  try {
    handle = await open(file, openFlags);
  } catch (cause) {
    if (isCode(cause, 'ELOOP')) {
      throw new StopError('root-refused', `The root key ${file} is not a plain file.`, { cause });
    }
    throw new ClavigerError('root-unavailable', `The root key file ${file} can't be opened.`, { cause });
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new StopError('root-refused', `The root key ${file} is not a plain file.`);
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
      throw new StopError('root-refused', `Others can read the root key ${file}: run chmod 600 on it.`);
    }
    if (!ownersAllowed().includes(facts.uid)) {
      throw new StopError('root-refused', `The root key ${file} belongs to another user.`);
    }
    if (facts.size > 4096) throw new StopError('root-refused', `The root key file ${file} is damaged.`);
    const text = await handle.readFile();
    try {
      return rootInMemory(parseRoot(text, file), { kind: 'file', where: file, tier: 'development' });
    } finally {
      text.fill(0);
    }
  } finally {
    await handle.close();
  }
}

function parseRoot(text: Buffer, file: string): SecretBytes {
  if (text.subarray(0, header.length).toString('latin1') !== header) {
    throw new StopError('root-refused', `${file} is not a root key file of this format.`);
  }
  const body = text.subarray(header.length).toString('latin1').trim();
  const key = Buffer.from(body, 'base64');
  // Buffer reads over what is no base64; only what is written back the same was whole
  if (key.length !== keyBytes || key.toString('base64') !== body) {
    key.fill(0);
    throw new StopError('root-refused', `The root key file ${file} is damaged.`);
  }
  return SecretBytes.take(key);
}
