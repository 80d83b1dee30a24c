#!/usr/bin/env node
import fs from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addAuditCommands } from './commands/audit.ts';
import { addFileCommands } from './commands/files.ts';
import { addKeyCommands } from './commands/key.ts';
import { addPeopleCommands } from './commands/people.ts';
import { addQuickstart } from './commands/quickstart.ts';
import { addServerCommands } from './commands/server.ts';
import { exitCodes, tellError } from './output.ts';

function version(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const program = new Command('claviger')
  .description('Claviger, bearer of the keys: a key-management server and its command line')
  .version(version())
  .showSuggestionAfterError()
  .exitOverride()
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    'after',
    '\nExit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 denied, 5 conflict, 6 unavailable, 8 verification failed, 124 timeout.',
  );

addServerCommands(program);
addQuickstart(program);
addKeyCommands(program);
addFileCommands(program);
addPeopleCommands(program);
addAuditCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  else process.exitCode = tellError(error);
}
