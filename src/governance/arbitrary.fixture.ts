import fc from 'fast-check';
import {
  keySpecNames,
  keyStates,
  keyUsages,
  roles,
  transitionCauses,
  usualPolicy,
  type Destruction,
  type Key,
  type KeyVersion,
} from '#domain';
import type { Copy } from '#ports';
import { dayMillis, headOf, judgedAt, populationOf } from './population.fixture.ts';
import type { KeyFacts, Population, PopulationHead, PrincipalFacts } from './population.ts';

/** From four years before a population is judged to one year after it. */
const instant = fc.integer({ min: -1460, max: 365 }).map((days) => judgedAt + days * dayMillis);
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const environmentName = fc.constantFrom('production', 'staging', 'development', 'elsewhere');
const name = fc.constantFrom(
  'admin',
  'payments',
  'billing',
  'web-1',
  'kubernetes/crm',
  'default',
  '',
  '__proto__',
);
const place = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.webUrl(),
  fc.constantFrom(
    's3://cards/x',
    '/mnt/backup/x',
    'db:/x',
    'arn:aws:s3:::cards',
    's3://',
    'http://[',
    '//',
    'C:\\x',
  ),
);

const versions: fc.Arbitrary<readonly KeyVersion[]> = fc
  .array(
    fc.record({
      state: fc.constantFrom(...keyStates),
      history: fc.array(
        fc.record({
          state: fc.constantFrom(...keyStates),
          at: instant,
          cause: fc.constantFrom(...transitionCauses),
        }),
        { maxLength: 4 },
      ),
      createdAt: instant,
      activatedAt: orNull(instant),
      cryptoPeriod: fc.record({
        originatorSeconds: fc.integer({ min: 60, max: 400_000_000 }),
        recipientSeconds: orNull(fc.integer({ min: 60, max: 400_000_000 })),
        operationsMax: orNull(fc.integer({ min: 1, max: 1000 })),
        bytesMax: orNull(fc.integer({ min: 1, max: 1000 })),
      }),
      materialId: fc.constantFrom('', 'a'.repeat(64)),
      publicKey: fc.constant(null),
      rotation: fc.constantFrom('first', 'automatic', 'on-demand', 'imported'),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.map((version, at) => ({ ...version, number: at + 1 })));

const key: fc.Arbitrary<Key> = fc.record(
  {
    id: fc.uuid(),
    environment: environmentName,
    region: fc.constant('default'),
    spec: fc.constantFrom(...keySpecNames),
    usage: fc.constantFrom(...keyUsages),
    owner: name,
    description: fc.constantFrom('', 'card numbers', 'unknown'),
    tags: fc.array(
      fc.record({ key: fc.constantFrom('owner', 'data-store', 'Location', 'team', ''), value: place }),
      { maxLength: 3 },
    ),
    dataClassification: fc.constantFrom('', 'unclassified', 'secret'),
    origin: fc.constantFrom('generated', 'imported', 'external', 'hsm'),
    imported: fc.record({ isPresent: fc.boolean(), expiresAt: orNull(instant) }),
    tier: fc.constantFrom('hsm', 'served', 'delivered', 'development'),
    secondUsage: fc.constantFrom(...keyUsages),
    plaintextBackup: fc.constant(true as const),
    policy: fc.constant('{}'),
    rotation: orNull(fc.record({ periodDays: fc.constant(90), since: instant, nextAt: instant })),
    suspendedAt: orNull(instant),
    destruction: orNull(fc.record({ requestedAt: instant, dueAt: instant, waitingDays: fc.constant(30) })),
    createdAt: instant,
    createdBy: name,
    versions,
    revision: fc.constant(1),
  },
  {
    requiredKeys: [
      'id',
      'environment',
      'region',
      'spec',
      'usage',
      'owner',
      'description',
      'tags',
      'dataClassification',
      'origin',
      'tier',
      'policy',
      'rotation',
      'suspendedAt',
      'destruction',
      'createdAt',
      'createdBy',
      'versions',
      'revision',
    ],
  },
);

const copy: fc.Arbitrary<Copy> = fc.record({
  id: fc.uuid(),
  kind: fc.constantFrom('export', 'backup', 'escrow'),
  keyId: fc.constant(null),
  createdAt: instant,
  place,
  holder: fc.string({ maxLength: 20 }),
  status: fc.constantFrom('live', 'replaced', 'destroyed'),
  detail: fc.constantFrom<Copy['detail'][]>({}, { wrap: 'none' }, { wrap: 'AES_KWP' }),
});

const destruction: fc.Arbitrary<Destruction> = fc.record({
  id: fc.uuid(),
  keyId: fc.uuid(),
  environment: environmentName,
  requestedBy: name,
  reason: fc.constant(null),
  requestedAt: instant,
  dueAt: instant,
  waitingDays: fc.constant(30),
  step: fc.constantFrom('scheduled', 'cancelled', 'begun', 'executed', 'verified'),
  execution: orNull(
    fc.record({
      at: instant,
      node: fc.constant('node-1'),
      eventId: fc.uuid(),
      method: fc.constant('cryptographic-erase'),
      nodes: fc.constant(['node-1']),
      names: fc.constant([]),
    }),
  ),
  probes: fc.constant([]),
  checks: fc.array(
    fc.record({
      node: fc.constant('node-1'),
      at: instant,
      method: fc.constant('known-ciphertext'),
      version: fc.constant(1),
      opens: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
  revision: fc.constant(1),
});

export const arbitraryFacts: fc.Arbitrary<KeyFacts> = fc.record({
  key,
  names: fc.array(fc.constantFrom('alias/payments-1', 'alias/billing', 'x', ''), { maxLength: 3 }),
  lastUse: orNull(
    fc.record({ operation: fc.constant('keys.encrypt'), at: instant, requestId: fc.uuid(), principal: name }),
  ),
  uses: fc.array(
    fc.record({
      version: fc.integer({ min: 1, max: 4 }),
      principal: name,
      act: fc.constantFrom('protect', 'process'),
      count: fc.nat(),
      firstAt: instant,
      lastAt: instant,
    }),
    { maxLength: 4 },
  ),
  counts: fc.array(
    fc.record({ version: fc.integer({ min: 1, max: 4 }), operations: fc.nat(2000), bytes: fc.nat(2000) }),
    { maxLength: 3 },
  ),
  copies: fc.array(copy, { maxLength: 3 }),
  destruction: orNull(destruction),
  sameMaterial: fc.array(fc.record({ keyId: fc.uuid(), environment: environmentName }), { maxLength: 2 }),
  wrappedBy: fc.constant([]),
});

const principal: fc.Arbitrary<PrincipalFacts> = fc.record({
  principal: fc.record({
    id: fc.uuid(),
    environment: environmentName,
    name,
    kind: fc.constantFrom('user', 'service', 'workload'),
    roles: fc.subarray([...roles]),
    createdAt: instant,
    disabled: fc.boolean(),
  }),
  credentials: fc.array(
    fc.record({
      kind: fc.constantFrom('access-key', 'token'),
      id: fc.constantFrom('AKIA1', 'AKIA2', '0123456789ab'),
      createdAt: instant,
      expiresAt: orNull(instant),
    }),
    { maxLength: 2 },
  ),
});

const head: fc.Arbitrary<PopulationHead> = fc
  .record({
    environments: fc.subarray(['production', 'staging', 'development']),
    principals: fc.array(principal, { maxLength: 8 }),
    copies: fc.array(copy, { maxLength: 6 }),
    root: fc.constantFrom('file', 'pkcs11', 'shamir'),
  })
  .map(({ environments, ...rest }) =>
    headOf({
      ...rest,
      environments: environments.map((each, at) => ({
        name: each,
        accountId: '000000000001',
        createdAt: judgedAt - 900 * dayMillis + at,
        periodPolicy: usualPolicy,
        kekGeneration: 1,
      })),
    }),
  );

/** A population in which anything may be wrong, also what no server would let happen. */
export const arbitraryPopulation: fc.Arbitrary<Population> = fc
  .record({ head, keys: fc.array(arbitraryFacts, { maxLength: 12 }) })
  .map(({ head: told, keys }) => populationOf(told, keys));
