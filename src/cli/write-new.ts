import fs from 'node:fs';
import { CliError, exitCodes } from './exit.ts';

/** Writes a file that is not there yet, 0600. */
export function writeNew(file: string, content: string | Uint8Array): void {
  try {
    fs.writeFileSync(file, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new CliError(
        exitCodes.failed,
        `${file} can't be written (${String((error as NodeJS.ErrnoException).code)}).`,
      );
    throw new CliError(exitCodes.usage, `${file} exists already.`, 'name another file, or move it away');
  }
}
