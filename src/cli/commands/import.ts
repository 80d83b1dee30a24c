import type { Command } from 'commander';
import { ClavigerApiError, type Transit, type TransitKey } from '#sdk';
import { readAll } from '../arguments.ts';
import { connectTransit } from '../connect.ts';
import { CliError, exitCodes, tellError } from '../exit.ts';
import { type FoundBackup, readVaultBackups } from '../key-files/vault-backup.ts';
import { outputOption, show, table, type Shown } from '../output.ts';

type Wish = Shown & {
  readonly name?: string;
  readonly mount: string;
  readonly environment?: string;
  readonly force?: boolean;
  readonly skipExisting?: boolean;
  readonly dryRun?: boolean;
};

type Outcome = 'taken' | 'would be taken' | 'left: the name is taken' | 'refused';
type Told = {
  readonly name: string;
  /** The key's id here; null: there is none. */
  readonly id: string | null;
  readonly outcome: Outcome;
  readonly type: string;
  readonly versions: number;
  readonly newestAt: string;
  readonly left: readonly string[];
  readonly why: string | null;
};
type Placed = { readonly name: string; readonly found: FoundBackup };

const fileMax = 64 * 1024 * 1024;

/** A backup that was given instead of its file would be told in an error, and stands in the history of the shell. */
function requireFile(file: string): void {
  if (file.length < 256 && !file.startsWith('eyJ')) return;
  throw new CliError(
    exitCodes.usage,
    'This is a backup itself, not its file: others on this machine could see the key.',
    'vault read -field=backup transit/backup/NAME | claviger import vault-backup -',
  );
}

function placed(all: readonly FoundBackup[], name: string | undefined): readonly Placed[] {
  if (name !== undefined && all.length > 1)
    throw new CliError(exitCodes.usage, `--name is for one backup: these are ${all.length}.`);
  const list = all.map((found) => ({ name: name ?? found.label ?? found.name, found }));
  const twice = list.find((each, at) => list.findIndex((other) => other.name === each.name) !== at);
  if (twice) throw new CliError(exitCodes.usage, `Two of the backups are of ${twice.name}.`);
  return list;
}

function taken({ name }: Placed): CliError {
  return new CliError(
    exitCodes.conflict,
    `The name ${name} is taken.`,
    'add --name NAME, --skip-existing, or --force, which takes the name from the key that has it',
  );
}

async function restore(transit: Transit, one: Placed, { mount, force }: Wish): Promise<TransitKey | null> {
  try {
    await transit.restore(one.name, one.found.encoded, { mount, force: force ?? false });
  } catch (error) {
    // somebody was faster
    if (error instanceof ClavigerApiError && error.message.endsWith('already exists')) throw taken(one);
    throw error;
  }
  return await transit.key(one.name, { mount });
}

async function bring(transit: Transit, one: Placed, wish: Wish): Promise<Told> {
  const { type, versions, newestAt, left, why } = one.found;
  const told = (outcome: Outcome, id: string | null): Told => ({
    name: one.name,
    id,
    outcome,
    type,
    versions,
    newestAt,
    left,
    why,
  });
  const existing = await transit.key(one.name, { mount: wish.mount });
  if (existing && wish.skipExisting) return told('left: the name is taken', existing.id);
  if (why !== null) throw new CliError(exitCodes.usage, `The backup of ${one.name} is not taken: ${why}.`);
  if (existing && !wish.force) throw taken(one);
  if (wish.dryRun) return told('would be taken', existing?.id ?? null);
  return told('taken', (await restore(transit, one, wish))?.id ?? null);
}

/** Tells on a terminal how far it is. */
function progress(at: number, all: number, name: string): void {
  if (process.stderr.isTTY && all > 1) process.stderr.write(`\r\u001b[K${at + 1} of ${all}: ${name}`);
}

function endProgress(all: number): void {
  if (process.stderr.isTTY && all > 1) process.stderr.write('\r\u001b[K');
}

async function importBackups(file: string, wish: Wish): Promise<void> {
  requireFile(file);
  const content = await readAll(file, fileMax);
  let all: readonly Placed[];
  try {
    all = placed(readVaultBackups(content), wish.name);
  } finally {
    content.fill(0);
  }
  const transit = connectTransit(wish.environment);
  const done: Told[] = [];
  for (const [at, one] of all.entries()) {
    progress(at, all.length, one.name);
    try {
      done.push(await bring(transit, one, wish));
    } catch (error) {
      endProgress(all.length);
      // the others are independent of one that is refused, and of nothing else
      if (all.length === 1 || !isRefusal(error)) throw error;
      process.exitCode = tellError(error);
      const { type, versions, newestAt, left, why } = one.found;
      const said = why ?? (error instanceof Error ? error.message : String(error));
      done.push({ name: one.name, id: null, outcome: 'refused', type, versions, newestAt, left, why: said });
    }
  }
  endProgress(all.length);
  await tell(wish, done);
}

function isRefusal(error: unknown): boolean {
  if (error instanceof CliError) return true;
  return error instanceof ClavigerApiError && (error.status === 400 || error.status === 409);
}

async function tell({ output, dryRun }: Wish, done: readonly Told[]): Promise<void> {
  await show(output, done, () =>
    table(
      ['name', 'type', 'versions', 'newest made', 'outcome', 'id', 'left behind'],
      done.map((one) => [
        one.name,
        one.type,
        one.versions,
        one.newestAt,
        one.outcome,
        one.id,
        one.left.join('; '),
      ]),
    ),
  );
  if (dryRun) process.stderr.write('Nothing was sent: the server also refuses weak keys and known ones.\n');
}

/** `import ...`: what other key servers hand out. */
export function addImport(program: Command): void {
  const imports = program.command('import').description('bring keys from other key servers');
  imports
    .command('vault-backup <file>')
    .description('bring whole keys, all versions, from backups of Vault or OpenBao; - for stdin')
    .option('--name <name>', 'name here, where there is one backup; else as over there, or as the file says')
    .option('--mount <path>', 'where transit is mounted', 'transit')
    .option('--environment <name>', 'refuse unless the token is of this environment')
    .option('--force', 'take the name from a key that has it, which stays under its id')
    .option('--skip-existing', 'leave out keys whose name is taken, to go on after a stop')
    .option('--dry-run', 'only look: nothing of the backups is sent')
    .addHelpText(
      'after',
      '\nThe file holds what `vault read -field=backup transit/backup/NAME` prints, several of these (one on each line), an answer of Vault in JSON, or {"name": "backup", ...}.\nVersions keep their numbers: ciphertexts of the other server open. An old key opens, and protects again after claviger key rotate.\nThe file holds the keys in plain text: `claviger shred FILE` removes it.',
    )
    .addOption(outputOption())
    .action(importBackups);
}
