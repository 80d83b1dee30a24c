import { Option, type Command } from 'commander';
import type { AlertRecord } from '#sdk';
import { collect, wholeNumber } from '../arguments.ts';
import { connect } from '../connect.ts';
import { facts, outputOption, show, showList, table, take, type Shown } from '../output.ts';

const signalsOf = ({ signals }: AlertRecord): string => signals.map(({ name }) => name).join(' ');

function stateOf({ acknowledged, suspended }: AlertRecord): string {
  if (acknowledged) return 'acknowledged';
  return suspended ? 'suspended' : 'open';
}

function tell(alert: AlertRecord): string {
  const { acknowledged } = alert;
  const head = facts({
    id: alert.id,
    time: alert.at,
    principal: alert.principal,
    key: alert.keyId,
    score: alert.score,
    recommended: alert.response,
    state: stateOf(alert),
    escalates: alert.escalates,
    'held back before it': alert.suppressed,
    events: alert.references.map(({ log, index }) => `${log}/${index}`).join(' '),
    acknowledged: acknowledged && `${acknowledged.by}, ${acknowledged.at}: ${acknowledged.note}`,
  });
  const rows = alert.signals.map(({ name, weight, about, baseline }) => [
    name,
    weight,
    about,
    Object.entries(baseline)
      .map(([of, value]) => `${of}=${value}`)
      .join(' '),
  ]);
  return `${head}\n${table(['signal', 'weight', 'about', 'measured against'], rows)}`;
}

function addAlerts(anomaly: Command): void {
  const alerts = anomaly.command('alerts').description('what the watch of the server saw');
  alerts
    .command('list')
    .description('the alerts of the environment, newest first')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'acknowledged']))
    .option('--limit <count>', 'no more than so many', wholeNumber)
    .addOption(outputOption())
    .action(async ({ output, state, limit }: Shown & { state?: string; limit?: number }) => {
      await showList(output, take(connect().anomaly.alerts(state), limit), {
        columns: ['time', 'score', 'recommended', 'state', 'principal', 'key', 'signals', 'id'],
        row: (alert) => [
          alert.at,
          alert.score,
          alert.response,
          stateOf(alert),
          alert.principal,
          alert.keyId,
          signalsOf(alert),
          alert.id,
        ],
      });
    });
  alerts
    .command('show <id>')
    .description('one alert, with the numbers that it was measured against')
    .addOption(outputOption())
    .action(async (id: string, { output }: Shown) => {
      const alert = await connect().anomaly.alert(id);
      await show(output, alert, () => tell(alert));
    });
  alerts
    .command('acknowledge <id>')
    .description('say that you looked at an alert, and what it was')
    .requiredOption('--note <text>', 'what it was')
    .addOption(outputOption())
    .action(async (id: string, { output, note }: Shown & { note: string }) => {
      const alert = await connect().anomaly.acknowledge(id, note);
      await show(output, alert, () => tell(alert));
    });
}

function addSuspended(anomaly: Command): void {
  const suspended = anomaly.command('suspended').description('who is refused a key for what the watch saw');
  suspended
    .command('list')
    .description('the suspended grants of the environment')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const grants = await connect().anomaly.suspendedGrants();
      await show(output, grants, () =>
        table(
          ['key', 'principal', 'since', 'alert'],
          grants.map(({ keyId, principal, since, alert }) => [keyId, principal, since, alert]),
        ),
      );
    });
  suspended
    .command('lift <key-id> <principal>')
    .description('give a principal the key back')
    .action(async (keyId: string, principal: string) => {
      const { alert } = await connect().anomaly.liftSuspendedGrant(keyId, principal);
      process.stderr.write(`claviger: ${principal} may use ${keyId} again; it was suspended for ${alert}\n`);
    });
}

type SettingsWish = Shown & {
  readonly suspend?: 'on' | 'off';
  readonly approval?: 'on' | 'off';
  readonly canary?: readonly string[];
  readonly clearCanaries?: boolean;
};

function addSettings(anomaly: Command): void {
  anomaly
    .command('settings')
    .description('how the environment is watched; with options, say it anew')
    .addOption(
      new Option(
        '--suspend <switch>',
        'whether an alert that recommends it refuses the principal the key',
      ).choices(['on', 'off']),
    )
    .addOption(
      new Option(
        '--approval <switch>',
        'whether an alert that recommends it has the principal wait until somebody else lifts that',
      ).choices(['on', 'off']),
    )
    .option(
      '--canary <key-id>',
      'a key that nobody has a reason to touch; may be given several times',
      collect,
      [],
    )
    .option('--clear-canaries', 'forget those that were named before')
    .addOption(outputOption())
    .action(async ({ output, suspend, approval, canary = [], clearCanaries }: SettingsWish) => {
      const { anomaly: watch } = connect();
      let settings = await watch.settings();
      if (suspend !== undefined || approval !== undefined || canary.length > 0 || clearCanaries) {
        const before = clearCanaries ? [] : settings.canaryKeys;
        settings = await watch.setSettings({
          suspends: suspend === undefined ? settings.suspends : suspend === 'on',
          asksApproval: approval === undefined ? settings.asksApproval : approval === 'on',
          canaryKeys: [...new Set([...before, ...canary])],
        });
      }
      await show(output, settings, () =>
        facts({
          suspends: settings.suspends,
          'asks for approval': settings.asksApproval,
          'canary keys': settings.canaryKeys.join(' '),
        }),
      );
    });
}

/** `anomaly alerts|suspended|settings`, of a server. */
export function addAnomalyWatch(anomaly: Command): void {
  addAlerts(anomaly);
  addSuspended(anomaly);
  addSettings(anomaly);
}
