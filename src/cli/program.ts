import fs from 'node:fs';
import { Command } from 'commander';
import { addAuditCommands } from './commands/audit.ts';
import { addCompletion } from './commands/completion.ts';
import { addCustodyCommands } from './commands/custody.ts';
import { addDoctor } from './commands/doctor.ts';
import { addFileCommands } from './commands/files.ts';
import { addHelp } from './commands/help.ts';
import { addKeyAttributes } from './commands/key-attributes.ts';
import { addKeyExport } from './commands/key-export.ts';
import { addKeyImport } from './commands/key-import.ts';
import { addKeyCertificate } from './commands/certificate.ts';
import { addKeyDestruction } from './commands/key-destruction.ts';
import { addKeyLife } from './commands/key-life.ts';
import { addTiers } from './commands/tiers.ts';
import { addKeyCommands } from './commands/key.ts';
import { addNameCommands } from './commands/name.ts';
import { addPeopleCommands } from './commands/people.ts';
import { addQuickstart } from './commands/quickstart.ts';
import { addRekey, addRootCommands } from './commands/root.ts';
import { addRecoveryCommands } from './commands/recovery.ts';
import { addSecretCommands } from './commands/secret.ts';
import { addServerCommands } from './commands/server.ts';
import { addShred } from './commands/shred.ts';
import { addSigningCommands } from './commands/signing.ts';

function version(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The whole command line: one table, from which help and completion are made too. */
export function createProgram(): Command {
  const program = new Command('claviger')
    .description('Claviger, bearer of the keys: a key-management server and its command line')
    .version(version())
    .option('--debug', 'tell every request on stderr, without secrets (or CLAVIGER_DEBUG=1)')
    .hook('preAction', (command) => {
      if (command.opts()['debug']) process.env['CLAVIGER_DEBUG'] = '1';
    })
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'claviger: ')),
    })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false });

  program.commandsGroup('The server:');
  addServerCommands(program);
  addRootCommands(program);
  addCustodyCommands(program);
  addDoctor(program);
  addQuickstart(program);
  program.commandsGroup('Keys:');
  const keys = addKeyCommands(program);
  addTiers(keys);
  addKeyLife(keys);
  addKeyDestruction(keys);
  addKeyCertificate(keys);
  addKeyImport(keys);
  addKeyExport(keys);
  addKeyAttributes(keys);
  addNameCommands(program);
  program.commandsGroup('Data:');
  addFileCommands(program);
  addShred(program);
  addSigningCommands(program);
  addSecretCommands(program);
  program.commandsGroup('Who may do what, and who did what:');
  addRekey(addPeopleCommands(program));
  addAuditCommands(program);
  program.commandsGroup('Backup and recovery:');
  addRecoveryCommands(program);
  program.commandsGroup('This program:');
  addCompletion(program);
  addHelp(program);
  return program;
}
