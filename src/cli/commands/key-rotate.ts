import type { Command } from 'commander';
import type { Client, KeyRecord } from '#sdk';
import { collect } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { outputOption, show, table, type Shown } from '../output.ts';
import { tellKey } from './key.ts';

type Wish = Shown & { readonly where: readonly string[]; readonly all?: boolean; readonly yes?: boolean };
type Condition = { readonly name: string; readonly value: string };

const fields: Readonly<Record<string, (key: KeyRecord, value: string) => boolean>> = {
  spec: (key, value) => key.spec === value,
  usage: (key, value) => key.usage === value,
  owner: (key, value) => key.owner === value,
  tier: (key, value) => key.tier === value,
  environment: (key, value) => key.environment === value,
  classification: (key, value) => key.dataClassification === value,
};

/** `tag.team=mail`: a tag of this name and value. */
const tagPrefix = 'tag.';

function conditionOf(text: string): Condition {
  const mark = text.indexOf('=');
  const name = text.slice(0, Math.max(mark, 0));
  const isKnown =
    name.length > tagPrefix.length ? name.startsWith(tagPrefix) || name in fields : name in fields;
  if (isKnown) return { name, value: text.slice(mark + 1) };
  const known = [...Object.keys(fields), 'tag.NAME'].join(', ');
  throw new CliError(exitCodes.usage, `--where ${text} is not NAME=VALUE.`, `names are ${known}`);
}

function holds(key: KeyRecord, { name, value }: Condition): boolean {
  if (name.startsWith(tagPrefix)) {
    const wanted = name.slice(tagPrefix.length);
    return key.tags.some((tag) => tag.key === wanted && tag.value === value);
  }
  return Object.hasOwn(fields, name) && fields[name]?.(key, value) === true;
}

type Step = {
  readonly id: string;
  readonly spec: string;
  readonly owner: string;
  readonly version: number;
  readonly state: string;
  /** `rotate`, or what stands in the way; after it was done `rotated`, or the error. */
  readonly plan: string;
};

/** What keeps a key from being rotated here; null: nothing. */
function obstacle(key: KeyRecord): string | null {
  if (key.state === 'active' || key.state === 'deactivated' || key.state === 'compromised') {
    const waits = key.pending !== null;
    return key.origin === 'imported' && !waits ? 'its new material must be imported first' : null;
  }
  return `it is ${key.state}`;
}

const stepOf = (key: KeyRecord): Step => ({
  id: key.id,
  spec: key.spec,
  owner: key.owner,
  version: key.currentVersion,
  state: key.state,
  plan: obstacle(key) ?? 'rotate',
});

async function planned(client: Client, wish: Wish): Promise<Step[]> {
  const conditions = wish.where.map(conditionOf);
  const steps: Step[] = [];
  for await (const key of client.keys.list()) {
    if (
      key.state !== 'destroyed' &&
      key.state !== 'destroyed-compromised' &&
      conditions.every((each) => holds(key, each))
    )
      steps.push(stepOf(key));
  }
  return steps;
}

/** One key after the other: where one fails the others are rotated all the same. */
async function carriedOut(client: Client, steps: readonly Step[]): Promise<Step[]> {
  const done: Step[] = [];
  for (const step of steps) {
    if (step.plan !== 'rotate') {
      done.push(step);
      continue;
    }
    try {
      const { currentVersion, state } = await client.keys.rotate(step.id);
      done.push({ ...step, version: currentVersion, state, plan: 'rotated' });
    } catch (error) {
      done.push({ ...step, plan: `failed: ${error instanceof Error ? error.message : String(error)}` });
    }
  }
  return done;
}

const text = (steps: readonly Step[]): string =>
  table(
    ['id', 'spec', 'owner', 'version', 'state', 'plan'],
    steps.map((step) => [step.id, step.spec, step.owner, step.version, step.state, step.plan]),
  );

async function rotateMany(wish: Wish): Promise<void> {
  const client = connect();
  const plan = await planned(client, wish);
  const steps = wish.yes ? await carriedOut(client, plan) : plan;
  await show(wish.output, steps, () => text(steps));
  const count = (what: string) => steps.filter((step) => step.plan === what).length;
  if (!wish.yes) {
    process.stderr.write(
      `claviger: a plan: ${count('rotate')} of ${steps.length} keys would be rotated; --yes rotates them\n`,
    );
    return;
  }
  const failed = steps.filter((step) => step.plan.startsWith('failed')).length;
  if (failed > 0)
    throw new CliError(
      exitCodes.failed,
      `${failed} keys could not be rotated.`,
      'do it again: the others are done',
    );
}

/** `key rotate`: one key, or after an incident all that something is true of. */
export function addKeyRotate(keys: Command): void {
  keys
    .command('rotate [key]')
    .description('make a new version that protects from now on, of one key or of many')
    .option(
      '--where <name=value>',
      'all keys with this spec, owner, tag.NAME ...; several must all hold',
      collect,
      [],
    )
    .option('--all', 'all keys of the environment, or all that --where tells')
    .option('--yes', 'do it: without it a plan is shown and nothing is done')
    .addOption(outputOption())
    .action(async (key: string | undefined, wish: Wish) => {
      const isMany = wish.all === true || wish.where.length > 0;
      if ((key !== undefined) === isMany) {
        throw new CliError(exitCodes.usage, 'Name one key, or say which ones with --all or --where.');
      }
      if (key === undefined) await rotateMany(wish);
      else await tellKey(wish.output, await connect().keys.rotate(key));
    });
}
