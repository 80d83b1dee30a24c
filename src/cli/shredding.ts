import { randomBytes, randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CliError, exitCodes } from './exit.ts';

/** What was done to a file, and what nobody can promise of it. */
export type Shredded = {
  readonly file: string;
  readonly bytes: number;
  /** How often every byte of it was overwritten. */
  readonly passes: number;
  readonly fileSystem: string;
  readonly limits: readonly string[];
};

const fileSystems: Readonly<Record<number, { readonly name: string; readonly copiesOnWrite: boolean }>> = {
  0xef53: { name: 'ext', copiesOnWrite: false },
  0x58465342: { name: 'xfs', copiesOnWrite: false },
  0x01021994: { name: 'tmpfs', copiesOnWrite: false },
  0x9123683e: { name: 'btrfs', copiesOnWrite: true },
  0x2fc12fc1: { name: 'zfs', copiesOnWrite: true },
  0xca451a4e: { name: 'bcachefs', copiesOnWrite: true },
  0x794c7630: { name: 'overlay', copiesOnWrite: true },
  0x6969: { name: 'nfs', copiesOnWrite: true },
};

function limitsOf(copiesOnWrite: boolean | undefined): string[] {
  const everywhere = [
    'An SSD may keep old blocks where no program reaches them: only the destruction of what encrypts the disk reaches those.',
    'Snapshots, backups, copies in editors and swap are not found from here.',
  ];
  if (copiesOnWrite === false) return everywhere;
  const why = copiesOnWrite
    ? 'This file system writes changed blocks elsewhere: the old ones may stand until they are used again.'
    : 'It is not known whether this file system overwrites in place.';
  return [why, ...everywhere];
}

function refused(file: string, why: string, next: string | null = null): CliError {
  return new CliError(exitCodes.conflict, `${file} ${why}: nothing was done.`, next);
}

/** Looks at a file that is to be shredded. Throws where it is not one that only this user and this name have. */
export function lookAt(file: string): fs.Stats {
  let facts: fs.Stats;
  try {
    facts = fs.lstatSync(file);
  } catch {
    throw new CliError(exitCodes.notFound, `${file} is not there, or can't be looked at.`);
  }
  if (facts.isSymbolicLink())
    throw refused(file, 'is a link', `name the file itself: ${fs.readlinkSync(file)}`);
  if (!facts.isFile()) throw refused(file, 'is no plain file');
  if (facts.nlink > 1)
    throw refused(file, `has ${facts.nlink} names (hard links)`, 'find the others by `find -samefile`');
  const own = process.geteuid?.();
  if (own !== undefined && own !== 0 && facts.uid !== own) throw refused(file, 'belongs to another user');
  return facts;
}

const pieceBytes = 1 << 20;

/** Overwrites every byte, and is sure of the disk before it returns. */
function overwrite(fd: number, length: number, piece: Buffer, fresh: boolean): void {
  for (let at = 0; at < length; ) {
    if (fresh) randomFillSync(piece);
    at += fs.writeSync(fd, piece, 0, Math.min(piece.length, length - at), at);
  }
  fs.fsyncSync(fd);
}

function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Overwrites a file in place with random bytes and with zeros, takes its name and length away, and removes it. */
export function shredFile(file: string): Shredded {
  const facts = lookAt(file);
  const fd = fs.openSync(file, fs.constants.O_RDWR | (fs.constants.O_NOFOLLOW ?? 0));
  const folder = path.dirname(path.resolve(file));
  const nameless = path.join(folder, randomBytes(Math.ceil(path.basename(file).length / 2)).toString('hex'));
  try {
    const opened = fs.fstatSync(fd);
    if (opened.ino !== facts.ino || opened.dev !== facts.dev) throw refused(file, 'was replaced meanwhile');
    const piece = Buffer.allocUnsafeSlow(Math.max(1, Math.min(pieceBytes, opened.size)));
    overwrite(fd, opened.size, piece, true);
    overwrite(fd, opened.size, piece.fill(0), false);
    fs.renameSync(file, nameless);
    syncFolder(folder);
    fs.ftruncateSync(fd, 0);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.unlinkSync(nameless);
  syncFolder(folder);
  const kind = fileSystems[fs.statfsSync(folder).type];
  return {
    file,
    bytes: facts.size,
    passes: 2,
    fileSystem: kind?.name ?? 'unknown',
    limits: limitsOf(kind?.copiesOnWrite),
  };
}
