import fs from 'node:fs';
import { stdin, stdout } from 'node:process';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { CliError, exitCodes } from './exit.ts';

/** Where a command reads from and writes to. */
export type Places = { readonly in?: string; readonly out?: string; readonly force?: boolean };

export function addPlaces(command: Command): Command {
  return command
    .option('--in <file>', 'read from a file; else from the standard input')
    .option('--out <file>', 'write to a file; else to the standard output')
    .option('--force', 'replace a file, or write binary data to a terminal');
}

/** What is read, and how much it is where that is known. */
export function source({ in: file }: Places): { stream: AsyncIterable<Uint8Array>; size: number | null } {
  if (file === undefined || file === '-') {
    if (stdin.isTTY) process.stderr.write('Reading what you type; Ctrl-D ends it.\n');
    return { stream: stdin, size: null };
  }
  let facts: fs.Stats;
  try {
    fs.accessSync(file, fs.constants.R_OK);
    facts = fs.statSync(file);
  } catch {
    throw new CliError(exitCodes.notFound, `There is no file ${file} that can be read.`);
  }
  if (facts.isDirectory()) {
    const next = `tar -c ${file} | claviger encrypt --key KEY --out ${file}.tar.enc`;
    throw new CliError(exitCodes.usage, `${file} is a folder.`, next);
  }
  const stream = fs.createReadStream(file, { highWaterMark: 1 << 20 });
  return { stream, size: facts.isFile() ? facts.size : null };
}

/** Refuses early what could not be written in the end. */
export function requireWritable({ out, force }: Places): void {
  const facts = isStandardOutput(out) ? null : fs.statSync(out, { throwIfNoEntry: false });
  if (facts?.isDirectory()) throw new CliError(exitCodes.usage, `${out} is a folder.`);
  if (facts?.isFile() && !force)
    throw new CliError(exitCodes.conflict, `${out} is there already.`, 'add --force to replace it');
}

function isStandardOutput(out: string | undefined): out is undefined | '-' {
  return out === undefined || out === '-';
}

/** Writes to the standard output, into a device or pipe, or to a file beside the wanted one that is put in place when it is whole. */
export async function write(places: Places, content: AsyncIterable<Uint8Array>): Promise<void> {
  const { out } = places;
  if (isStandardOutput(out)) {
    await pipeline(stdout.isTTY && !places.force ? onlyText(content) : content, stdout, { end: false });
    return;
  }
  requireWritable(places);
  const facts = fs.statSync(out, { throwIfNoEntry: false });
  if (facts && !facts.isFile()) await pipeline(content, fs.createWriteStream(out));
  else await writeWhole(out, content, places.force ?? false);
}

async function writeWhole(out: string, content: AsyncIterable<Uint8Array>, replace: boolean): Promise<void> {
  const fresh = `${out}.${process.pid}.part`;
  const remove = () => fs.rmSync(fresh, { force: true });
  // ends as if it had not listened: an orderly exit would wait for a pipe that says nothing
  const interrupted = (signal: NodeJS.Signals) => {
    remove();
    process.kill(process.pid, signal);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const target = fs.createWriteStream(fresh, {
      flags: 'wx',
      mode: 0o600,
      highWaterMark: 1 << 21,
      flush: true,
    });
    await pipeline(content, target);
    if (replace) fs.renameSync(fresh, out);
    else putInPlace(fresh, out);
  } catch (error) {
    throw writeFailure(error, out);
  } finally {
    remove();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

/** Moves a file to a place that must still be free: a file that came there meanwhile is not replaced. */
function putInPlace(fresh: string, out: string): void {
  try {
    fs.linkSync(fresh, out);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    // a file system without hard links
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') fs.renameSync(fresh, out);
    else throw error;
  }
}

function writeFailure(error: unknown, out: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  if (error.code === 'EEXIST')
    return new CliError(exitCodes.conflict, `${out} is there already.`, 'add --force to replace it');
  if (error.syscall === 'read')
    return new CliError(exitCodes.failed, `The input can't be read (${String(error.code)}).`);
  return new CliError(exitCodes.failed, `${out} can't be written (${String(error.code)}).`);
}

/** Passes text on; what would garble a terminal is refused before the first byte of it. */
async function* onlyText(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    if (/[^\P{Cc}\n\r\t]|\ufffd/u.test(Buffer.from(piece).toString('utf8'))) {
      throw new CliError(
        exitCodes.usage,
        'Binary data is not written to a terminal.',
        'add --out FILE, or --force',
      );
    }
    yield piece;
  }
}
