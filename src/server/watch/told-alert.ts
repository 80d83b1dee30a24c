import type { Alert } from '#audit/anomaly';
import type { AuditEvent } from '#domain';
import type { ToldAlert } from '#operations';

function short(text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).toWellFormed();
}

/** The id of the alert that an event gave: the same however often the event is read. */
export function alertId({ at, node }: AuditEvent, index: number): string {
  return `${String(at).padStart(15, '0')}-${node}-${index}`;
}

type Seen = { readonly event: AuditEvent; readonly index: number };

/** An alert of the detector as it is taken down; `idOf` finds that of an earlier one. */
export function toldAlert(
  alert: Alert,
  { event, index }: Seen,
  idOf: (number: number) => string | null,
): ToldAlert {
  return {
    id: alertId(event, index),
    at: event.at,
    principal: short(event.principal, 256),
    keyId: alert.keyId === null ? null : short(alert.keyId, 64),
    score: alert.score,
    response: alert.response,
    signals: alert.signals.slice(0, 32).map(({ name, weight, about, baseline }) => ({
      name,
      weight,
      about: short(about, 300),
      baseline: { ...baseline },
    })),
    references: alert.references.slice(0, 16).map(({ log, index: place }) => ({ log, index: place })),
    escalates: alert.escalates === null ? null : idOf(alert.escalates),
    suppressed: alert.suppressed,
  };
}
