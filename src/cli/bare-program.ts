import fs from 'node:fs';
import { Command } from 'commander';

function version(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The program without its commands. */
export function bareProgram(): Command {
  return new Command('claviger')
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
}
