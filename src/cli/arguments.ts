import fs from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { CliError, exitCodes } from './exit.ts';

/** A whole number of an argument; the server says which ones it takes. */
export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Collects an option that may be given several times. */
export const collect = (value: string, all: readonly string[]): string[] => [...all, value];

/** `NAME=VALUE` options as pairs, in their order. */
export function pairsOf(texts: readonly string[], what: string): [string, string][] {
  return texts.map((text) => {
    const mark = text.indexOf('=');
    if (mark < 1) throw new CliError(exitCodes.usage, `The ${what} ${text} is not NAME=VALUE.`);
    return [text.slice(0, mark), text.slice(mark + 1)];
  });
}

/** Everything of a file, or of the standard input; more than so many bytes is refused. */
export async function readAll(file: string | undefined, bytesMax = 2 ** 20): Promise<Buffer> {
  const named = file === undefined || file === '-' ? null : file;
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of named === null ? process.stdin : fs.createReadStream(named)) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
      if (length > bytesMax) break;
    }
  } catch {
    throw new CliError(exitCodes.notFound, `${named ?? 'The standard input'} can't be read.`);
  }
  if (length <= bytesMax) return Buffer.concat(pieces);
  throw new CliError(exitCodes.usage, `${named ?? 'The standard input'} has more than ${bytesMax} bytes.`);
}
