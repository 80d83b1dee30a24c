import type { Command } from 'commander';
import type { NameRecord } from '#sdk';
import { wholeNumber } from '../arguments.ts';
import { connect } from '../connect.ts';
import { facts, outputOption, show, showList, take, type Shown } from '../output.ts';

const tell = (output: Shown['output'], name: NameRecord): Promise<void> =>
  show(output, name, () => facts({ name: name.name, key: name.keyId, updated: name.updatedAt }));

/** `name ...`: names of keys, which can be moved. */
export function addNameCommands(program: Command): void {
  const names = program.command('name').description('give keys names, and move them');
  names
    .command('list')
    .description('the names of the environment')
    .option('--key <key>', 'only those of this key')
    .option('--limit <count>', 'no more than so many', wholeNumber)
    .addOption(outputOption())
    .action(async ({ output, key, limit }: Shown & { key?: string; limit?: number }) => {
      await showList(output, take(connect().names.list(key), limit), {
        columns: ['name', 'key', 'updated'],
        row: (name) => [name.name, name.keyId, name.updatedAt],
      });
    });
  names
    .command('create <name> <key>')
    .description('give a key a name')
    .addOption(outputOption())
    .action(async (name: string, key: string, { output }: Shown) => {
      await tell(output, await connect().names.create(name, key));
    });
  names
    .command('move <name> <key>')
    .description('point a name to another key of the same usage and kind')
    .addOption(outputOption())
    .action(async (name: string, key: string, { output }: Shown) => {
      await tell(output, await connect().names.move(name, key));
    });
  names
    .command('delete <name>')
    .description('take a name away; the key stays')
    .addOption(outputOption())
    .action(async (name: string, { output }: Shown) => {
      await tell(output, await connect().names.delete(name));
    });
}
