import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Destruction, Key, KeyVersion } from '#domain';
import type { Copy } from '#ports';
import {
  dayMillis,
  factsOfKey,
  headOf,
  judgedAt,
  keyOf,
  populationOf,
  principalOf,
  versionOf,
} from '../population.fixture.ts';
import type { KeyFacts, KeyUse, PopulationHead } from '../population.ts';
import { detect, type DetectorId } from './index.ts';

const ago = (days: number): number => judgedAt - days * dayMillis;
const id = 'k1';
const quiet = headOf({ root: 'pkcs11' });

/** What the detectors say of one key: `detector severity`. */
async function of(facts: KeyFacts, head: PopulationHead = quiet): Promise<readonly string[]> {
  const found = await detect(populationOf(head, [facts]));
  return found.map(({ detector, severity }) => `${detector} ${severity}`);
}

type About = Partial<Key>;
type Facts = Partial<Omit<KeyFacts, 'key'>>;
const facts = (about: About = {}, more: Facts = {}): KeyFacts =>
  factsOfKey(keyOf({ id, ...about }), { names: ['n'], ...more });

function aged(days: number, about: Partial<KeyVersion> = {}): About {
  const version = versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(days) });
  return { createdAt: ago(days), versions: [{ ...version, ...about }] };
}

/** A version that is in a state since some days. */
function gone(
  state: KeyVersion['state'],
  days: number,
  cause: 'destruction-due' | 'originator-period-over' = 'destruction-due',
): About {
  const version = versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(days + 10) });
  const history = [...version.history, { state, at: ago(days), cause }];
  return { createdAt: ago(days + 10), versions: [{ ...version, state, history }] };
}

function used(principal: string, about: Partial<KeyUse> = {}): KeyUse {
  return { version: 1, principal, act: 'protect', count: 1, firstAt: ago(25), lastAt: ago(1), ...about };
}

function copy(about: Partial<Copy> = {}): Copy {
  return {
    id: 'c1',
    kind: 'export',
    keyId: id,
    createdAt: ago(20),
    place: '/elsewhere/x',
    holder: 'ada',
    status: 'live',
    detail: { wrap: 'AES_KWP' },
    ...about,
  };
}

function destroying(about: Partial<Destruction>): Destruction {
  return {
    id: 'd1',
    keyId: id,
    environment: 'production',
    requestedBy: 'p',
    reason: null,
    requestedAt: ago(40),
    dueAt: ago(10),
    waitingDays: 30,
    step: 'scheduled',
    execution: null,
    probes: [],
    checks: [],
    revision: 1,
    ...about,
  };
}

const execution = {
  at: ago(10),
  node: 'n',
  eventId: 'e',
  method: 'cryptographic-erase',
  nodes: ['n'],
  names: [],
} as const;
const check = { node: 'n', at: ago(9), method: 'known-ciphertext', version: 1, opens: false } as const;
const lastUse = (days: number) => ({
  operation: 'keys.decrypt',
  at: ago(days),
  requestId: 'r',
  principal: 'payments',
});
const people = headOf({
  root: 'pkcs11',
  principals: [
    ...['payments', 'billing', 'web-1', 'web-2', 'crm'].map((name) => principalOf({ name })),
    principalOf({ name: 'ada', kind: 'user' }),
    principalOf({ name: 'admin', roles: ['administrator'] }),
    principalOf({ name: 'gone', disabled: true }),
  ].map((principal) => ({ principal, credentials: [] })),
});
const years = (count: number) => count * 365 * 86_400;
const period = (about: Partial<KeyVersion['cryptoPeriod']>) => ({
  ...versionOf({ spec: 'AES_256', usage: 'encrypt' }).cryptoPeriod,
  ...about,
});
const asymmetric = { spec: 'EC_P256', usage: 'sign' } as const;
const noRotation: About = { periodTerms: { rotates: false, destroysAtEnd: false } };

type Case = readonly [what: string, facts: KeyFacts, found: readonly string[], head?: PopulationHead];

const cases: Readonly<
  Record<
    Exclude<
      DetectorId,
      | 'long-lived-credential'
      | 'escrow-beside-backup'
      | 'root-beside-data'
      | 'owner-by-default'
      | 'unclassified'
    >,
    readonly Case[]
  >
> = {
  'exported-in-clear': [
    ['a live copy', facts({}, { copies: [copy({ detail: { wrap: 'none' } })] }), ['exported-in-clear high']],
    [
      'one that is destroyed',
      facts({}, { copies: [copy({ detail: { wrap: 'none' }, status: 'destroyed' })] }),
      [],
    ],
    ['one that is wrapped', facts({}, { copies: [copy()] }), []],
  ],
  'clear-backup-allowed': [
    ['the setting', facts({ plaintextBackup: true }), ['clear-backup-allowed low']],
    [
      'not besides a copy',
      facts({ plaintextBackup: true }, { copies: [copy({ detail: { wrap: 'none' } })] }),
      ['exported-in-clear high'],
    ],
    [
      'of a destroyed key',
      facts(
        { plaintextBackup: true, ...gone('destroyed', 9) },
        { destruction: destroying({ step: 'verified' }) },
      ),
      [],
    ],
  ],
  'same-material-elsewhere': [
    [
      'in staging',
      facts({}, { sameMaterial: [{ keyId: 'x', environment: 'staging' }] }),
      ['same-material-elsewhere critical'],
    ],
    [
      'between two that are not production',
      facts({ environment: 'test' }, { sameMaterial: [{ keyId: 'x', environment: 'staging' }] }),
      ['same-material-elsewhere high'],
    ],
    ['in the same environment', facts({}, { sameMaterial: [{ keyId: 'x', environment: 'production' }] }), []],
  ],
  'period-too-long': [
    [
      'ten years',
      facts(aged(30, { cryptoPeriod: period({ originatorSeconds: years(10) }) })),
      ['period-too-long medium'],
    ],
    ['two years', facts(aged(30, { cryptoPeriod: period({ originatorSeconds: years(2) }) })), []],
    [
      'ten years, for which somebody answers',
      facts({
        ...aged(30, { cryptoPeriod: period({ originatorSeconds: years(10) }) }),
        periodExtensions: [{ id: 'e', version: 1, act: 'protect', until: ago(-9), otherwise: years(1) }],
      }),
      [],
    ],
    [
      'three years of a signature',
      facts({
        ...asymmetric,
        versions: [{ ...versionOf(asymmetric), cryptoPeriod: period({ originatorSeconds: years(3) }) }],
      }),
      [],
    ],
  ],
  'rotation-overdue': [
    ['past its period, unused', facts(aged(370), {}), ['rotation-overdue medium', 'unused low']],
    ['past its period, in use', facts(aged(370), { lastUse: lastUse(1) }), ['rotation-overdue high']],
    ['within the day of grace', facts({ ...aged(365.5), ...noRotation }, { lastUse: lastUse(1) }), ['rotation-near low']],
    ['before its own day in the last tenth', facts(aged(328), { lastUse: lastUse(1) }), []],
    [
      'a schedule that was missed',
      facts({ ...aged(95), rotation: { periodDays: 90, since: ago(95), nextAt: ago(5) } }),
      ['rotation-overdue medium'],
    ],
    [
      'uses that are spent',
      facts(aged(30, { cryptoPeriod: period({ operationsMax: 100 }) }), {
        counts: [{ version: 1, operations: 100, bytes: 0 }],
        lastUse: lastUse(1),
      }),
      ['rotation-overdue high'],
    ],
    [
      'an end that nothing followed',
      facts(gone('deactivated', 20, 'originator-period-over')),
      ['rotation-overdue medium'],
    ],
    ['suspended', facts({ ...aged(370), suspendedAt: ago(5) }), []],
  ],
  'rotation-near': [
    ['nothing rotates it', facts({ ...aged(320), ...noRotation }), ['rotation-near low', 'unused low']],
    ['the policy rotates it', facts(aged(320), { lastUse: lastUse(1) }), []],
    ['early', facts({ ...aged(250), ...noRotation }, { lastUse: lastUse(1) }), []],
    [
      'bytes nearly spent',
      facts(
        { ...aged(30, { cryptoPeriod: period({ bytesMax: 1000 }) }), ...noRotation },
        { counts: [{ version: 1, operations: 1, bytes: 900 }] },
      ),
      ['rotation-near low'],
    ],
    [
      'a key pair, which no policy rotates',
      facts(
        {
          ...asymmetric,
          createdAt: ago(1000),
          versions: [versionOf({ ...asymmetric, activatedAt: ago(1000) })],
        },
        { lastUse: lastUse(1) },
      ),
      ['rotation-near low'],
    ],
  ],
  'used-after-end': [
    [
      'by its period',
      facts(aged(400), { uses: [used('payments')], lastUse: lastUse(1) }),
      ['rotation-overdue high', 'used-after-end critical'],
    ],
    [
      'within the minutes of clocks',
      facts(aged(366), { uses: [used('payments', { lastAt: ago(1) + 60_000 })], lastUse: lastUse(1) }),
      ['rotation-overdue high'],
    ],
    [
      'by its state',
      facts({ ...gone('suspended', 5), suspendedAt: ago(5) }, { uses: [used('payments')] }),
      ['used-after-end critical'],
    ],
    [
      'what is deactivated still opens',
      facts(gone('deactivated', 5), { uses: [used('payments', { act: 'process' })] }),
      [],
    ],
    [
      'what is compromised does not',
      facts(gone('compromised', 5), { uses: [used('payments', { act: 'process' })] }),
      ['used-after-end critical'],
    ],
    ['an unknown version', facts({}, { uses: [used('payments', { version: 7 })] }), []],
  ],
  'imported-without-end': [
    [
      'for ever',
      facts({ origin: 'imported', imported: { isPresent: true, expiresAt: null } }),
      ['imported-without-end low'],
    ],
    ['with an end', facts({ origin: 'imported', imported: { isPresent: true, expiresAt: ago(-9) } }), []],
    [
      'with a successor',
      facts({
        origin: 'imported',
        localRotation: true,
        rotation: { periodDays: 90, since: ago(10), nextAt: ago(-80) },
        imported: { isPresent: true, expiresAt: null },
      }),
      [],
    ],
    ['not here', facts({ origin: 'imported', imported: { isPresent: false, expiresAt: null } }), []],
  ],
  'copy-beside-data': [
    [
      'wrapped',
      facts(
        { tags: [{ key: 'data-store', value: 's3://cards' }] },
        { copies: [copy({ place: 's3://cards/k' })] },
      ),
      ['copy-beside-data high'],
    ],
    [
      'in clear',
      facts(
        { tags: [{ key: 'location', value: '/mnt/a' }] },
        { copies: [copy({ place: '/mnt/a/k', detail: { wrap: 'none' } })] },
      ),
      ['exported-in-clear high', 'copy-beside-data critical'],
    ],
    [
      'the backup of all',
      facts({ tags: [{ key: 'data-store', value: 'db1:/x' }] }),
      ['copy-beside-data medium'],
      headOf({ root: 'pkcs11', copies: [copy({ kind: 'backup', keyId: null, place: 'db1:/y' })] }),
    ],
    [
      'elsewhere',
      facts(
        { tags: [{ key: 'data-store', value: 's3://cards' }] },
        { copies: [copy({ place: 's3://keys/k' })] },
      ),
      [],
    ],
    [
      'gone',
      facts(
        { tags: [{ key: 'data-store', value: 's3://cards' }] },
        { copies: [copy({ place: 's3://cards/k', status: 'destroyed' })] },
      ),
      [],
    ],
  ],
  'retired-not-destroyed': [
    ['for two years', facts(gone('deactivated', 730)), ['retired-not-destroyed medium']],
    ['asked for lately', facts(gone('deactivated', 730), { lastUse: lastUse(100) }), []],
    ['for half a year', facts(gone('deactivated', 180)), []],
    [
      'a version that opens nothing',
      facts({
        versions: [
          {
            ...gone('deactivated', 400).versions?.[0],
            cryptoPeriod: period({ recipientSeconds: 300 * 86_400 }),
          } as KeyVersion,
          versionOf({ spec: 'AES_256', usage: 'encrypt', number: 2 }),
        ],
      }),
      ['retired-not-destroyed medium'],
    ],
  ],
  'compromised-not-destroyed': [
    ['for two months', facts(gone('compromised', 60)), ['compromised-not-destroyed high']],
    ['for a week', facts(gone('compromised', 7)), []],
    [
      'scheduled',
      facts({
        ...gone('compromised', 60),
        destruction: { requestedAt: ago(1), dueAt: ago(-6), waitingDays: 7 },
      }),
      [],
    ],
  ],
  'destruction-unproved': [
    [
      'late',
      facts(
        { destruction: { requestedAt: ago(40), dueAt: ago(10), waitingDays: 30 } },
        { destruction: destroying({}) },
      ),
      ['destruction-unproved high'],
    ],
    [
      'not yet due',
      facts(
        { destruction: { requestedAt: ago(4), dueAt: ago(-3), waitingDays: 7 } },
        { destruction: destroying({ dueAt: ago(-3) }) },
      ),
      [],
    ],
    [
      'not looked at',
      facts(gone('destroyed', 10), { destruction: destroying({ step: 'executed', execution }) }),
      ['destruction-unproved high'],
    ],
    [
      'it opens',
      facts(gone('destroyed', 10), {
        destruction: destroying({ step: 'executed', execution, checks: [{ ...check, opens: true }] }),
      }),
      ['destruction-unproved critical'],
    ],
    [
      'verified',
      facts(gone('destroyed', 10), {
        destruction: destroying({ step: 'verified', execution, checks: [check] }),
      }),
      [],
    ],
    ['no record', facts(gone('destroyed', 10)), ['destruction-unproved high']],
    ['called off', facts({}, { destruction: destroying({ step: 'cancelled' }) }), []],
  ],
  'copy-outlives-key': [
    [
      'for long',
      facts(gone('destroyed', 60), { copies: [copy()], destruction: destroying({ step: 'verified' }) }),
      ['copy-outlives-key high'],
    ],
    [
      'for a week',
      facts(gone('destroyed', 7), { copies: [copy()], destruction: destroying({ step: 'verified' }) }),
      [],
    ],
  ],
  'suspended-long': [
    ['for long', facts({ suspendedAt: ago(100) }), ['suspended-long low']],
    ['for a month', facts({ suspendedAt: ago(29) }), []],
  ],
  'several-applications': [
    [
      'two write',
      facts({}, { uses: [used('payments'), used('billing')] }),
      ['several-applications medium'],
      people,
    ],
    ['replicas', facts({}, { uses: [used('web-1'), used('web-2')] }), [], people],
    [
      'persons and administrators',
      facts({}, { uses: [used('payments'), used('ada'), used('admin'), used('nobody')] }),
      [],
      people,
    ],
    ['one reads', facts({}, { uses: [used('payments'), used('billing', { act: 'process' })] }), [], people],
    [
      'a handover',
      facts({}, { uses: [used('payments', { lastAt: ago(20) }), used('billing', { firstAt: ago(20) })] }),
      [],
      people,
    ],
    [
      'long ago',
      facts(aged(300), {
        lastUse: lastUse(1),
        uses: [used('payments'), used('billing', { firstAt: ago(299), lastAt: ago(100) })],
      }),
      [],
      people,
    ],
    [
      'many read',
      facts(
        {},
        {
          uses: [
            used('ada'),
            ...['payments', 'billing', 'web-1', 'crm'].map((name) => used(name, { act: 'process' })),
          ],
        },
      ),
      ['several-applications low'],
      people,
    ],
  ],
  'several-purposes': [
    ['used', facts({ secondUsage: 'sign' }, { lastUse: lastUse(1) }), ['several-purposes low']],
    ['unused', facts({ secondUsage: 'sign' }), []],
  ],
  'several-names': [
    [
      'of two',
      facts({}, { names: ['alias/payments-a', 'alias/Billing/b'] }),
      ['several-names medium'],
      people,
    ],
    ['of one', facts({}, { names: ['payments', 'payments-b', 'alias/other'] }), [], people],
    ['that only begin alike', facts({}, { names: ['paymentsx', 'billing'] }), [], people],
  ],
  'owner-missing': [
    ['none', facts({ owner: ' N/A ' }), ['owner-missing high']],
    ['said by a tag', facts({ owner: '', tags: [{ key: 'Owner', value: 'cards' }] }), []],
    [
      'a tag that says nothing',
      facts({ owner: '', tags: [{ key: 'owner', value: '-' }] }),
      ['owner-missing high'],
    ],
  ],
  'owner-gone': [
    ['disabled', facts({ owner: 'gone' }), ['owner-gone medium'], people],
    ['a team', facts({ owner: 'the cards team' }), [], people],
    ['who made it, and is not there', facts({ owner: 'eva', createdBy: 'eva' }), ['owner-gone low'], people],
    ['who came through a mount', facts({ owner: 'jwt/eva', createdBy: 'jwt/eva' }), [], people],
    ['taken over', facts({ owner: 'gone', tags: [{ key: 'owner', value: 'cards' }] }), [], people],
  ],
  'purpose-unsaid': [
    ['nothing', facts({ description: '' }, { names: [] }), ['purpose-unsaid low']],
    ['a name', facts({ description: '' }), []],
    ['a tag', facts({ description: '', tags: [{ key: 'app', value: 'cards' }] }, { names: [] }), []],
    ['made today', facts({ ...aged(1), description: '' }, { names: [] }), []],
  ],
  unused: [
    ['from the beginning', facts(aged(200)), ['unused low']],
    [
      'for long',
      facts(
        { ...aged(450), versions: [versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(100) })] },
        { lastUse: lastUse(401) },
      ),
      ['unused low'],
    ],
    [
      'once a year',
      facts(
        { ...aged(450), versions: [versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(100) })] },
        { lastUse: lastUse(370) },
      ),
      [],
    ],
    [
      'counted, and nobody knows when',
      facts(aged(200), { counts: [{ version: 1, operations: 5, bytes: 5 }] }),
      [],
    ],
    ['suspended', facts({ ...aged(200), suspendedAt: ago(1) }), []],
  ],
};

describe('the detectors of keys', () => {
  for (const [detector, all] of Object.entries(cases))
    for (const [what, given, found, head] of all)
      it(`${detector}: ${what}`, async () => assert.deepEqual(await of(given, head), found));

  it('say nothing of an ordinary key', async () => assert.deepEqual(await of(facts()), []));
});

describe('the detectors of the house', () => {
  const subjects = async (head: PopulationHead, keys: readonly KeyFacts[] = []) =>
    (await detect(populationOf(head, keys))).map(
      ({ detector, severity, subject }) => `${detector} ${severity} ${subject}`,
    );
  const credential = { kind: 'access-key', id: 'AKIA1', createdAt: ago(100), expiresAt: null } as const;
  const having = (
    about: Partial<PopulationHead['principals'][number]['credentials'][number]>,
    who: Partial<Parameters<typeof principalOf>[0]> = {},
  ) =>
    headOf({
      root: 'pkcs11',
      principals: [
        { principal: principalOf({ name: 'ci', ...who }), credentials: [{ ...credential, ...about }] },
      ],
    });

  it('long-lived-credential: what has no end, and is old', async () => {
    assert.deepEqual(await subjects(having({})), ['long-lived-credential medium credential:AKIA1']);
    assert.deepEqual(await subjects(having({ createdAt: ago(80) })), []);
    assert.deepEqual(await subjects(having({ expiresAt: ago(-200) })), []);
    assert.deepEqual(await subjects(having({ expiresAt: ago(-2000) })), [
      'long-lived-credential medium credential:AKIA1',
    ]);
    assert.deepEqual(await subjects(having({ expiresAt: ago(1) })), []);
    assert.deepEqual(await subjects(having({}, { disabled: true })), []);
  });

  it('long-lived-credential: what the first administrator got may be a year old', async () => {
    const first = (days: number, made = 0) => {
      const { environments, principals } = having(
        { createdAt: ago(days - made) },
        { roles: ['administrator'], createdAt: ago(days) },
      );
      return headOf({
        root: 'pkcs11',
        principals,
        environments: environments.map((each) => ({ ...each, createdAt: ago(days) })),
      });
    };
    assert.deepEqual(await subjects(first(300)), []);
    assert.deepEqual(await subjects(first(400)), ['long-lived-credential low credential:AKIA1']);
    assert.deepEqual(await subjects(first(300, 100)), ['long-lived-credential medium credential:AKIA1']);
  });

  it('escrow-beside-backup: what was not parted in a week', async () => {
    const at = (days: number, place: string) =>
      headOf({
        root: 'pkcs11',
        copies: [
          copy({ id: 'b', kind: 'backup', place: '/mnt/usb/b', createdAt: ago(days) }),
          copy({ id: 'e', kind: 'escrow', place, createdAt: ago(days) }),
        ],
      });
    assert.deepEqual(await subjects(at(8, '/mnt/usb/e')), ['escrow-beside-backup medium copy:e']);
    assert.deepEqual(await subjects(at(6, '/mnt/usb/e')), []);
    assert.deepEqual(await subjects(at(8, '/mnt/safe/e')), []);
  });

  it('root-beside-data: only in production', async () => {
    const under = (name: string, root = 'file') =>
      headOf({ root, environments: quiet.environments.map((each) => ({ ...each, name })) });
    for (const name of ['production', 'eu-prod', 'live'])
      assert.deepEqual(await subjects(under(name)), [`root-beside-data high environment:${name}`]);
    for (const name of ['default', 'staging', 'pre-prod', 'non-production'])
      assert.deepEqual(await subjects(under(name)), []);
    assert.deepEqual(await subjects(under('production', 'shamir')), []);
  });

  it('unclassified and owner-by-default: once for an environment, with how many', async () => {
    const keys = Array.from({ length: 20 }, (_, at) =>
      facts({
        id: `k${at}`,
        ...(at < 2 ? { dataClassification: 'unclassified' } : {}),
        ...(at < 3 ? { owner: 'admin', createdBy: 'admin' } : {}),
      }),
    );
    const found = await detect(populationOf(people, keys));
    assert.deepEqual(
      found.map(({ detector, subject }) => `${detector} ${subject}`),
      ['owner-by-default environment:production', 'unclassified environment:production'],
    );
    assert.match(found[0]?.what ?? '', /^3 of 20 keys .* k0, k1, k2\.$/);
    assert.match(found[1]?.what ?? '', /^2 of 20 keys/);
    // one in twenty may
    const few = [
      ...keys.slice(3),
      facts({ id: 'a' }),
      facts({ id: 'b' }),
      facts({ id: 'c', dataClassification: '' }),
    ];
    assert.deepEqual(await subjects(people, few), []);
  });
});
