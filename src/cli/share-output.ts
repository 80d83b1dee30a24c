import fs from 'node:fs';
import path from 'node:path';
import { CliError, exitCodes } from './exit.ts';

/** Shares on their way to their custodians. */
export type GivenShares = {
  readonly setId: string;
  readonly threshold: number;
  /** One line each, without its end. */
  readonly texts: readonly Uint8Array[];
};

type Wish = { readonly outDir?: string | undefined; readonly json: boolean };

function writeFile(file: string, text: Uint8Array): void {
  const descriptor = fs.openSync(file, 'wx', 0o600);
  try {
    fs.writeSync(descriptor, text);
    fs.writeSync(descriptor, '\n');
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** A file of its own for each share, 0600, durable when it returns. */
function writeFiles(folder: string, { setId, texts }: GivenShares): string[] {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = texts.map((text, at) => {
      const file = path.join(folder, `claviger-share-${setId}-${at + 1}-of-${texts.length}.txt`);
      writeFile(file, text);
      return file;
    });
    const descriptor = fs.openSync(folder, fs.constants.O_RDONLY);
    fs.fsyncSync(descriptor);
    fs.closeSync(descriptor);
    return files;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CliError(exitCodes.failed, `The shares can't be written into ${folder} (${code}).`);
  }
}

async function print(bytes: Uint8Array | string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Waits until what was printed into a file is durable; a terminal and a pipe can't be waited for. */
function syncOutput(): void {
  try {
    fs.fsyncSync(1);
  } catch {
    // not a file
  }
}

const said = (text: Uint8Array): string => Buffer.from(text).toString('latin1');

/** Gives shares out once: into files, or on the standard output. They can't be lost with this process when it resolves. */
export async function giveShares(given: GivenShares, { outDir, json }: Wish): Promise<void> {
  const { setId, threshold, texts } = given;
  const files = outDir === undefined ? null : writeFiles(outDir, given);
  if (json) {
    const told = files ? { files } : { texts: texts.map(said) };
    await print(`${JSON.stringify({ setId, shares: texts.length, threshold, ...told }, null, 2)}\n`);
  } else {
    await print(
      `claviger: the root key is in ${texts.length} shares of set ${setId}; any ${threshold} of them unseal the server.\n` +
        'claviger: they are told once and kept nowhere: give each to one custodian.\n\n',
    );
    for (const file of files ?? []) await print(`${file}\n`);
    if (!files) for (const text of texts) await print(Buffer.concat([text, Buffer.from('\n')]));
    await print('\n');
  }
  syncOutput();
}
