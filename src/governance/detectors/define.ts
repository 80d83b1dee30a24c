import { isDestroyed, type Instant, type Key } from '#domain';
import type { Watcher } from '../evaluate.ts';
import { findingId, type Detector, type Finding, type Severity } from '../finding.ts';
import { knownOf, type Known } from './known.ts';
import { catalogue, findingsMax, type DetectorId } from './limits.ts';

/** A flaw as a detector tells it; the rest of the finding follows from the detector. */
export type Flaw = Pick<Finding, 'subject' | 'environment' | 'what' | 'remedy' | 'since'> & {
  /** Absent: that of the detector. */
  readonly severity?: Severity;
};

export type Tell = (flaw: Flaw) => void;

/** What looks at keys, and in the end at what it has counted. */
type Looking = Omit<Watcher<never>, 'result'> & { readonly end?: () => void };

/** The flaws of an environment, as many as are kept. */
type Gathered = { readonly findings: Map<string, Finding>; more: number };

function overflow(id: DetectorId, environment: string, more: number): Finding {
  const subject = `detector:${id}`;
  return {
    id: findingId(id, subject),
    detector: id,
    mistake: catalogue[id].mistake,
    severity: catalogue[id].severity,
    subject,
    environment,
    what: `${catalogue[id].title}: there are ${more} more than the ${findingsMax} that are listed.`,
    remedy: 'Mend what is listed; the next run lists others.',
    since: null,
    more,
  };
}

/** A detector, which keeps so many findings of an environment as are listed, the first ones. */
export function detectorOf(id: DetectorId, look: (known: Known, tell: Tell) => Looking): Detector {
  const { mistake, severity: usual } = catalogue[id];
  return Object.freeze({
    id,
    mistake,
    begin(head) {
      const gathered = new Map<string, Gathered>();
      const tell: Tell = ({ subject, environment, what, remedy, since, severity = usual }) => {
        const all = gathered.get(environment) ?? { findings: new Map<string, Finding>(), more: 0 };
        gathered.set(environment, all);
        if (all.findings.size >= findingsMax && !all.findings.has(subject)) {
          all.more += 1;
          return;
        }
        all.findings.set(subject, {
          id: findingId(id, subject),
          detector: id,
          mistake,
          severity,
          subject,
          environment,
          what,
          remedy,
          since,
        });
      };
      const { end, ...watching } = look(knownOf(head), tell);
      return {
        ...watching,
        result() {
          end?.();
          const environments = [...gathered].sort(([a], [b]) => (a < b ? -1 : 1));
          return environments.flatMap(([environment, { findings, more }]) => [
            ...[...findings.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1)),
            ...(more > 0 ? [overflow(id, environment, more)] : []),
          ]);
        },
      };
    },
  } satisfies Detector);
}

/** Where a key is, for its flaw. */
export function ofKey(key: Key): Pick<Flaw, 'subject' | 'environment'> {
  return { subject: `key:${key.id}`, environment: key.environment };
}

/** Whether some of its material is left. */
export function hasMaterial(key: Key): boolean {
  return key.imported?.isPresent !== false && key.versions.some(({ state }) => !isDestroyed(state));
}

/** Whether it works, and nobody has said that it is to stop. */
export function isInService(key: Key): boolean {
  return key.suspendedAt === null && key.destruction === null && key.versions.at(-1)?.state === 'active';
}

/** When a version last came into a state; null: never. */
export function enteredAt(
  version: Key['versions'][number],
  isIt: (state: Key['versions'][number]['state']) => boolean,
): Instant | null {
  return version.history.findLast(({ state }) => isIt(state))?.at ?? null;
}
