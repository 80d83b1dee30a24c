import fs from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** What the log asks of a file system; tests put faults in between. */
export type LogFiles = {
  /** Appends at a position; throws where the system does. */
  readonly write: (fd: number, bytes: Buffer, position: number) => void;
  readonly sync: (fd: number) => Promise<void>;
  /** The same, while everything else waits: cheaper where the disk is quick. */
  readonly syncNow: (fd: number) => void;
  readonly truncate: (fd: number, length: number) => void;
};

const fdatasync = promisify(fs.fdatasync);

export const realFiles: LogFiles = {
  write(fd, bytes, position) {
    let done = 0;
    while (done < bytes.length) done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
  },
  sync: (fd) => fdatasync(fd),
  syncNow: (fd) => fs.fdatasyncSync(fd),
  truncate: (fd, length) => fs.ftruncateSync(fd, length),
};

/** Makes what a folder lists durable. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Puts a whole file in place in one step: after a crash it is the old or the new one. */
export function replaceFile(file: string, content: string | Uint8Array, durable: boolean): void {
  const fresh = `${file}.new`;
  const fd = fs.openSync(fresh, 'w', 0o600);
  try {
    fs.writeFileSync(fd, content);
    if (durable) fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(fresh, file);
  if (durable) syncFolder(path.dirname(file));
}

/** Puts a whole file in place in one step and durably, without holding the event loop. */
export async function replaceDurably(file: string, content: string): Promise<void> {
  const fresh = `${file}.new`;
  const handle = await open(fresh, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
