import { type Command, CommanderError } from 'commander';
import { bareProgram } from './bare-program.ts';
import { exitCodes, tellError } from './exit.ts';

/** A server has its one command: the modules of the others would be a part of its start. */
async function programOf(serves: boolean): Promise<Command> {
  if (!serves) return (await import('./program.ts')).createProgram();
  const { addServe } = await import('./commands/serve.ts');
  const program = bareProgram();
  addServe(program);
  return program;
}

/** Runs the command that this process was asked for, and sets its exit code. */
export async function run(): Promise<void> {
  // who reads the output may go away at any time; a server goes on without its reader
  const serves = process.argv.slice(2).find((word) => !word.startsWith('-')) === 'serve';
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!serves) process.exit(error.code === 'EPIPE' ? exitCodes.pipeClosed : tellError(error));
  });
  try {
    await (await programOf(serves)).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    else process.exitCode = tellError(error);
  }
}
