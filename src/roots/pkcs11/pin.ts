import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { SecretBytes } from '#crypto';
import { ClavigerError, StopError } from '#domain';

const pinMax = 255;

function refused(problem: string): StopError {
  return new StopError('root-refused', `The PIN of the token ${problem}.`);
}

function fromDescriptor(descriptor: number): SecretBytes {
  const room = Buffer.allocUnsafeSlow(pinMax + 3);
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < room.length; length += read)
      read = readSync(descriptor, room, length, room.length - length, null);
    while (length > 0 && (room[length - 1] === 10 || room[length - 1] === 13)) length -= 1;
    if (length === 0 || length > pinMax) throw refused(`must have 1 to ${pinMax} characters`);
    return SecretBytes.copyOf(room.subarray(0, length));
  } finally {
    room.fill(0);
  }
}

function fromFile(file: string): SecretBytes {
  let descriptor: number;
  try {
    descriptor = openSync(
      file,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
  } catch (cause) {
    throw new ClavigerError('root-unavailable', `The PIN file ${file} can't be read.`, { cause });
  }
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) throw refused(`must be in a plain file: ${file} is none`);
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0)
      throw refused(`can be read by others: run chmod 600 ${file}`);
    const own = process.geteuid?.();
    if (own !== undefined && facts.uid !== own && facts.uid !== 0)
      throw refused(`is in a file of another user: ${file}`);
    return fromDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Reads the PIN where a URI's pin-source says; a descriptor is read once and closed. Throws a StopError for a file that others can read. */
export function readPin(source: string): SecretBytes {
  if (source.startsWith('file:')) return fromFile(source.slice('file:'.length));
  if (source.startsWith('env:')) {
    const value = process.env[source.slice('env:'.length)];
    if (!value) throw refused(`should be in the environment variable ${source.slice(4)}, which is not set`);
    return SecretBytes.copyOf(Buffer.from(value, 'utf8'));
  }
  const descriptor = Number(source.slice('fd:'.length));
  try {
    return fromDescriptor(descriptor);
  } catch (cause) {
    if (cause instanceof StopError) throw cause;
    throw new ClavigerError('root-unavailable', `The file descriptor ${descriptor} can't be read.`, {
      cause,
    });
  } finally {
    try {
      closeSync(descriptor);
    } catch {
      // it was never open
    }
  }
}
