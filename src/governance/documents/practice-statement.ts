import { limitsFor, periodProfiles, purposeClasses, roles, type PeriodPolicy } from '#domain';
import { attestCommand } from '../attestation-subjects.ts';
import type { Question } from '../evaluate.ts';
import type { PopulationHead } from '../population.ts';
import { createCensus, rowsOf, sampleText, type Census } from './census.ts';
import {
  createGaps,
  dayOf,
  list,
  paragraph,
  signatures,
  tableOr,
  type Block,
  type Gaps,
  type Section,
  type WrittenDocument,
} from './document.ts';
import { aboutOf, referenceText, stated, statementsOf } from './statements.ts';

type Known = { readonly head: PopulationHead; readonly census: Census; readonly gaps: Gaps };

const peopleMax = 50;

function policySection({ head, gaps }: Known): Section {
  return {
    title: 'The policy that this statement carries out',
    blocks: [
      paragraph(
        'This statement says how the keys of this server are managed, as the server enforces it. What it is to be measured by is the policy of the organisation.',
      ),
      paragraph(stated(head, 'crypto-policy', { gaps, what: 'The policy of cryptography' })),
      paragraph(stated(head, 'key-management-procedures', { gaps, what: 'The written procedures' })),
    ],
  };
}

/** Who has a role where; of many the first ones. */
function peopleRows({ head }: Known): string[][] {
  return roles.flatMap((role) =>
    head.environments.flatMap(({ name: environment }) => {
      const all = head.principals
        .map(({ principal }) => principal)
        .filter((each) => each.environment === environment && each.roles.includes(role) && !each.disabled);
      const named = all.slice(0, peopleMax).map(({ name, kind }) => `${name} (${kind})`);
      const more = all.length > peopleMax ? `, and ${all.length - peopleMax} more` : '';
      return all.length === 0 ? [] : [[role, environment, `${named.join(', ')}${more}`]];
    }),
  );
}

function peopleSection(known: Known): Section {
  const { head, gaps } = known;
  for (const { name } of head.environments) {
    const hasPerson = head.principals.some(
      ({ principal }) =>
        principal.environment === name &&
        principal.kind === 'user' &&
        principal.roles.includes('administrator'),
    );
    if (!hasPerson)
      gaps.miss(`A person who is responsible for environment ${name}: no user is an administrator of it`);
  }
  const custodians = statementsOf(head, 'custodian-acknowledgement');
  if (custodians.length === 0)
    gaps.miss(
      `The acknowledgements of the key custodians (each: ${attestCommand('custodian-acknowledgement')})`,
    );
  return {
    title: 'Who answers for what',
    blocks: [
      paragraph(
        'Duties are separate: an operator manages keys and can not use them, a user uses them and can not manage them, an auditor reads, an exporter alone takes keys out. How to reach the persons stands in the procedures named above.',
      ),
      tableOr('No principal has a role.', ['Role', 'Environment', 'Who'], peopleRows(known)),
      paragraph('Key custodians who have acknowledged what they answer for:'),
      tableOr(
        'None has.',
        ['Custodian', 'Since', 'Until', 'Document'],
        custodians
          .slice(0, peopleMax)
          .map((each) => [each.by, dayOf(each.at), dayOf(each.until), referenceText(each)]),
      ),
    ],
  };
}

function generationSection({ head, census }: Known): Section {
  const provider = head.fips === null ? 'OpenSSL' : `OpenSSL with its FIPS provider (${head.fips})`;
  return {
    title: 'Generation and establishment',
    blocks: [
      paragraph(
        `Keys are made by ${provider}, from its random bit generator, or in the device that holds them. What an environment allows to be made is decided before it is made, by its profile (below). Material that comes from outside is wrapped by its sender, checked for the form and strength of its spec, and marked as imported.`,
      ),
      tableOr('There are no keys.', ['Origin', 'Keys'], rowsOf(census.byOrigin)),
    ],
  };
}

function distributionSection({ head, census, gaps }: Known): Section {
  return {
    title: 'Distribution',
    blocks: [
      paragraph(
        `Keys are used in the server and do not leave it, but for those that were made exportable, which is said when a key is made and never afterwards: ${census.exportable} keys. Each export is wrapped for its recipient and registered with its place and holder: ${census.exports} are.`,
      ),
      paragraph(stated(head, 'key-distribution', { gaps, what: 'How keys are handed over' })),
    ],
  };
}

function protectionSection({ head, census }: Known): Section {
  return {
    title: 'Storage and protection',
    blocks: [
      paragraph(
        `Material is stored wrapped under a key of its environment and a secret of its own, in two stores; the keys of environments are wrapped by the root of trust (${head.root}), which is in neither. Nothing is stored in clear.`,
      ),
      tableOr(
        'There are no environments.',
        ['Environment', 'Account', 'Key-encryption key', 'Since'],
        head.environments.map(({ name, accountId, kekGeneration, createdAt }) => [
          name,
          accountId,
          `generation ${kekGeneration}`,
          dayOf(createdAt),
        ]),
      ),
      tableOr('There are no keys.', ['Tier of protection', 'Keys'], rowsOf(census.byTier)),
    ],
  };
}

const day = 86_400;
const daysText = (seconds: number | null): string =>
  seconds === null ? 'no bound by time' : `${Math.round(seconds / day)} days`;

function periodRows(environment: string, policy: PeriodPolicy): string[][] {
  return purposeClasses.map((purpose) => {
    const { originatorSeconds, recipientSeconds, operationsMax, bytesMax } = limitsFor(policy, purpose);
    const amounts = [
      ...(operationsMax === null ? [] : [`${operationsMax} operations`]),
      ...(bytesMax === null ? [] : [`${bytesMax} bytes`]),
    ];
    return [
      environment,
      purpose,
      daysText(originatorSeconds),
      recipientSeconds === null ? 'as long as it is needed' : daysText(recipientSeconds),
      amounts.join(', ') || 'that of the algorithm',
    ];
  });
}

/** What is said of a profile where an environment's policy follows it. */
function profileLines({ environments }: PopulationHead): string[] {
  const all = environments.map(({ periodPolicy: { profile, onlyUnseen } }) => {
    const bounds = onlyUnseen
      ? '; it bounds only keys that the server rotates without their users seeing it'
      : '';
    return `${profile}: ${periodProfiles[profile].source}${bounds}`;
  });
  return [...new Set(all)];
}

function periodSection({ head, census }: Known): Section {
  const { environments } = head;
  const overdue = census.overdue.total > 0 ? ` (${sampleText(census.overdue)})` : '';
  const left = census.extendedTotal - census.extended.length;
  return {
    title: 'Crypto-periods and rotation',
    blocks: [
      paragraph(
        'How long a version of a key may protect, and how long it may process what it protected, is checked at each use. The narrower of the algorithm and the policy holds.',
      ),
      list(profileLines(head)),
      tableOr(
        'There are no environments.',
        ['Environment', 'Purpose', 'May protect for', 'May process for', 'Amount'],
        environments.flatMap(({ name, periodPolicy }) => periodRows(name, periodPolicy)),
      ),
      paragraph(
        `${census.rotating} of ${census.living} keys are rotated by the server, by a schedule of their own or by the policy. Past their originator-usage period, and refused to protect since: ${census.overdue.total}${overdue}.`,
      ),
      tableOr(
        'No exception from a policy is in force.',
        ['Key', 'Version', 'Environment', 'Who answers', 'May longer', 'Until', 'Exception'],
        census.extended.map(({ keyId, version, environment, owner, act, until, id }) => [
          keyId,
          `${version}`,
          environment,
          owner,
          act,
          dayOf(until),
          id,
        ]),
      ),
      ...(left > 0 ? [paragraph(`And ${left} further exceptions.`)] : []),
    ],
  };
}

function statesSection({ census }: Known): Section {
  return {
    title: 'States, suspension and revocation',
    blocks: [
      paragraph(
        'A key that is suspended does nothing until it is taken up again; a version that is reported compromised stops at once, and for good. Each change of state is dated, has a cause, and is never taken back in the record.',
      ),
      tableOr('There are no keys.', ['State', 'Keys'], rowsOf(census.byState)),
    ],
  };
}

function accountingSection({ head, census, gaps }: Known): Section {
  const blocks: Block[] = [
    paragraph(
      'All keys are in the inventory of the server, each with its owner, purpose, environment, spec, state and versions. Whoever makes, uses, changes, exports or destroys one is on the record before the answer is given; the record is a signed tree that an outsider can check.',
    ),
    paragraph(
      stated(head, 'certificate-inventory', {
        gaps,
        what: 'The comparison of the inventory with what is in use',
      }),
    ),
  ];
  for (const [sample, what] of [
    [census.withoutOwner, 'owner'],
    [census.withoutDescription, 'description of what it is for'],
  ] as const) {
    if (sample.total > 0) gaps.miss(`${sample.total} keys have no ${what}: ${sampleText(sample)}`);
  }
  return { title: 'Accounting and audit', blocks };
}

function quorumSection({ head, gaps }: Known): Section {
  return {
    title: 'Dual control and split knowledge',
    blocks: [
      tableOr(
        'No operation needs the approval of a second person.',
        ['Environment', 'What', 'Approvals'],
        head.quorum.map(({ environment, rule, approvals }) => [environment, rule, `${approvals}`]),
      ),
      paragraph(
        head.root === 'shamir'
          ? 'The root key is in shares of its custodians: fewer than the threshold know nothing of it.'
          : `The root of trust (${head.root}) is not in shares.`,
      ),
      paragraph(stated(head, 'key-ceremony', { gaps, what: 'What is done by hand' })),
    ],
  };
}

function recoverySection({ head, census, gaps }: Known): Section {
  const live = head.copies.filter(({ status }) => status !== 'destroyed');
  if (!live.some(({ kind }) => kind === 'backup'))
    gaps.miss('A registered backup (claviger backup create --out FILE)');
  return {
    title: 'Backup, archive and recovery',
    blocks: [
      paragraph(
        `Backups hold wrapped material alone. What opens them again, the escrow, is encrypted to recovery holders, a threshold of whom it takes. Proven recoverable in a drill: ${census.provenRecoverable} of ${census.living} keys.`,
      ),
      tableOr(
        'No backup or escrow is registered.',
        ['What', 'Since', 'Place', 'Holder', 'Status'],
        live
          .slice(0, peopleMax)
          .map(({ kind, createdAt, place, holder, status }) => [
            kind,
            dayOf(createdAt),
            place,
            holder,
            status,
          ]),
      ),
    ],
  };
}

function destructionSection({ census }: Known): Section {
  const destroyed = [...census.byState].filter(([state]) => state.startsWith('destroyed'));
  const count = destroyed.reduce((sum, [, many]) => sum + many, 0);
  return {
    title: 'Destruction',
    blocks: [
      paragraph(
        `A key is destroyed after a waiting period in which it does nothing and its destruction can be called off. Its secret is erased from a store that backups leave out, so that old backups hold noise; every node looks that nothing opens any more; then a signed certificate can be had, which names the copies that are still out. Scheduled: ${census.destructionScheduled}; destroyed: ${count}.`,
      ),
    ],
  };
}

function compromiseSection({ head, census, gaps }: Known): Section {
  const count = census.byState.get('compromised') ?? 0;
  return {
    title: 'Compromise and violations of the policy',
    blocks: [
      paragraph(`Keys whose newest version was reported compromised: ${count}.`),
      paragraph(
        stated(head, 'incident-procedure', { gaps, what: 'What is done when a key may be in wrong hands' }),
      ),
      paragraph(
        'What follows from a violation of the policy stands in the policy named above. The server refuses what breaks its rules, and keeps the refusal on the record.',
      ),
    ],
  };
}

/** Writes the key-management practice statement. */
//= sp800-57p2r1 key management practice statement
export const practiceStatement: Question<WrittenDocument> = {
  begin: (head) => {
    const census = createCensus(head.at, 0);
    return {
      key: census.take,
      result: () => {
        const known: Known = { head, census: census.result(), gaps: createGaps() };
        const about = aboutOf(head, known.census.total, known.gaps);
        const sections = [
          policySection,
          peopleSection,
          generationSection,
          distributionSection,
          protectionSection,
          periodSection,
          statesSection,
          accountingSection,
          quorumSection,
          recoverySection,
          destructionSection,
          compromiseSection,
        ].map((write) => write(known));
        const approval: Section = {
          title: 'Approval',
          blocks: [signatures(['Written or reviewed by', 'Approved by'])],
        };
        return {
          format: 'claviger-document/1',
          kind: 'practice-statement',
          title: 'Key-management practice statement',
          about: [...about, ['After', 'NIST SP 800-57 part 2 revision 1']],
          sections: [...sections, approval],
          missing: known.gaps.all(),
        };
      },
    };
  },
};
