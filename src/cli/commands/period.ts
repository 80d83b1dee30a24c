import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  ClavigerApiError,
  type PeriodExceptionRecord,
  type PeriodLimits,
  type PeriodPolicyRecord,
  type PeriodPolicyWish,
} from '#sdk';
import { wholeNumber } from '../arguments.ts';
import { ask } from '../confirm.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, showList, table, type Shown } from '../output.ts';

const daySeconds = 86_400;
const profiles = ['nist-r5', 'nist-r6-draft', 'pci', 'cnsa-2.0'];
const classes = ['data', 'wrap', 'mac', 'signature', 'transport', 'agreement', 'derivation'];

type Bound = number | 'none';

/** A whole number, or `none` for no bound. */
function boundOf(text: string): Bound {
  if (text === 'none') return text;
  try {
    return wholeNumber(text);
  } catch {
    throw new InvalidArgumentError('It must be a whole number, or none.');
  }
}

const inDays = (seconds: number | null) =>
  seconds === null ? null : Math.round((seconds / daySeconds) * 10) / 10;

function policyText(policy: PeriodPolicyRecord): string {
  const head = facts({
    profile: policy.profile,
    source: policy.source,
    said: policy.isUsual
      ? 'nothing: this is what holds then, for keys that are rotated unseen'
      : 'by the environment',
    rotates: policy.rotates ? 'keys whose users can not tell, in time' : 'no key by itself',
    'at the end': policy.destroysAtEnd ? 'destroyed after 30 days' : 'kept',
  });
  const rows = Object.entries(policy.limits).map(([name, limits]) => [
    name,
    inDays(limits.originatorSeconds),
    inDays(limits.recipientSeconds),
    limits.operationsMax,
    limits.bytesMax,
  ]);
  return `${head}\n${table(['class', 'protects days', 'processes days', 'operations', 'bytes'], rows)}`;
}

type SetWish = Shown & {
  readonly profile?: string;
  readonly class?: string;
  readonly originatorDays?: Bound;
  readonly recipientDays?: Bound;
  readonly operationsMax?: Bound;
  readonly bytesMax?: Bound;
  readonly rotation?: boolean;
  readonly destroyAtEnd?: boolean;
  readonly stopKeys?: boolean;
};

/** The bounds that the command line names. */
function limitsIn(wish: SetWish): Partial<PeriodLimits> {
  const amount = (bound: Bound) => (bound === 'none' ? null : bound);
  const seconds = (days: Bound) => (days === 'none' ? null : days * daySeconds);
  return {
    ...(wish.originatorDays === undefined ? {} : { originatorSeconds: seconds(wish.originatorDays) }),
    ...(wish.recipientDays === undefined ? {} : { recipientSeconds: seconds(wish.recipientDays) }),
    ...(wish.operationsMax === undefined ? {} : { operationsMax: amount(wish.operationsMax) }),
    ...(wish.bytesMax === undefined ? {} : { bytesMax: amount(wish.bytesMax) }),
  };
}

async function setPolicy(wish: SetWish): Promise<void> {
  const limits = limitsIn(wish);
  if (Object.keys(limits).length > 0 && wish.class === undefined) {
    throw new CliError(
      exitCodes.usage,
      'Of which class are these bounds?',
      `add --class ${classes.join('|')}`,
    );
  }
  const client = connect();
  const present = await client.periods.policy();
  const before: Required<PeriodPolicyWish> =
    wish.profile === undefined
      ? present
      : { profile: wish.profile, classes: {}, rotates: true, destroysAtEnd: false };
  const name = wish.class;
  const policy = {
    profile: before.profile,
    classes:
      name === undefined
        ? before.classes
        : { ...before.classes, [name]: { ...before.classes[name], ...limits } },
    rotates: wish.rotation ?? before.rotates,
    destroysAtEnd: wish.destroyAtEnd ?? before.destroysAtEnd,
  };
  const said = await writePolicy(policy, wish.stopKeys ?? false);
  await show(wish.output, said, () => policyText(said));
}

/** A policy that would stop keys that work is taken where that is meant. */
async function writePolicy(policy: PeriodPolicyWish, stopsKeys: boolean): Promise<PeriodPolicyRecord> {
  const { periods } = connect();
  try {
    return await periods.setPolicy(policy, { stopsKeys });
  } catch (error) {
    if (!(error instanceof ClavigerApiError) || error.code !== 'period-policy-stops') throw error;
    if (!process.stdin.isTTY) throw new CliError(exitCodes.conflict, error.message, 'add --stop-keys');
    process.stderr.write(`${error.message}\n`);
    const typed = await ask(`Type ${policy.profile} to go on: `);
    if (typed !== policy.profile) throw new CliError(exitCodes.usage, 'Nothing was changed.');
    return periods.setPolicy(policy, { stopsKeys: true });
  }
}

function addPolicy(period: Command): void {
  const policy = period.command('policy').description('how long keys of the environment protect and process');
  policy
    .command('show')
    .description('the policy, and what it comes to for each class of keys')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const said = await connect().periods.policy();
      await show(output, said, () => policyText(said));
    });
  policy
    .command('set')
    .description(
      'begin anew with a profile, or (without one) change what is named; keys that are there are held to it',
    )
    .addOption(new Option('--profile <name>', 'whose values hold').choices(profiles))
    .addOption(new Option('--class <name>', 'of which keys the bounds are').choices(classes))
    .option('--originator-days <days>', 'days for which a version protects, or none', boundOf)
    .option('--recipient-days <days>', 'days for which it processes, or none', boundOf)
    .option('--operations-max <count>', 'uses after which it stops protecting, or none', boundOf)
    .option('--bytes-max <bytes>', 'bytes after which it stops protecting, or none', boundOf)
    .option('--rotation', 'rotate keys whose users can not tell')
    .option('--no-rotation', 'rotate no key that has no schedule of its own')
    .option('--destroy-at-end', 'destroy what may not even process any more, 30 days later')
    .option('--no-destroy-at-end', 'keep it')
    .option('--stop-keys', 'it is meant that keys of specs that the profile does not allow protect nothing')
    .addOption(outputOption())
    .action(setPolicy);
}

const exceptionText = (found: PeriodExceptionRecord): string =>
  facts({
    exception: found.id,
    key: found.keyId,
    version: found.version,
    status: found.status,
    'lets it': `${found.act} until ${found.newEnd}`,
    'stands until': found.expiresAt,
    rationale: found.rationale,
    requested: `${found.requestedAt} by ${found.requestedBy}`,
    approved: found.approvedAt && `${found.approvedAt} by ${found.approvedBy}`,
  });

const tell = (output: Shown['output'], found: PeriodExceptionRecord): Promise<void> =>
  show(output, found, () => exceptionText(found));

type RequestWish = Shown & {
  readonly keyVersion?: number;
  readonly for: string;
  readonly newEnd: string;
  readonly expires?: string;
  readonly rationale: string;
};

function addExceptions(period: Command): void {
  const exception = period
    .command('exception')
    .description('a longer period of one version, with its reason');
  exception
    .command('request <key>')
    .description('ask for it; nothing changes before somebody else approves')
    .requiredOption('--new-end <time>', 'when the version stops instead, e.g. 2027-01-31T12:00:00Z')
    .requiredOption('--rationale <text>', 'why: a line for the record')
    .option('--expires <time>', 'when the policy holds again; else with the new end')
    .option('--key-version <number>', 'the version; else the newest', wholeNumber)
    .addOption(
      new Option('--for <act>', 'what it may do for longer')
        .choices(['protect', 'process'])
        .default('protect'),
    )
    .addOption(outputOption())
    .action(async (key: string, wish: RequestWish) => {
      const { newEnd, expires = newEnd, rationale, keyVersion } = wish;
      const version = keyVersion === undefined ? {} : { version: keyVersion };
      const asked = { newEnd, expiresAt: expires, rationale, act: wish.for, ...version };
      await tell(wish.output, await connect().periods.requestException(key, asked));
    });
  exception
    .command('approve <key> <exception>')
    .description('let the version go on: for another one than who asked')
    .addOption(outputOption())
    .action(async (key: string, id: string, { output }: Shown) => {
      await tell(output, await connect().periods.approveException(key, id));
    });
  exception
    .command('revoke <key> <exception>')
    .description('take it back: the policy holds at once')
    .addOption(outputOption())
    .action(async (key: string, id: string, { output }: Shown) => {
      await tell(output, await connect().periods.revokeException(key, id));
    });
  exception
    .command('list')
    .description('all of them, those that are over too')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      await showList(output, connect().periods.exceptions(), {
        columns: [
          'id',
          'key',
          'version',
          'status',
          'for',
          'new end',
          'stands until',
          'asked by',
          'approved by',
        ],
        row: (each) => [
          each.id,
          each.keyId,
          each.version,
          each.status,
          each.act,
          each.newEnd,
          each.expiresAt,
          each.requestedBy,
          each.approvedBy,
        ],
      });
    });
}

/** `period policy|exception`: how long keys protect and process. */
export function addPeriodCommands(program: Command): void {
  const period = program.command('period').description('crypto-periods: how long keys protect and process');
  addPolicy(period);
  addExceptions(period);
}
