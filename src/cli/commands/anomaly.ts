import fs from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { JudgedAlert, Replayed, ScenarioResult } from '#server/anomaly';
import { collect, wholeNumber } from '../arguments.ts';
import { CliError, exitCodes } from '../exit.ts';
import { addAnomalyWatch } from './anomaly-alerts.ts';
import { facts, outputOption, show, type Shown, table } from '../output.ts';

type ReplayWish = Shown & {
  readonly canary: readonly string[];
  readonly learningDays: number;
  readonly limit: number;
};
type GenerateWish = {
  readonly seed: number;
  readonly keys: number;
  readonly days: number;
  readonly quietDays: number;
  readonly incidents: number;
  readonly scenario: readonly string[];
};

/** A whole number between bounds. */
function between(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(text);
    if (value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of file === '-' ? process.stdin : fs.createReadStream(file))
      yield chunk as Uint8Array;
  } catch (cause) {
    const named = file === '-' ? 'The standard input' : file;
    if (cause instanceof Error && 'syscall' in cause)
      throw new CliError(exitCodes.notFound, `${named} can't be read.`);
    throw cause;
  }
}

const day = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

function alertTable(alerts: readonly JudgedAlert[]): string {
  return table(
    ['time', 'response', 'score', 'right', 'principal', 'key', 'signals', 'log'],
    alerts.map((alert) => [
      day(alert.at),
      alert.response,
      alert.score,
      alert.isRight,
      alert.principal,
      alert.keyId,
      alert.signals.map(({ name }) => name).join(' '),
      alert.references.map(({ log, index }) => `${log}:${index}`).join(' '),
    ]),
  );
}

function scenarioTable(scenarios: readonly ScenarioResult[]): string {
  return table(
    [
      'scenario',
      'incidents',
      'recall',
      'at first event',
      'seconds to alert',
      'leaked before alert',
      'before suspension',
      'false on twins',
    ],
    scenarios.map((result) => [
      result.scenario,
      result.incidents,
      result.recall.toFixed(2),
      result.foundAtFirstEvent,
      result.secondsToAlertMax,
      result.leakedBeforeAlertMax,
      result.leakedBeforeSuspensionMax,
      result.falseAlertsOnTwins,
    ]),
  );
}

function summary({ counts, alertCount, microsecondsPerEvent, measured }: Replayed): string {
  const rounded = (value: number | null) => (value === null ? null : Math.round(value * 1000) / 1000);
  return facts({
    events: counts.events,
    'of other services': counts.foreign,
    'out of order': counts.late,
    keys: counts.keys,
    principals: counts.principals,
    alerts: alertCount,
    'held back': counts.suppressed,
    'excused as expected': counts.expected,
    'microseconds an event': microsecondsPerEvent,
    ...(measured && {
      recall: rounded(measured.recall),
      precision: rounded(measured.precision),
      'false alerts': measured.falseAlerts,
      'false alerts a day per 1,000 keys': rounded(measured.falseAlertsPerDayPer1000Keys),
    }),
  });
}

async function replay(file: string, wish: ReplayWish): Promise<void> {
  const { replayTraffic } = await import('#server/anomaly');
  const alerts: JudgedAlert[] = [];
  const replayed = await replayTraffic(chunksOf(file), {
    settings: { canaryKeys: new Set(wish.canary), learningDays: wish.learningDays },
    stopwatch: () => performance.now(),
    onAlert: async (alert) => {
      if (wish.output === 'jsonl') await show('jsonl', alert, () => '');
      else if (alerts.length < wish.limit) alerts.push(alert);
    },
  });
  const { late } = replayed.counts;
  const leftOut = wish.output === 'jsonl' ? 0 : replayed.alertCount - alerts.length;
  if (leftOut > 0) process.stderr.write(`claviger: ${leftOut} further alerts are not shown (--limit)\n`);
  if (late > 0) process.stderr.write(`claviger: ${late} events were more than an hour out of order\n`);
  const value = wish.output === 'jsonl' ? replayed : { ...replayed, alerts };
  await show(wish.output, value, () => {
    const { measured } = replayed;
    const parts = [alertTable(alerts), ...(measured ? [scenarioTable(measured.scenarios)] : [])];
    return [...parts, summary(replayed)].join('\n');
  });
}

async function generate(wish: GenerateWish): Promise<void> {
  const { scenarioDays, scenarios, trafficLines } = await import('#server/anomaly');
  const names = scenarios.map(({ name }) => name);
  const unknown = wish.scenario.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const list = scenarios.map(({ name, about }) => `${name} (${about})`).join('; ');
    throw new CliError(exitCodes.usage, `There is no scenario ${unknown}. There are: ${list}.`);
  }
  const daysMin = wish.quietDays + scenarioDays + 1;
  if (wish.incidents > 0 && wish.days < daysMin) {
    const next = `--days ${daysMin}, fewer --quiet-days, or --incidents 0`;
    throw new CliError(exitCodes.usage, `${wish.days} days have no room for incidents.`, next);
  }
  const { scenario, ...sizes } = wish;
  for (const line of trafficLines({ ...sizes, ...(scenario.length > 0 && { scenarios: scenario }) })) {
    if (!process.stdout.write(`${line}\n`)) await new Promise((done) => process.stdout.once('drain', done));
  }
}

/** `anomaly replay|generate`, for which no server is asked, and what its watch saw. */
export function addAnomalyCommands(program: Command): void {
  const anomaly = program.command('anomaly').description('look for unusual use of keys in recorded events');
  anomaly
    .command('replay')
    .description('run recorded events through the detector: of claviger audit export, or of AWS CloudTrail')
    .argument('<file>', 'JSON lines, or {"Records":[...]}; - is the standard input')
    .option(
      '--canary <key-id>',
      'a key that nobody has a reason to touch; may be given several times',
      collect,
      [],
    )
    .addOption(
      new Option('--learning-days <days>', 'days from the first event on in which only hard rules alarm')
        .argParser(between(0, 365))
        .default(14),
    )
    .option('--limit <count>', 'how many alerts are shown', between(0, 100_000), 1000)
    .addOption(outputOption())
    .action(replay);

  anomaly
    .command('generate')
    .description('write made-up traffic with labelled incidents, for replay')
    .requiredOption('--seed <number>', 'the same one gives the same traffic', wholeNumber)
    .option('--keys <count>', 'how many keys', between(10, 100_000), 100)
    .option('--days <days>', 'how many days', between(1, 730), 56)
    .option('--quiet-days <days>', 'days before the first incident', between(0, 365), 28)
    .option(
      '--incidents <count>',
      'how often each scenario is played, each with a harmless twin',
      between(0, 100),
      2,
    )
    .option('--scenario <name>', 'only this scenario; may be given several times', collect, [])
    .action(generate);

  addAnomalyWatch(anomaly);
}
