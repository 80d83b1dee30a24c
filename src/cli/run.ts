import { CommanderError } from 'commander';
import { exitCodes, tellError } from './exit.ts';
import { createProgram } from './program.ts';

/** Runs the command that this process was asked for, and sets its exit code. */
export async function run(): Promise<void> {
  // who reads the output may go away at any time; a server goes on without its reader
  const serves = process.argv.slice(2).find((word) => !word.startsWith('-')) === 'serve';
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!serves) process.exit(error.code === 'EPIPE' ? exitCodes.pipeClosed : tellError(error));
  });
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    else process.exitCode = tellError(error);
  }
}
