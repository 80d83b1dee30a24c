import { createInterface } from 'node:readline';
import { readAll } from './arguments.ts';
import { CliError, exitCodes } from './exit.ts';

const shareLengthMax = 4096;
const [enter, lineEnd, interrupt, endOfInput, erase, backspace] = [13, 10, 3, 4, 127, 8];

/** What is typed or pasted on the terminal up to the end of the line, without showing it. */
async function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const typed = Buffer.allocUnsafeSlow(shareLengthMax);
  let length = 0;
  // first: what is typed as soon as the question stands must not be echoed
  stdin.setRawMode(true);
  stderr.write(question);
  const { promise, resolve } = Promise.withResolvers<void>();
  const take = (chunk: Buffer): void => {
    for (const [at, byte] of chunk.entries()) {
      if (byte === interrupt) {
        stdin.setRawMode(false);
        stderr.write('\n');
        process.exit(exitCodes.interrupted);
      }
      if (byte === enter || byte === lineEnd || byte === endOfInput) {
        stdin.off('data', take);
        stdin.pause();
        if (at + 1 < chunk.length) stdin.unshift(chunk.subarray(at + 1));
        resolve();
        return;
      }
      if (byte === erase || byte === backspace) length = Math.max(0, length - 1);
      else if (length < shareLengthMax) typed[length++] = byte;
    }
  };
  stdin.on('data', take);
  stdin.resume();
  try {
    await promise;
    return typed.toString('latin1', 0, length);
  } finally {
    typed.fill(0);
    stdin.setRawMode(false);
    stderr.write('\n');
  }
}

/** Where shares are read from, one after another. */
export type ShareSource = {
  /** A wrong share can be asked for again. */
  readonly canAsk: boolean;
  readonly next: (question: string) => Promise<string>;
  readonly close: () => void;
};

/** Shares as they are typed on the terminal, unseen; else a line of the standard input each. */
export function shareSource(): ShareSource {
  if (process.stdin.isTTY) return { canAsk: true, next: askHidden, close: () => process.stdin.unref() };
  const reader = createInterface({ input: process.stdin, crlfDelay: Infinity });
  const lines = reader[Symbol.asyncIterator]();
  return {
    canAsk: false,
    async next() {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new CliError(exitCodes.usage, 'The standard input has no more shares.');
        if (value.trim() !== '') return value.trim();
      }
    },
    close: () => reader.close(),
  };
}

/** One share: of a file, as it is typed on the terminal, or of the standard input. Never an argument, which others could see. */
export async function readOneShare(file: string | undefined): Promise<string> {
  if (file === undefined && process.stdin.isTTY) return (await askHidden('Share: ')).trim();
  const bytes = await readAll(file, shareLengthMax);
  try {
    return bytes.toString('latin1').trim();
  } finally {
    bytes.fill(0);
  }
}
