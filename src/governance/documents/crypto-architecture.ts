import {
  algorithmsFor,
  currentVersion,
  originatorEnd,
  recipientEnd,
  type Instant,
  type KeySpec,
  type KeyUsage,
} from '#domain';
import type { Question } from '../evaluate.ts';
import type { KeyFacts, PopulationHead } from '../population.ts';
import { createCensus, sampleText, stateOf, strengthOf, type Census } from './census.ts';
import {
  createGaps,
  dayOf,
  paragraph,
  signatures,
  tableOr,
  type Gaps,
  type Section,
  type WrittenDocument,
} from './document.ts';
import { impliedDevices, servedProtocols } from './holders.ts';
import { aboutOf, stated } from './statements.ts';

type Known = { readonly head: PopulationHead; readonly census: Census; readonly gaps: Gaps };

const uses: Readonly<Record<KeyUsage, string>> = Object.freeze({
  encrypt: 'encrypts and decrypts data, and data keys',
  sign: 'signs, and verifies signatures',
  mac: 'makes and verifies message authentication codes',
  'key-agreement': 'agrees on secrets with holders of other key pairs',
  encapsulate: 'encapsulates and decapsulates secrets',
  wrap: 'wraps and unwraps other keys',
  derive: 'derives other keys',
});

function scopeSection({ head, gaps }: Known): Section {
  return {
    title: 'What is protected, and where',
    blocks: [
      paragraph(
        stated(head, 'account-data-protection', {
          gaps,
          what: 'The stores of account data, and which key protects which',
        }),
      ),
      paragraph(stated(head, 'crypto-architecture', { gaps, what: 'The last review of this description' })),
    ],
  };
}

function algorithmSection({ census }: Known): Section {
  const kinds = new Map<string, { spec: KeySpec; usage: KeyUsage; count: number; where: string[] }>();
  for (const { environment, spec, usage, count } of census.groups) {
    const name = `${spec} ${usage}`;
    const known = kinds.get(name) ?? { spec, usage, count: 0, where: [] };
    kinds.set(name, { ...known, count: known.count + count, where: [...known.where, environment] });
  }
  return {
    title: 'Algorithms and strengths',
    blocks: [
      tableOr(
        'There are no keys.',
        [
          'Key spec',
          'Usage',
          'Algorithms',
          'Strength (bits)',
          'Against a quantum computer',
          'Keys',
          'Environments',
        ],
        [...kinds.values()].map(({ spec, usage, count, where }) => {
          const { bits, quantum } = strengthOf(spec);
          return [
            spec,
            usage,
            algorithmsFor(spec, usage).join(', '),
            bits,
            quantum,
            `${count}`,
            where.join(', '),
          ];
        }),
      ),
    ],
  };
}

function hierarchySection({ head }: Known): Section {
  return {
    title: 'How keys are protected by keys',
    blocks: [
      paragraph(
        `The root of trust (${head.root}) wraps one key-encryption key for each environment; each key has a secret of its own in a second store; its material is sealed under a key that is derived from both (HKDF-SHA-256, AES-256-GCM, 256 bits throughout). No key-encrypting key is weaker than what it wraps.`,
      ),
      tableOr(
        'There are no environments.',
        ['Environment', 'Account', 'Key-encryption key', 'Strength (bits)'],
        head.environments.map((each) => [
          each.name,
          each.accountId,
          `generation ${each.kekGeneration}`,
          '256',
        ]),
      ),
    ],
  };
}

function protocolSection({ head, gaps }: Known): Section {
  return {
    title: 'Protocols',
    blocks: [
      tableOr(
        'There are none.',
        ['Protocol', 'Protected by'],
        (head.protocols ?? servedProtocols).map(({ name, protection }) => [name, protection]),
      ),
      paragraph(
        stated(head, 'crypto-inventory-review', {
          gaps,
          what: 'The last review of protocols and cipher suites',
        }),
      ),
    ],
  };
}

const dayOr = (at: Instant | null, nothing: string): string => (at === null ? nothing : dayOf(at));

function keyRow({ key, names }: KeyFacts, gaps: Gaps): string[] {
  const version = currentVersion(key);
  const purpose = uses[key.usage] + (key.secondUsage ? `, and ${uses[key.secondUsage]}` : '');
  return [
    names.length > 0 ? `${names.join(', ')} (${key.id})` : key.id,
    key.environment,
    gaps.need(key.owner, `The owner of key ${key.id}`),
    `${purpose}: ${gaps.need(key.description, `What key ${key.id} is for`)}`,
    `${key.spec}, ${strengthOf(key.spec).bits} bits`,
    `${stateOf(key)}, version ${version.number}`,
    dayOr(originatorEnd(version), 'not active yet'),
    dayOr(recipientEnd(version), 'as long as it is needed'),
    key.tier,
  ];
}

const keyColumns = [
  'Key',
  'Environment',
  'Owner',
  'Usage',
  'Strength',
  'State',
  'Protects until',
  'Opens until',
  'Tier',
] as const;

function keySection({ census, gaps }: Known): Section {
  const left = census.living - census.listed.length;
  if (left > 0) {
    for (const [sample, what] of [
      [census.withoutOwner, 'owner'],
      [census.withoutDescription, 'description of what it is for'],
    ] as const)
      if (sample.total > 0) gaps.miss(`${sample.total} keys in all have no ${what}: ${sampleText(sample)}`);
  }
  return {
    title: 'Keys, their strength, usage and end',
    blocks: [
      tableOr(
        'There are no keys.',
        keyColumns,
        census.listed.map((facts) => keyRow(facts, gaps)),
      ),
      ...(left > 0
        ? [
            paragraph(
              `These are the first ${census.listed.length} of ${census.living} keys, by environment and id. The other ${left} stand in the export of the inventory, which belongs to this document (claviger inventory export).`,
            ),
          ]
        : []),
    ],
  };
}

function separationSection({ census, head }: Known): Section {
  const { total } = census.acrossEnvironments;
  const names = head.environments.map(({ name }) => name).join(', ');
  return {
    title: 'No key in production and in test',
    blocks: [
      paragraph(
        `Each environment (${names}) has its own key-encryption key, principals and names, and a key belongs to one of them for good. Material that is brought from outside is compared, by a keyed fingerprint, with that of all other environments, and refused where another one has it.`,
      ),
      paragraph(
        total === 0
          ? `Compared: ${census.living} keys. None has its material in another environment.`
          : `NOT SO: ${total} keys have the material of a key of another environment: ${sampleText(census.acrossEnvironments)}.`,
      ),
    ],
  };
}

function deviceSection({ head, gaps }: Known): Section {
  const rows = (head.devices ?? impliedDevices(head)).map(({ type, name, model, place }) => [
    type,
    name,
    gaps.need(model, `What ${name} is (maker, model, firmware, validation)`),
    gaps.need(place, `Where ${name} stands`),
  ]);
  return {
    title: 'Devices that hold keys',
    blocks: [
      tableOr('There are none.', ['Type', 'Name', 'What it is', 'Place'], rows),
      paragraph(`The root of trust is of kind ${head.root}.`),
      paragraph(
        stated(head, 'system-boundary', { gaps, what: 'Where they stand, and who can come to them' }),
      ),
    ],
  };
}

function certificateSection({ head, gaps }: Known): Section {
  if (!head.certificates) gaps.miss('The certificates that the server relies on: they were not gathered');
  return {
    title: 'Certificates',
    blocks: [
      tableOr(
        'None is known.',
        ['Subject', 'For', 'Ends', 'Who answers'],
        (head.certificates ?? []).map(({ subject, purpose, notAfter, owner }) => [
          subject,
          purpose,
          dayOf(notAfter),
          gaps.need(owner, `Who answers for the certificate of ${subject}`),
        ]),
      ),
    ],
  };
}

/** Writes the description of the cryptographic architecture; of many keys it lists the first ones. */
//= pci-dss-4.0.1 3.6.1.1
export function cryptoArchitecture({
  keysListedMax,
}: {
  readonly keysListedMax: number;
}): Question<WrittenDocument> {
  return {
    begin: (head) => {
      const census = createCensus(head.at, keysListedMax);
      return {
        key: census.take,
        result: () => {
          const known: Known = { head, census: census.result(), gaps: createGaps() };
          const about = aboutOf(head, known.census.total, known.gaps);
          const sections = [
            scopeSection,
            algorithmSection,
            hierarchySection,
            protocolSection,
            keySection,
            separationSection,
            deviceSection,
            certificateSection,
          ].map((write) => write(known));
          const approval: Section = {
            title: 'Approval',
            blocks: [signatures(['Reviewed by', 'Approved by'])],
          };
          return {
            format: 'claviger-document/1',
            kind: 'crypto-architecture',
            title: 'Description of the cryptographic architecture',
            about: [...about, ['After', 'PCI DSS 4.0.1, 3.6.1.1']],
            sections: [...sections, approval],
            missing: known.gaps.all(),
          };
        },
      };
    },
  };
}
