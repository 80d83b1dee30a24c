import { createInterface } from 'node:readline';
import { Option, type Command } from 'commander';
import { CliError, exitCodes } from './exit.ts';

export type Confirmed = { readonly confirm?: string; readonly input: boolean };

/** The options of every command that can't be taken back. */
export function addConfirmation(command: Command): Command {
  return command
    .addOption(new Option('--confirm <key>', 'repeat the key, to do it without being asked'))
    .addOption(new Option('--no-input', 'never ask: fail where something would have to be typed'));
}

/** What is typed on the terminal; null where it is closed. Ctrl-C ends the program. */
export async function ask(question: string): Promise<string | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const { promise, resolve } = Promise.withResolvers<string | null>();
  terminal.once('SIGINT', () => {
    process.stderr.write('\n');
    process.exit(exitCodes.interrupted);
  });
  terminal.once('close', () => resolve(null));
  terminal.question(question, resolve);
  try {
    return await promise;
  } finally {
    terminal.close();
  }
}

/** What can't be taken back is asked for by typing the key's name, or by repeating it in the command. */
export async function requireConfirmed(
  key: string,
  { confirm, input }: Confirmed,
  warning: () => Promise<string>,
): Promise<void> {
  if (confirm !== undefined) {
    if (confirm === key) return;
    throw new CliError(exitCodes.usage, `--confirm must repeat ${key}: nothing was done.`);
  }
  if (!process.stdin.isTTY || !input) {
    throw new CliError(exitCodes.usage, 'This must be confirmed: nothing was done.', `add --confirm ${key}`);
  }
  process.stderr.write(await warning());
  const typed = await ask(`Type ${key} to go on: `);
  if (typed !== key) throw new CliError(exitCodes.usage, 'That is not its name: nothing was done.');
}
