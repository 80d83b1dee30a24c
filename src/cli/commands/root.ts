import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Client } from '#sdk';
import { connect } from '../connect.ts';
import { facts, outputOption, show, type Shown } from '../output.ts';

const lookEveryMillis = 500;

/** Tells on a terminal how far a piece of work is, until it is done. */
async function watching<T>(work: Promise<T>, look: () => Promise<string | null>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  const done = work.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([done, sleep(lookEveryMillis, false)]))) {
    const words = await look().catch(() => null);
    if (words !== null) process.stderr.write(`\r\u001b[K${words}`);
  }
  process.stderr.write('\r\u001b[K');
  return work;
}

async function rekey(client: Client, environment: string): Promise<number> {
  let state = await client.rekeys.begin(environment);
  const wait = async (): Promise<number> => {
    while (state.running) {
      await sleep(lookEveryMillis);
      state = await client.rekeys.status(environment);
    }
    return state.generation;
  };
  const words = `environment ${environment}: everything is sealed anew ...`;
  return watching(wait(), () => Promise.resolve(words));
}

type Wish = Shown & { readonly rewrap?: boolean };

async function migrate(client: Client, to: string, wish: Wish): Promise<void> {
  const prepared = await client.root.prepare(to);
  const done = await watching(client.root.migrate(to), async () => {
    const { progress } = await client.root.status();
    return progress && `${progress.done} of ${progress.total} keys are wrapped by the new root`;
  });
  const { wrappings } = await client.root.verify();
  const rekeyed: string[] = [];
  if (wish.rewrap) {
    for (const { name } of await client.environments.list()) {
      await rekey(client, name);
      rekeyed.push(name);
    }
  }
  await show(wish.output, { ...done, to, verified: wrappings, rekeyed }, () =>
    facts({
      root: `${prepared.root.kind} (${prepared.root.where})`,
      tier: prepared.root.tier,
      switched: done.switched ? 'yes' : 'the store was under this root already',
      'opened by it': wrappings,
      ...(rekeyed.length > 0 ? { 'sealed anew': rekeyed.join(' ') } : {}),
    }),
  );
  process.stderr.write(
    `Set CLAVIGER_ROOT='${to}' for every node, before it is started the next time.\n` +
      'Keep the root before for as long as a backup from before this day is to be opened; then destroy it.\n',
  );
}

const rewrapWords = 'then give every environment a new key and seal everything anew';

/** `root ...`. */
export function addRootCommands(program: Command): void {
  const root = program.command('root').description('the root of trust: look at it, replace it');
  root
    .command('status')
    .description('which root the store is under')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const status = await connect().root.status();
      await show(output, status, () =>
        facts({
          root: `${status.root.kind} (${status.root.where})`,
          tier: status.root.tier,
          id: status.id,
          since: status.since,
          'this node has it': status.isCurrent ? 'yes' : 'no: restart it with the new CLAVIGER_ROOT',
          migration: status.progress ? `${status.progress.done} of ${status.progress.total}` : 'none runs',
        }),
      );
    });
  root
    .command('migrate')
    .description('put the store under another root, while it serves; repeat it after a crash')
    .requiredOption('--to <uri>', 'the new root, as in CLAVIGER_ROOT; its secrets are in files of the server')
    .option('--rewrap', rewrapWords)
    .addOption(outputOption())
    .action(async (wish: Wish & { to: string }) => migrate(connect(), wish.to, wish));
  root
    .command('rotate')
    .description('the same with a new key at the same kind of place')
    .option('--passphrase-file <path>', 'file on the server with the new passphrase, 0600')
    .option('--rewrap', rewrapWords)
    .addOption(outputOption())
    .action(async (wish: Wish & { passphraseFile?: string }) => {
      const client = connect();
      const { uri } = await client.root.successor(wish.passphraseFile ?? null);
      await migrate(client, uri, wish);
    });
  root
    .command('verify')
    .description('open everything that the root wraps')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const done = await connect().root.verify();
      await show(output, done, () => facts({ 'opened by the root': done.wrappings }));
    });
}

/** `environment rekey`. */
export function addRekey(environments: Command): void {
  environments
    .command('rekey <name>')
    .description('give an environment a new key-encryption key, and seal everything anew')
    .addOption(outputOption())
    .action(async (name: string, { output }: Shown) => {
      const generation = await rekey(connect(), name);
      await show(output, { name, generation }, () => facts({ environment: name, generation }));
    });
}
