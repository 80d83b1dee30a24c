import type { KeyFacts, PlacedEvent, PopulationHead } from '../population.ts';
import { attestationOf, needed } from './attested.ts';
import type { LibraryCheck } from './key-check.ts';
import { viewerOf } from './key-view.ts';
import { newTally } from './tally.ts';

/** Two persons, at least. */
const approvalsMin = 2;

type QuorumCheck = {
  readonly id: string;
  readonly title: string;
  /** Names of quorum rules that all must be there. */
  readonly rules: readonly string[];
  /** Operations that the rules are about. */
  readonly operations: ReadonlySet<string>;
};

/** Each environment that has keys must demand several approvals for some operations. */
function quorumCheck({ id, title, rules, operations }: QuorumCheck): LibraryCheck {
  return Object.freeze<LibraryCheck>({
    id,
    version: 1,
    title,
    method: 'TEST',
    begin: (head: PopulationHead) => {
      const viewOf = viewerOf(head);
      const tally = newTally();
      const environments = new Set<string>();
      tally.cite({ kind: 'population' });
      return {
        key: (facts: KeyFacts) => {
          const { key, isLiving } = viewOf(facts);
          if (isLiving) environments.add(key.environment);
        },
        event: (placed: PlacedEvent) => {
          if (placed.event.outcome === 'success' && operations.has(placed.event.operation))
            tally.citeEvent(placed);
        },
        result: () => {
          for (const environment of [...environments].sort()) {
            for (const rule of rules) {
              tally.judge();
              const approvals = head.quorum
                .filter((one) => one.environment === environment && one.rule === rule)
                .reduce((most, one) => Math.max(most, one.approvals), 0);
              if (approvals < approvalsMin)
                tally.except(
                  `environment:${environment}`,
                  approvals === 0
                    ? `It has no quorum rule "${rule}".`
                    : `Its quorum rule "${rule}" asks for one approval.`,
                );
            }
          }
          return tally.result({
            of: 'rules of environments that have keys',
            holds: `each asks for ${approvalsMin} approvals at least`,
            fails: `missing, or fewer than ${approvalsMin} approvals`,
            empty: ['no-data', 'No environment has a living key'],
          });
        },
      };
    },
  });
}

/** Operations in which material is in the clear outside the process, or comes so. */
const inTheClear: ReadonlySet<string> = new Set([
  'keys.export-in-clear',
  'keys.back-up-in-clear',
  'keys.restore-from-clear',
]);

/** Manual operations on material in the clear: split knowledge and dual control, with a record of each. */
const ceremonies: LibraryCheck = Object.freeze<LibraryCheck>({
  id: 'cleartext-ceremonies',
  version: 1,
  title: 'Operations on key material in the clear take two persons, and there is a record of each ceremony.',
  method: 'EXAMINE',
  begin: (head: PopulationHead) => {
    const tally = newTally();
    return {
      event: (placed: PlacedEvent) => {
        const { operation, outcome, environment, principal } = placed.event;
        if (outcome !== 'success' || !inTheClear.has(operation)) return;
        tally.judge();
        tally.citeEvent(placed);
        const rule = operation === 'keys.restore-from-clear' ? 'restore' : 'export';
        const isDual = head.quorum.some(
          (one) => one.environment === environment && one.rule === rule && one.approvals >= approvalsMin,
        );
        if (!isDual)
          tally.except(
            `event:${placed.index}`,
            `${principal} did ${operation} alone: ${environment} has no quorum rule "${rule}" of ${approvalsMin} approvals.`,
          );
      },
      result: () => {
        const record = attestationOf(head, 'key-ceremony');
        const found = tally.result({
          of: 'operations on material in the clear',
          holds: 'each took two persons, and the ceremonies are recorded',
          fails: 'one person was enough',
          empty: head.log
            ? ['not-applicable', 'The log has no operation on key material in the clear']
            : ['no-data', 'There is no log that would show operations on key material in the clear'],
        });
        if (found.outcome !== 'pass' || record) return found;
        const reason = `${found.population} operations on key material in the clear took place. Needed: ${needed(head, 'key-ceremony')}`;
        return { ...found, outcome: 'manual', reason };
      },
    };
  },
});

/** What one person alone can not do. */
export const quorumChecks: readonly LibraryCheck[] = Object.freeze([
  quorumCheck({
    id: 'quorum-substitution',
    title: 'Nobody alone can import or replace material, or change who may use a key.',
    rules: ['import-replace', 'policy'],
    operations: new Set([
      'keys.import-material',
      'keys.import-next-version',
      'keys.import-whole',
      'keys.import-under-key',
      'keys.put-policy',
      'names.move',
    ]),
  }),
  quorumCheck({
    id: 'quorum-export',
    title: 'Nobody alone can take a key out.',
    rules: ['export'],
    operations: new Set([
      'keys.export',
      'keys.export-under-key',
      'keys.export-in-clear',
      'keys.back-up-in-clear',
    ]),
  }),
  quorumCheck({
    id: 'quorum-destruction',
    title: 'Nobody alone can destroy a key.',
    rules: ['destroy'],
    operations: new Set(['keys.schedule-destruction']),
  }),
  ceremonies,
]);
