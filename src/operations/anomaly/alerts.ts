import { z } from 'zod';
import type { NoticeSeverity } from '#audit';
import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { page, textLine } from '../inputs.ts';
import { queueNotice } from '../notices/notices.ts';
import { anomalySettingsOf } from './settings.ts';
import { suspensionOf } from './suspended-grants.ts';

/** Alerts of an environment that are kept: the oldest acknowledged gives way first, then the oldest. */
const alertsMax = 1000;

const responses = ['notify', 'require-approval', 'suspend-grant'] as const;

const told = {
  /** Time, log and index of the event that gave the alert: the same event gives the same alert. */
  id: z.string().regex(/^[0-9]{15}-[a-z0-9-]{1,64}-[0-9]{1,16}$/),
  at: z.int(),
  principal: z.string().max(256),
  keyId: z.string().max(64).nullable(),
  /** From 0 to 1. */
  score: z.number(),
  response: z.enum(responses),
  signals: z
    .array(
      z.strictObject({
        name: z.string().max(64),
        weight: z.number(),
        about: z.string().max(300),
        baseline: z.record(z.string().max(64), z.number()),
      }),
    )
    .max(32),
  references: z.array(z.strictObject({ log: z.string().max(64), index: z.int() })).max(16),
  /** Id of the alert that this one makes worse. */
  escalates: z.string().max(128).nullable(),
  /** Alerts that were held back since the last one. */
  suppressed: z.int(),
};
const toldShape = z.strictObject(told);
export type ToldAlert = z.infer<typeof toldShape>;

const shape = z.strictObject({
  ...told,
  /** Whether the principal was refused the key for it. */
  suspended: z.boolean(),
  acknowledged: z.strictObject({ by: z.string(), at: z.int(), note: z.string() }).nullable(),
});

/** Something unusual that the watch saw, and what became of it. */
export type AnomalyAlert = z.infer<typeof shape>;

const alerts = defineCollection<AnomalyAlert>('anomaly-alert', shape);

const severities: Readonly<Record<ToldAlert['response'], NoticeSeverity>> = {
  notify: 'medium',
  'require-approval': 'high',
  'suspend-grant': 'critical',
};

function titleOf({ principal, keyId, signals }: ToldAlert): string {
  const names = signals.map(({ name }) => name).join(', ');
  return `${principal}${keyId === null ? '' : ` on key ${keyId}`}: ${names}`.slice(0, 300).toWellFormed();
}

function textOf(alert: ToldAlert, suspended: boolean): string {
  const lines = alert.signals.map(({ name, about }) => `- ${name}: ${about}`);
  const next = suspended
    ? `The key is refused to ${alert.principal} until somebody else approves: claviger anomaly suspended lift ${alert.keyId} ${alert.principal}`
    : `Recommended: ${alert.response}.`;
  const places = alert.references.map(({ log, index }) => `${log}/${index}`).join(' ');
  return [
    'Somebody should look at this use of keys:',
    ...lines,
    next,
    `Events of the log: ${places}`,
    `Seen? claviger anomaly alerts acknowledge ${alert.id} --note TEXT`,
  ]
    .join('\n')
    .slice(0, 4000)
    .toWellFormed();
}

/** Those that must go, for one more to have room. */
async function surplus(house: House, environment: string): Promise<readonly Change[]> {
  const all = await alerts.list(house, environment, '', { after: null, limit: alertsMax + 1 });
  const count = all.length + 1 - alertsMax;
  if (count <= 0) return [];
  const seen = all.filter(({ content }) => content.acknowledged !== null);
  const unseen = all.filter(({ content }) => content.acknowledged === null);
  return [...seen, ...unseen].slice(0, count).map((kept) => alerts.removed(kept));
}

/** Nobody who can be refused: strangers have no name, and the house works for all. */
const nobody: ReadonlySet<string> = new Set(['-', 'system', 'anonymous']);

/**
 * Takes down an alert of the watch, once, with the notices that tell of it and, where the environment wants that, the suspension that it
 * recommends. Only the house asks for it.
 */
export const recordAlert = defineOperation<
  ToldAlert,
  { readonly recorded: boolean; readonly suspended: boolean }
>({
  name: 'anomaly.record-alert',
  kind: 'manage',
  input: toldShape,
  targets: [],
  permission: 'anomaly:record-alert',
  run: async ({ house, caller, now }, alert) => {
    const { environment } = caller.principal;
    const { id, keyId, principal, response, score } = alert;
    if (await alerts.find(house, environment, id)) return { output: { recorded: false, suspended: false } };
    const { suspends, asksApproval } = await anomalySettingsOf(house, environment);
    const isRefused = (suspends && response === 'suspend-grant') || (asksApproval && response !== 'notify');
    const suspending =
      isRefused && keyId !== null && !nobody.has(principal)
        ? await suspensionOf(house, environment, { keyId, principal, alert: id, since: now })
        : [];
    const suspended = suspending.length > 0;
    const queued = await queueNotice(house, environment, 'alerts', {
      id: `alert-${id}`,
      at: now,
      kind: 'alert',
      severity: severities[response],
      title: titleOf(alert),
      text: textOf(alert, suspended),
      data: { ...alert, suspended },
    });
    return {
      output: { recorded: true, suspended },
      changes: [
        ...(await surplus(house, environment)),
        alerts.created(environment, id, { ...alert, suspended, acknowledged: null }),
        ...suspending,
        ...queued.changes,
      ],
      ...(keyId === null ? {} : { keyId }),
      facts: { alert: id, principal, response, score, suspended, noticesDropped: queued.dropped },
    };
  },
});

const listInput = z.strictObject({
  /** null: all. */
  state: z.enum(['open', 'acknowledged']).nullable(),
  page,
});
type ListInput = z.infer<typeof listInput>;

/** The alerts of the caller's environment, newest first; `after` is the id of the last one that was shown. */
export const listAlerts = defineOperation<
  ListInput,
  { readonly alerts: readonly AnomalyAlert[]; readonly next: string | null }
>({
  name: 'anomaly.list-alerts',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'anomaly:list-alerts',
  run: async ({ house, caller }, { state, page: { after, limit } }) => {
    const { environment } = caller.principal;
    const all = await alerts.list(house, environment, '', { after: null, limit: alertsMax });
    const wanted = all
      .map(({ content }) => content)
      .filter(({ acknowledged }) => state === null || (acknowledged !== null) === (state === 'acknowledged'))
      .filter(({ id }) => after === null || id < after)
      .reverse();
    const shown = wanted.slice(0, limit);
    const next = wanted.length > limit ? (shown.at(-1)?.id ?? null) : null;
    return { output: { alerts: shown, next } };
  },
});

async function known(house: House, environment: string, id: string): Promise<Kept<AnomalyAlert>> {
  const kept = await alerts.find(house, environment, id);
  if (kept) return kept;
  throw new ClavigerError('input-invalid', `There is no alert ${id}.`, { details: { field: 'id' } });
}

const named = z.strictObject({ id: z.string().min(1).max(128) });
type Named = z.infer<typeof named>;

/** One alert, with the numbers that it was measured against. */
export const readAlert = defineOperation<Named, AnomalyAlert>({
  name: 'anomaly.read-alert',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'anomaly:read-alert',
  run: async ({ house, caller }, { id }) => ({
    output: (await known(house, caller.principal.environment, id)).content,
  }),
});

const acknowledgeInput = z.strictObject({ id: z.string().min(1).max(128), note: textLine });
type AcknowledgeInput = z.infer<typeof acknowledgeInput>;

/** Says that somebody has looked at an alert, and what it was. Whom it concerns does not say that himself. */
export const acknowledgeAlert = defineOperation<AcknowledgeInput, AnomalyAlert>({
  name: 'anomaly.acknowledge-alert',
  kind: 'manage',
  input: acknowledgeInput,
  targets: [],
  permission: 'anomaly:acknowledge-alert',
  run: async ({ house, caller, now }, { id, note }) => {
    const kept = await known(house, caller.principal.environment, id);
    const by = caller.principal.name;
    if (kept.content.principal === by)
      throw new ClavigerError(
        'access-denied',
        'An alert is acknowledged by somebody else than whom it concerns.',
      );
    const facts = { alert: id, note };
    if (kept.content.acknowledged) return { output: kept.content, facts };
    const after = { ...kept.content, acknowledged: { by, at: now, note } };
    return { output: after, changes: [alerts.replaced(kept, after)], facts };
  },
});
