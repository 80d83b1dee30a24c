import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { KeyRecord } from '#sdk';
import { connect } from '../connect.ts';
import { CliError, exitCodes, facts, show, table } from '../output.ts';

type Shown = { output?: string };

function keyText(key: KeyRecord): string {
  const head = facts({
    id: key.id,
    state: key.state,
    spec: key.spec,
    usage: key.usage,
    owner: key.owner,
    environment: key.environment,
    tier: key.tier,
    description: key.description,
    created: key.createdAt,
    rotates: key.rotation
      ? `every ${key.rotation.periodDays} days, next ${key.rotation.nextAt}`
      : 'only on demand',
    ...(key.destruction ? { destroyed: key.destruction.dueAt } : {}),
  });
  const versions = table(
    ['version', 'state', 'created'],
    key.versions.map((version) => [version.number, version.state, version.createdAt]),
  );
  return `${head}\n${versions}`;
}

const form = ['-o, --output <form>', 'table, json or jsonl'] as const;
const tell = (output: string | undefined, key: KeyRecord) => show(output, key, () => keyText(key));

/** Destruction is asked for by typing the key's name, or by saying it in the command. */
async function requireConfirmed(name: string, confirmed: string | undefined): Promise<void> {
  if (confirmed !== undefined) {
    if (confirmed === name) return;
    throw new CliError(exitCodes.usage, `--confirm must repeat ${name}.`);
  }
  if (!process.stdin.isTTY) {
    throw new CliError(exitCodes.usage, 'A destruction must be confirmed.', `add --confirm ${name}`);
  }
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await question.question(
    `Everything under ${name} will be unreadable for ever. Type its name to go on: `,
  );
  question.close();
  if (typed !== name) throw new CliError(exitCodes.usage, 'The name does not match: nothing was done.');
}

/** `key ...`. */
export function addKeyCommands(program: Command): void {
  const keys = program.command('key').description('make and manage keys');

  keys
    .command('create')
    .description('make a key')
    .option('--name <name>', 'its name')
    .option('--spec <spec>', 'e.g. AES_256, RSA_3072, EC_P256, ED25519, ML_DSA_65', 'AES_256')
    .option('--usage <usage>', 'encrypt, sign, mac, key-agreement, encapsulate, wrap or derive', 'encrypt')
    .option('--owner <owner>', 'who answers for it')
    .option('--description <text>', 'what it is for')
    .option(...form)
    .action(
      async (
        wish: Shown & { name?: string; spec: string; usage: string; owner?: string; description?: string },
      ) => {
        const { output, ...rest } = wish;
        tell(output, await connect().keys.create(rest));
      },
    );

  keys
    .command('list')
    .description('all keys of the environment')
    .option(...form)
    .action(async ({ output }: Shown) => {
      const all: KeyRecord[] = [];
      for await (const key of connect().keys.list()) all.push(key);
      show(output, all, () =>
        table(
          ['id', 'state', 'spec', 'usage', 'version', 'tier', 'owner', 'description'],
          all.map((key) => [
            key.id,
            key.state,
            key.spec,
            key.usage,
            key.currentVersion,
            key.tier,
            key.owner,
            key.description.slice(0, 40),
          ]),
        ),
      );
    });

  const simple = {
    show: 'one key with its versions',
    rotate: 'make a new version that protects from now on',
    enable: 'take a suspended key up again',
    disable: 'suspend a key: nothing of it works until it is enabled',
  } as const;
  for (const [name, about] of Object.entries(simple)) {
    keys
      .command(`${name} <key>`)
      .description(about)
      .option(...form)
      .action(async (key: string, { output }: Shown) => {
        tell(output, await connect().keys[name as keyof typeof simple](key));
      });
  }

  addDestruction(keys);
}

function addDestruction(keys: Command): void {
  keys
    .command('schedule-destroy <key>')
    .description('stop a key now, and destroy it for ever after a waiting period')
    .option('--days <days>', 'waiting period, 7 to 30 days', '30')
    .option('--confirm <key>', 'repeat the key, to do it without being asked')
    .option(...form)
    .action(async (key: string, wish: Shown & { days: string; confirm?: string }) => {
      await requireConfirmed(key, wish.confirm);
      tell(wish.output, await connect().keys.scheduleDestroy(key, Number(wish.days)));
    });
  keys
    .command('cancel-destroy <key>')
    .description('call a scheduled destruction off; the key comes back suspended')
    .option(...form)
    .action(async (key: string, { output }: Shown) => tell(output, await connect().keys.cancelDestroy(key)));
}
