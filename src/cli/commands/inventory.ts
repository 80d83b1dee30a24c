import { Option, type Command } from 'commander';
import type { InventoryFilter, InventoryRowRecord, InventoryWish } from '#sdk';
import type { InventoryRow } from '#server/inventory';
import { collect, pairsOf, wholeNumber } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, showList, table, type Cell, type Shown } from '../output.ts';
import { write } from '../places.ts';

type Kind = 'key' | 'secret' | 'credential';
type Asked = {
  readonly filter: string[];
  readonly sort?: string;
  readonly view?: string;
  readonly kind: Kind;
};

function addAsking(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--filter <field=value>',
        'e.g. state=active, owner=pay*, ends-before=+90d; all of them must hold',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--sort <order>', 'created, ends, id or name; backwards with - in front, as --sort=-created')
    .option('--view <name>', 'the filter and order that were kept under this name')
    .addOption(
      new Option('--kind <kind>', 'what to list').choices(['key', 'secret', 'credential']).default('key'),
    );
}

async function fieldsOf(filter: string[], kind: Kind = 'key'): Promise<InventoryFilter> {
  const fields = Object.fromEntries(pairsOf(filter, 'filter'));
  const { filterFields } = await import('#server/inventory');
  const known = { key: filterFields, secret: ['store'], credential: ['owner'] }[kind];
  const unknown = Object.keys(fields).find((field) => !known.includes(field));
  if (unknown === undefined) return fields;
  throw new CliError(exitCodes.usage, `There is no filter ${unknown}.`, `filter by ${known.join(', ')}`);
}

/** What is asked for; what is said besides a view is added to it. */
async function wishOf({ filter, sort, view, kind }: Asked): Promise<InventoryWish> {
  const kept = view === undefined ? null : await connect().inventory.view(view);
  const order = sort ?? kept?.sort ?? null;
  return {
    kind,
    filter: { ...kept?.filter, ...(await fieldsOf(filter, kind)) },
    ...(order === null ? {} : { sort: order }),
  };
}

async function* firstOf<T>(entries: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  let left = limit;
  for await (const entry of entries) {
    yield entry;
    left -= 1;
    if (left === 0) return;
  }
}

const columns: Readonly<Record<Kind, readonly string[]>> = {
  key: ['id', 'names', 'owner', 'purpose', 'spec', 'state', 'tier', 'protectUntil', 'lastUseAt'],
  secret: ['store', 'path', 'owner', 'version', 'liveVersions', 'updatedAt'],
  credential: ['id', 'type', 'owner', 'createdAt', 'expiresAt', 'disabled'],
};

function cellOf(value: InventoryRowRecord[string] | undefined): Cell {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return value ? value.join(' ') : null;
}

async function list(asked: Asked & Shown & { limit: number }): Promise<void> {
  const found = connect().inventory.list(await wishOf(asked), Math.min(asked.limit, 500));
  const names = columns[asked.kind];
  await showList(asked.output, firstOf(found, asked.limit), {
    columns: names.map((name) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)),
    row: (row) => names.map((name) => cellOf(row[name])),
  });
}

const formats = ['csv', 'jsonl', 'cbom'] as const;
type Format = (typeof formats)[number];
type ExportWish = Asked & { format: Format; out?: string; force?: boolean };

async function* bytesOf(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let waiting = '';
  for await (const piece of pieces) {
    waiting += piece;
    if (waiting.length < 1 << 16) continue;
    yield Buffer.from(waiting);
    waiting = '';
  }
  if (waiting !== '') yield Buffer.from(waiting);
}

async function exportAll({ format, out, force, ...asked }: ExportWish): Promise<void> {
  if (format === 'cbom' && asked.kind !== 'key')
    throw new CliError(exitCodes.usage, 'A CBOM is of keys.', 'use --format csv or jsonl for other kinds');
  const { cbomOf, csvOf, jsonLinesOf } = await import('#server/inventory');
  const rows = connect().inventory.all(await wishOf(asked));
  const pieces = async function* (): AsyncGenerator<string> {
    if (format === 'csv') return yield* csvOf(rows);
    if (format === 'jsonl') return yield* jsonLinesOf(rows);
    const first = await rows.next();
    const environment = first.done ? '-' : String(first.value['environment']);
    const all = async function* () {
      if (!first.done) yield first.value as unknown as InventoryRow;
      for await (const row of rows) yield row as unknown as InventoryRow;
    };
    const at = new Date().toISOString();
    yield* cbomOf({ environment, at, software: 'claviger' }, all());
  };
  await write({ ...(out === undefined ? {} : { out }), force: force ?? false }, bytesOf(pieces()));
}

/** `inventory list|facets|export|view ...`. */
export function addInventoryCommands(program: Command): void {
  const inventory = program
    .command('inventory')
    .description('what the environment has, and who answers for it');
  addAsking(inventory.command('list').description('keys that a filter finds; or secrets or credentials'))
    .option('--limit <count>', 'how many at most', wholeNumber, 100)
    .addOption(outputOption())
    .action(list);
  inventory
    .command('facets')
    .description('how many keys have which owner, spec, state ...')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const found = await connect().inventory.facets();
      await show(output, found, () =>
        table(
          ['field', 'value', 'keys'],
          Object.entries(found.fields).flatMap(([field, values]) =>
            values.map(({ value, keys }) => [field, value, keys]),
          ),
        ),
      );
    });
  addAsking(inventory.command('export').description('everything that a filter finds, into a file'))
    .addOption(
      new Option('--format <format>', 'CSV, JSON lines, or a CycloneDX 1.7 bill of materials')
        .choices(formats)
        .makeOptionMandatory(),
    )
    .option('--out <file>', 'appears whole or not at all, for the owner alone; else the standard output')
    .option('--force', 'replace the file')
    .action(exportAll);
  addViews(inventory.command('view').description('filters and orders that are kept under a name'));
}

function addViews(view: Command): void {
  view
    .command('save')
    .description('keep a filter and an order, in the place of one of that name')
    .argument('<name>')
    .addOption(new Option('--filter <field=value>', 'repeatable').argParser(collect).default([], 'none'))
    .option('--sort <order>', 'created, ends, id or name; backwards with - in front')
    .addOption(outputOption())
    .action(async (name: string, { filter, sort, output }: Shown & { filter: string[]; sort?: string }) => {
      const saved = await connect().inventory.saveView(name, await fieldsOf(filter), sort ?? null);
      await show(output, saved, () => facts({ view: saved.name, sort: saved.sort, ...saved.filter }));
    });
  view
    .command('list')
    .description('what is kept')
    .addOption(outputOption())
    .action(({ output }: Shown) =>
      showList(output, connect().inventory.views(), {
        columns: ['name', 'filter', 'sort', 'saved by', 'saved at'],
        row: ({ name, filter, sort, savedBy, savedAt }) => [
          name,
          Object.entries(filter)
            .map(([field, value]) => `${field}=${value}`)
            .join(' '),
          sort,
          savedBy,
          savedAt,
        ],
      }),
    );
  view
    .command('show')
    .description('one of them')
    .argument('<name>')
    .addOption(outputOption())
    .action(async (name: string, { output }: Shown) => {
      const found = await connect().inventory.view(name);
      await show(output, found, () =>
        facts({ view: found.name, sort: found.sort, ...found.filter, 'saved by': found.savedBy }),
      );
    });
  view
    .command('delete')
    .description('forget one of them; no key changes')
    .argument('<name>')
    .action((name: string) => connect().inventory.deleteView(name));
}
