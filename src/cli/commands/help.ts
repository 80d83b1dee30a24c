import type { Command } from 'commander';
import { CliError, exitCodes, exitTable } from '../exit.ts';

const topics: Readonly<Record<string, () => string>> = {
  'exit-codes': () => exitTable.map(([, code, about]) => `${String(code).padStart(3)}  ${about}\n`).join(''),
  environment: () =>
    [
      ['CLAVIGER_ADDR', 'address of the server, e.g. https://keys.example.com:8200'],
      ['CLAVIGER_TOKEN', 'token'],
      ['CLAVIGER_TOKEN_FILE', 'file that holds the token'],
      ['CLAVIGER_CACERT', 'PEM file of the authority that the server has its certificate from'],
      ['CLAVIGER_HOME', 'home of the server on this machine; its credentials.env is used without the above'],
      ['CLAVIGER_APPROVAL_KEY', 'private key by which you approve requests'],
      ['CLAVIGER_DEBUG', 'not empty: tell every request on stderr'],
      ['NO_COLOR, FORCE_COLOR', 'no colour, colour'],
    ]
      .map(([name = '', about]) => `${name.padEnd(22)}  ${about}\n`)
      .join(''),
};

function find(program: Command, words: readonly string[]): Command {
  let at = program;
  for (const word of words) {
    const next = at.commands.find((command) => command.name() === word);
    if (!next)
      throw new CliError(exitCodes.usage, `There is no command ${words.join(' ')}.`, 'claviger help');
    at = next;
  }
  return at;
}

/** `help`, of a command or a topic. */
export function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command('help [command...]')
    .description('help for a command, or on: exit-codes, environment')
    .action((words: string[]) => {
      const topic = words.length === 1 ? topics[words[0] ?? ''] : undefined;
      if (topic) process.stdout.write(topic());
      else find(program, words).outputHelp();
    });
}
