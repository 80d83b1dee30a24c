import { Option, type Command } from 'commander';
import { ClavigerApiError, type Client, type KeyRecord } from '#sdk';
import { collect, pairsOf, wholeNumber } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, showList, table, take, type Shown } from '../output.ts';
import { demandText } from './key-destruction.ts';

function keyText(key: KeyRecord): string {
  const head = facts({
    id: key.id,
    state: key.state,
    spec: key.materialBytes === undefined ? key.spec : `${key.spec} of ${key.materialBytes} bytes`,
    usage: key.usage,
    owner: key.owner,
    environment: key.environment,
    tier: key.tier,
    ...(key.cryptography === null ? {} : { cryptography: key.cryptography }),
    ...(key.exportable ? { exportable: 'yes, wrapped for a recipient' } : {}),
    ...(key.imported
      ? {
          origin: key.origin,
          material: key.imported.isPresent ? `here, ${key.imported.expiresAt ?? 'for ever'}` : 'not here',
        }
      : {}),
    ...(key.pending ? { pending: `version ${key.pending.version}, with the next key rotate` } : {}),
    description: key.description,
    tags: key.tags.map((tag) => `${tag.key}=${tag.value}`).join(' '),
    recoverable: key.provenRecoverableAt ? `proven ${key.provenRecoverableAt}` : 'never proven',
    created: `${key.createdAt} by ${key.createdBy}`,
    rotates: key.rotation
      ? `every ${key.rotation.periodDays} days, next ${key.rotation.nextAt}`
      : 'only on demand',
    ...(key.destruction ? { destroyed: key.destruction.dueAt } : {}),
  });
  const versions = table(
    ['version', 'state', 'created', 'protects until'],
    key.versions.map((version) => [version.number, version.state, version.createdAt, version.protectUntil]),
  );
  return `${head}\n${versions}`;
}

/** Shows one key. */
export const tellKey = (output: Shown['output'], key: KeyRecord): Promise<void> =>
  show(output, key, () => keyText(key));

/** `key ...`; the other commands of keys are added to what is returned. */
export function addKeyCommands(program: Command): Command {
  const keys = program.command('key').description('make and manage keys');
  addCreate(keys);
  keys
    .command('list')
    .description('the keys of the environment, by id')
    .option('--limit <count>', 'no more than so many', wholeNumber)
    .addOption(outputOption())
    .action(async ({ output, limit }: Shown & { limit?: number }) => {
      const client = connect();
      const pageSize = Math.min(500, Math.max(1, limit ?? 500));
      const found = take(client.keys.list(pageSize), limit);
      const keysWithNames = pageSize <= fewKeys ? eachNamed(client, found) : allNamed(client, found);
      await showList(output, keysWithNames, {
        columns: ['id', 'name', 'state', 'spec', 'usage', 'version', 'owner', 'description'],
        row: (key) => [
          key.id,
          key.names.join(' '),
          key.state,
          key.spec,
          key.usage,
          key.currentVersion,
          key.owner,
          key.description.slice(0, 40),
        ],
      });
    });
  addShow(keys);
  const simple = {
    enable: 'take a suspended key up again',
    disable: 'suspend a key: nothing of it works until it is enabled',
  } as const;
  for (const [name, about] of Object.entries(simple)) {
    keys
      .command(`${name} <key>`)
      .description(about)
      .addOption(outputOption())
      .action(async (key: string, { output }: Shown) => {
        await tellKey(output, await connect().keys[name as keyof typeof simple](key));
      });
  }
  return keys;
}

function addShow(keys: Command): void {
  keys
    .command('show <key>')
    .description('one key with its versions')
    .addOption(outputOption())
    .action(async (key: string, { output }: Shown) => {
      const client = connect();
      const found = await client.keys.show(key);
      const demand = found.destruction ? await whoStillAsks(client, found.id) : '';
      await show(output, found, () => `${keyText(found)}${demand === '' ? '' : `\n${demand}`}`);
    });
}

/** Who still asks for a key that waits for its destruction, where the caller may know that. */
async function whoStillAsks(client: Client, id: string): Promise<string> {
  try {
    return demandText(await client.keys.destruction(id), Date.now());
  } catch (error) {
    if (error instanceof ClavigerApiError && error.status === 403) return '';
    throw error;
  }
}

type NamedKey = KeyRecord & { readonly names: readonly string[] };
const fewKeys = 20;

/** Keys together with their names, which are asked for key by key. */
async function* eachNamed(client: Client, keys: AsyncIterable<KeyRecord>): AsyncGenerator<NamedKey> {
  for await (const key of keys) {
    const names = await Array.fromAsync(client.names.list(key.id));
    yield { ...key, names: names.map(({ name }) => name) };
  }
}

/** The same, with the names of all keys asked for at once. */
async function* allNamed(client: Client, keys: AsyncIterable<KeyRecord>): AsyncGenerator<NamedKey> {
  const names = new Map<string, string[]>();
  for await (const { name, keyId } of client.names.list()) {
    const known = names.get(keyId);
    if (known) known.push(name);
    else names.set(keyId, [name]);
  }
  for await (const key of keys) yield { ...key, names: names.get(key.id) ?? [] };
}

type CreateWish = Shown & {
  readonly name?: string;
  readonly spec?: string;
  readonly usage?: string;
  readonly owner?: string;
  readonly description?: string;
  readonly tag: readonly string[];
  readonly tier?: string;
  readonly exportable?: boolean;
  readonly imported?: boolean;
  readonly bytes?: number;
};

function addCreate(keys: Command): void {
  keys
    .command('create')
    .description('make a key')
    .option('--name <name>', 'its name')
    .option('--spec <spec>', 'AES_256 (the default), RSA_3072, EC_P256, ED25519, ML_DSA_65, HMAC_256 ...')
    .option('--bytes <count>', 'size of a key of spec HMAC: 32 to 512', wholeNumber)
    .option('--usage <usage>', 'encrypt, sign, mac, key-agreement ...; else the first one of the spec')
    .option('--owner <owner>', 'who answers for it; else you')
    .option('--description <text>', 'what it is for')
    .option('--tag <name=value>', 'a tag; may be given several times', collect, [])
    .addOption(
      new Option('--tier <tier>', 'hsm: in the device; others: refuse unless the root of trust gives it'),
    )
    .option('--imported', 'its material comes later, from outside (key import --into, key import-wrapped)')
    .option('--exportable', 'its material may leave, wrapped for a recipient (key export); never changed')
    .addOption(outputOption())
    .action(async ({ output, tier, tag, imported, bytes, ...wish }: CreateWish) => {
      const client = connect();
      if (tier !== undefined && tier !== 'hsm') await requireTier(client, tier);
      const tags = pairsOf(tag, 'tag').map(([key, value]) => ({ key, value }));
      const sized = bytes === undefined ? {} : { materialBytes: bytes };
      const origin = imported ? ({ origin: 'imported' } as const) : {};
      await tellKey(
        output,
        await client.keys.create({ ...wish, ...sized, ...origin, ...(tier === 'hsm' ? { tier } : {}), tags }),
      );
    });
}

/** The tier is the root's, not a wish: a key is never made under a weaker one than was asked for. */
async function requireTier(client: Client, wanted: string): Promise<void> {
  const { root } = await client.status();
  const tier = root.tier === 'hsm' ? 'served' : root.tier;
  if (tier === wanted) return;
  throw new CliError(
    exitCodes.conflict,
    `The root of trust of this server gives the tier ${tier}, not ${wanted}: no key was made.`,
    'leave --tier out, or configure another root of trust',
  );
}
