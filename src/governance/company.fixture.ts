import { usualPolicy, type Destruction, type Key, type KeyVersion, type Role } from '#domain';
import type { Copy } from '#ports';
import type { DetectorId } from './detectors/index.ts';
import {
  dayMillis,
  factsOfKey,
  headOf,
  judgedAt,
  keyOf,
  populationOf,
  principalOf,
  versionOf,
} from './population.fixture.ts';
import type { EnvironmentFacts, KeyFacts, KeyUse, Population, PrincipalFacts } from './population.ts';

/** A flaw that was put somewhere on purpose, and all that is to be found because of it. */
export type Plant = {
  readonly flaw: string;
  readonly found: readonly { readonly detector: DetectorId; readonly subject: string }[];
};

export type Company = { readonly population: Population; readonly planted: readonly Plant[] };

const daysAgo = (days: number): number => judgedAt - days * dayMillis;
/** Ages of the environments in days. */
const ages: Readonly<Record<string, number>> = { production: 1200, staging: 300, development: 1200 };

function environment(name: string, accountId: string): EnvironmentFacts {
  return {
    name,
    accountId,
    createdAt: daysAgo(ages[name] ?? 0),
    periodPolicy: usualPolicy,
    kekGeneration: 1,
  };
}

type Person = {
  readonly kind?: 'user' | 'service' | 'workload';
  readonly roles?: readonly Role[];
  readonly tokens?: readonly Life[];
  readonly accessKeys?: readonly Life[];
  readonly age?: number;
};

/** A credential, by days: how old it is, and how long it lives; null: for ever. */
type Life = readonly [age: number, life: number | null];

function person(
  name: string,
  { kind = 'service', roles = ['user'], tokens = [], accessKeys = [], age = 290 }: Person = {},
  where = 'production',
): PrincipalFacts {
  const credential =
    (of: 'token' | 'access-key') =>
    ([old, life]: Life, at: number) => ({
      kind: of,
      id: `${of === 'token' ? 'hash' : 'AKIA'}-${where}-${name}-${at}`,
      createdAt: daysAgo(old),
      expiresAt: life === null ? null : daysAgo(old - life),
    });
  return {
    principal: principalOf({ name, environment: where, kind, roles, createdAt: daysAgo(age) }),
    credentials: [...tokens.map(credential('token')), ...accessKeys.map(credential('access-key'))],
  };
}

/** Environment, names and numbers of a key without a flaw; it was used this week by its owner's application. */
function plain(
  number: number,
  where: string,
  about: Partial<Key> = {},
  facts: Partial<Omit<KeyFacts, 'key'>> = {},
): KeyFacts {
  const key = keyOf({ id: idOf(number), environment: where, owner: 'payments', ...about });
  return factsOfKey(key, {
    names: [`alias/${key.owner}-${number}`],
    lastUse: {
      operation: 'keys.encrypt',
      at: daysAgo(2),
      requestId: `request-${number}`,
      principal: key.owner,
    },
    uses: [useOf(key.owner)],
    ...facts,
  });
}

export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function useOf(principal: string, about: Partial<KeyUse> = {}): KeyUse {
  return {
    version: 1,
    principal,
    act: 'protect',
    count: 100,
    firstAt: daysAgo(29),
    lastAt: daysAgo(2),
    ...about,
  };
}

function copyOf(about: Partial<Copy> & Pick<Copy, 'id' | 'place'>): Copy {
  return {
    kind: 'export',
    keyId: null,
    createdAt: daysAgo(20),
    holder: 'ada',
    status: 'live',
    detail: {},
    ...about,
  };
}

/** A version in this state since so many days. */
function versionThat(
  state: KeyVersion['state'],
  days: number,
  about: Partial<Parameters<typeof versionOf>[0]> = {},
): KeyVersion {
  const made = versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: daysAgo(days + 30), ...about });
  const cause = state === 'compromised' ? 'compromise-reported' : 'deactivated-by-request';
  const isGone = state === 'destroyed';
  return {
    ...made,
    state,
    history: [...made.history, { state, at: daysAgo(days), cause: isGone ? 'destruction-due' : cause }],
  };
}

function destroyedFacts(number: number, days: number, isSeen: boolean): KeyFacts {
  const at = daysAgo(days);
  const keyId = idOf(number);
  const destruction: Destruction = {
    id: `destruction-${number}`,
    keyId,
    environment: 'production',
    requestedBy: 'id-of-ada',
    reason: 'no longer needed',
    requestedAt: at - 7 * dayMillis,
    dueAt: at,
    waitingDays: 7,
    step: isSeen ? 'verified' : 'executed',
    execution: {
      at,
      node: 'node-1',
      eventId: 'event',
      method: 'cryptographic-erase',
      nodes: ['node-1'],
      names: [],
    },
    probes: [],
    checks: isSeen ? [{ node: 'node-1', at, method: 'known-ciphertext', version: 1, opens: false }] : [],
    revision: 4,
  };
  return plain(
    number,
    'production',
    { createdAt: daysAgo(days + 30), versions: [versionThat('destroyed', days)] },
    { names: [], uses: [], lastUse: null, destruction },
  );
}

function people(): readonly PrincipalFacts[] {
  const ofAll = ['development', 'production', 'staging'].flatMap((where) => [
    person('ada', { kind: 'user', roles: ['operator', 'user'], tokens: [[80, 90]] }, where),
    person('payments', { tokens: [[200, 365]], accessKeys: [[30, null]] }, where),
    person('billing', { tokens: [[300, 365]] }, where),
    person('web-1', { kind: 'workload' }, where),
    person('web-2', { kind: 'workload' }, where),
    person('kubernetes/crm', { kind: 'workload', roles: [] }, where),
  ]);
  const administrator = { kind: 'user', roles: ['administrator'] } as const;
  return [
    ...ofAll,
    person('admin', { ...administrator, age: 1200, accessKeys: [[60, null]] }, 'development'),
    person('admin', { ...administrator, age: 1200, tokens: [[1200, 90]] }),
    // it came with its environment, and lies in a safe for the day when all else fails
    person(
      'admin',
      { ...administrator, age: 300, accessKeys: [[300, null]], tokens: [[300, null]] },
      'staging',
    ),
    person('reports', { accessKeys: [[200, null]] }),
  ];
}

/** Keys that look as if something were wrong, to one who does not look well. */
function ordinaryKeys(): readonly KeyFacts[] {
  const signing = { spec: 'EC_P256', usage: 'sign' } as const;
  const wrapped = { wrap: 'RSA_AES_KEY_WRAP_SHA_256', version: 1 };
  const plainOnes = [
    ...Array.from({ length: 6 }, (_, at) => plain(at + 1, 'production')),
    ...Array.from({ length: 4 }, (_, at) => plain(at + 21, 'staging')),
    ...Array.from({ length: 4 }, (_, at) => plain(at + 31, 'development')),
  ];
  return [
    ...plainOnes,
    // a client of Vault made it: its name says what it is for, and it belongs to who made it
    plain(9, 'production', { description: '', owner: 'billing', createdBy: 'billing' }),
    // replicas of one application, and an administrator besides
    plain(10, 'production', { owner: 'web' }, { uses: [useOf('web-1'), useOf('web-2'), useOf('admin')] }),
    // one writes, another reads
    plain(11, 'production', {}, { uses: [useOf('payments'), useOf('billing', { act: 'process' })] }),
    // one took over from the other
    plain(
      12,
      'production',
      {},
      {
        uses: [useOf('billing', { lastAt: daysAgo(20) }), useOf('payments', { firstAt: daysAgo(19) })],
      },
    ),
    // everybody verifies
    plain(
      13,
      'production',
      { ...signing, versions: [versionOf(signing)] },
      {
        uses: [
          useOf('payments'),
          ...['billing', 'web-1', 'kubernetes/crm'].map((name) => useOf(name, { act: 'process' })),
        ],
      },
    ),
    // two years old, and rotated every year
    plain(
      14,
      'production',
      {
        createdAt: daysAgo(730),
        versions: [
          {
            ...versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: daysAgo(730) }),
            state: 'deactivated',
          },
          versionOf({ spec: 'AES_256', usage: 'encrypt', number: 2, activatedAt: daysAgo(340) }),
        ],
        rotation: { periodDays: 365, since: daysAgo(730), nextAt: daysAgo(-25) },
      },
      { uses: [useOf('payments', { version: 2 })] },
    ),
    // its copy is elsewhere
    plain(
      15,
      'production',
      { exportable: true, tags: [{ key: 'data-store', value: 's3://cards/2026' }] },
      {
        copies: [
          copyOf({ id: 'copy-15', place: 'hsm-2.example.com:/import', keyId: idOf(15), detail: wrapped }),
        ],
      },
    ),
    // suspended last week, waits for its destruction, destroyed for good
    plain(16, 'production', { suspendedAt: daysAgo(7) }),
    plain(17, 'production', {
      createdAt: daysAgo(300),
      destruction: { requestedAt: daysAgo(3), dueAt: daysAgo(-27), waitingDays: 30 },
    }),
    destroyedFacts(18, 100, true),
    // another team reads old data from it
    plain(
      36,
      'development',
      { createdAt: daysAgo(540), versions: [versionThat('deactivated', 500)] },
      { uses: [useOf('crm', { act: 'process' })] },
    ),
    // comes from outside, and has an end
    plain(35, 'development', { origin: 'imported', imported: { isPresent: true, expiresAt: daysAgo(-100) } }),
  ];
}

type Planted = Plant & { readonly keys: readonly KeyFacts[] };

function flaw(what: string, detector: DetectorId, ...keys: readonly KeyFacts[]): Planted {
  return { flaw: what, keys, found: keys.map(({ key }) => ({ detector, subject: `key:${key.id}` })) };
}

/** Flaws of keys, thirteen. */
function flawedKeys(): readonly Planted[] {
  const signing = { spec: 'EC_P384', usage: 'sign' } as const;
  const material = 'c'.repeat(64);
  const cardKey = plain(
    41,
    'production',
    {},
    { sameMaterial: [{ keyId: idOf(42), environment: 'staging' }] },
  );
  const cardCopy = plain(
    42,
    'staging',
    {},
    { sameMaterial: [{ keyId: idOf(41), environment: 'production' }] },
  );
  return [
    flaw(
      'a key was backed up in plain text',
      'exported-in-clear',
      plain(
        43,
        'staging',
        { exportable: true, plaintextBackup: true },
        {
          copies: [
            copyOf({
              id: 'copy-43',
              keyId: idOf(43),
              place: 'the answer to transit/backup/cards, in plain text',
              detail: { recipient: 'in plain text', wrap: 'none', version: 1, part: 'backup' },
            }),
          ],
        },
      ),
    ),
    flaw('the card key was copied from production to staging', 'same-material-elsewhere', cardKey, cardCopy),
    flaw(
      'a key was not rotated in time, because its rotation was switched off',
      'rotation-overdue',
      plain(
        44,
        'production',
        {
          createdAt: daysAgo(400),
          versions: [versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: daysAgo(400) })],
        },
        { uses: [useOf('payments', { firstAt: daysAgo(399), lastAt: daysAgo(36) })] },
      ),
    ),
    flaw(
      'the signing key of releases ends soon, and nobody thinks of it',
      'rotation-near',
      plain(45, 'production', {
        ...signing,
        createdAt: daysAgo(1000),
        versions: [versionOf({ ...signing, activatedAt: daysAgo(1000) })],
      }),
    ),
    flaw(
      'material of a partner was imported for ever',
      'imported-without-end',
      plain(46, 'production', {
        origin: 'imported',
        imported: { isPresent: true, expiresAt: null },
        versions: [{ ...versionOf({ spec: 'AES_256', usage: 'encrypt' }), materialId: material }],
      }),
    ),
    flaw(
      'a wrapped copy was put into the bucket of the data',
      'copy-beside-data',
      plain(
        47,
        'production',
        { exportable: true, tags: [{ key: 'data-store', value: 'arn:aws:s3:::invoices' }] },
        {
          copies: [
            copyOf({
              id: 'copy-47',
              keyId: idOf(47),
              place: 's3://invoices/keys/47.bin',
              detail: { recipient: 'sha256:aa', wrap: 'RSA_AES_KEY_WRAP_SHA_256', version: 1 },
            }),
          ],
        },
      ),
    ),
    flaw(
      'a key was retired two years ago and forgotten',
      'retired-not-destroyed',
      plain(
        48,
        'development',
        { createdAt: daysAgo(780), versions: [versionThat('deactivated', 750)] },
        { lastUse: null, uses: [] },
      ),
    ),
    flaw(
      'a key was compromised, and is still there',
      'compromised-not-destroyed',
      plain(
        49,
        'staging',
        { createdAt: daysAgo(90), versions: [versionThat('compromised', 60)] },
        {
          uses: [],
          lastUse: null,
        },
      ),
    ),
    flaw('a destruction was never looked at', 'destruction-unproved', destroyedFacts(50, 40, false)),
    flaw(
      'two applications write under one key',
      'several-applications',
      plain(51, 'production', {}, { uses: [useOf('payments'), useOf('billing'), useOf('admin')] }),
    ),
    flaw(
      'one key has the names of two applications',
      'several-names',
      plain(52, 'production', {}, { names: ['alias/billing/tokens', 'alias/payments-tokens'] }),
    ),
    flaw(
      'nobody answers for a key',
      'owner-missing',
      plain(
        53,
        'development',
        { owner: 'unknown' },
        {
          uses: [useOf('payments')],
        },
      ),
    ),
    flaw(
      'a key was made and never used',
      'unused',
      plain(
        54,
        'development',
        {
          createdAt: daysAgo(250),
          versions: [versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: daysAgo(250) })],
        },
        { lastUse: null, uses: [] },
      ),
    ),
  ];
}

/** A company of three environments and forty keys in which fifteen things are wrong, two of them not with keys. */
export function company(): Company {
  const flawed = flawedKeys();
  const all = [...ordinaryKeys(), ...flawed.flatMap(({ keys }) => keys)];
  const ordered = all.sort(({ key: a }, { key: b }) =>
    `${a.environment} ${a.id}` < `${b.environment} ${b.id}` ? -1 : 1,
  );
  const head = headOf({
    environments: [
      environment('production', '000000000001'),
      environment('staging', '000000000002'),
      environment('development', '000000000003'),
    ],
    principals: people(),
    root: 'pkcs11',
    copies: [
      copyOf({ id: 'backup-1', kind: 'backup', place: '/mnt/backup/claviger.backup' }),
      copyOf({ id: 'escrow-1', kind: 'escrow', place: 'the safe in Uppsala', status: 'replaced' }),
      copyOf({ id: 'escrow-2', kind: 'escrow', place: '/mnt/backup/claviger.escrow' }),
    ],
  });
  return {
    population: populationOf(head, ordered),
    planted: [
      ...flawed,
      {
        flaw: 'an access key of a service has no end, and is 200 days old',
        found: [{ detector: 'long-lived-credential', subject: 'credential:AKIA-production-reports-0' }],
      },
      {
        flaw: 'the escrow lies with the backup that it opens',
        found: [{ detector: 'escrow-beside-backup', subject: 'copy:escrow-2' }],
      },
    ],
  };
}
