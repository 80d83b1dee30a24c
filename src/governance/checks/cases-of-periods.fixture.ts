import { usualPolicy } from '#domain';
import { headOf, versionOf } from '../population.fixture.ts';
import { ago, someKey, useOf, type Case } from './cases.fixture.ts';

const [environment] = headOf().environments;
if (!environment) throw new Error('no environment');
const underPolicy = (policy: Partial<typeof usualPolicy>) => ({
  environments: [{ ...environment, periodPolicy: { ...usualPolicy, ...policy } }],
});

const rotated = (days: number) => {
  const first = versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(365 + days + 10) });
  return [first, versionOf({ spec: 'AES_256', usage: 'encrypt', number: 2, activatedAt: ago(10) })];
};

const rsa = someKey({ spec: 'RSA_2048', usage: 'encrypt' });

/** Crypto-periods and rotation. */
export const casesOfPeriods: readonly Case[] = [
  { check: 'period-defined', given: { keys: [someKey()] }, outcome: 'pass', says: /within the policy/ },
  {
    check: 'period-defined',
    given: { head: underPolicy({ classes: { data: { originatorSeconds: 60 } } }), keys: [someKey()] },
    outcome: 'fail',
    says: /originator-usage period is 31536000 s; the policy allows 60 s/,
  },
  {
    check: 'period-defined',
    given: { head: underPolicy({ classes: { data: { operationsMax: 60 } } }), keys: [someKey()] },
    outcome: 'fail',
    says: /number of operations is not bounded/,
  },
  { check: 'period-defined', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'period-not-over', given: { keys: [someKey()] }, outcome: 'pass', says: /none has an active/ },
  {
    check: 'period-not-over',
    given: { keys: [someKey({ createdAt: ago(366) })] },
    outcome: 'fail',
    says: /its period ended on 2026-05-31/,
  },
  { check: 'period-not-over', given: {}, outcome: 'no-data', says: /no living key/ },
  {
    check: 'period-honoured',
    given: { keys: [someKey({}, { uses: [useOf()] })] },
    outcome: 'pass',
    says: /none shows/,
  },
  {
    check: 'period-honoured',
    given: { keys: [someKey({ createdAt: ago(400) }, { uses: [useOf()] })] },
    outcome: 'fail',
    says: /payments used version 1 to protect/,
  },
  {
    check: 'period-honoured',
    given: { keys: [someKey({ createdAt: ago(400) }, { uses: [useOf({ act: 'process' })] })] },
    outcome: 'pass',
    says: /none shows/,
  },
  {
    check: 'period-honoured',
    given: { keys: [someKey({}, { uses: [useOf({ version: 7 })] })] },
    outcome: 'no-data',
    says: /not known/,
  },
  { check: 'period-honoured', given: { keys: [someKey()] }, outcome: 'no-data', says: /No use/ },
  {
    check: 'usage-within-limits',
    given: {
      keys: [someKey({ spec: 'AES_128' }, { counts: [{ version: 1, operations: 2 ** 32, bytes: 9 }] })],
    },
    outcome: 'pass',
    says: /within its limits/,
  },
  {
    check: 'usage-within-limits',
    given: {
      keys: [someKey({ spec: 'AES_128' }, { counts: [{ version: 1, operations: 2 ** 32 + 1, bytes: 9 }] })],
    },
    outcome: 'fail',
    says: /protected 4294967297 times/,
  },
  { check: 'usage-within-limits', given: { keys: [someKey()] }, outcome: 'no-data', says: /was counted/ },
  {
    check: 'rotation-on-time',
    given: { keys: [someKey({ versions: rotated(7) })] },
    outcome: 'pass',
    says: /in time/,
  },
  {
    check: 'rotation-on-time',
    given: { keys: [someKey({ versions: rotated(8) })] },
    outcome: 'fail',
    says: /Version 1 ended on/,
  },
  {
    check: 'rotation-on-time',
    given: { keys: [someKey({ createdAt: ago(373) })] },
    outcome: 'fail',
    says: /should have been replaced/,
  },
  {
    check: 'rotation-on-time',
    given: { keys: [someKey({ rotation: { periodDays: 30, since: ago(60), nextAt: ago(8) } })] },
    outcome: 'fail',
    says: /rotation was due/,
  },
  { check: 'rotation-on-time', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'rotation-planned', given: { keys: [someKey()] }, outcome: 'pass', says: /rotates it/ },
  {
    check: 'rotation-planned',
    given: { head: underPolicy({ rotates: false }), keys: [someKey()] },
    outcome: 'fail',
    says: /no schedule/,
  },
  {
    check: 'rotation-planned',
    given: { keys: [rsa] },
    outcome: 'not-applicable',
    says: /without its clients/,
  },
  {
    check: 'period-defined',
    given: {
      head: underPolicy({ classes: { data: { originatorSeconds: 60 } } }),
      keys: [
        someKey({
          periodExtensions: [{ id: 'x', version: 1, act: 'protect', until: ago(-1), otherwise: 60 }],
        }),
      ],
    },
    outcome: 'pass',
    says: /within the policy/,
  },
  {
    check: 'period-defined',
    given: {
      head: underPolicy({ classes: { data: { originatorSeconds: 60 } } }),
      keys: [
        someKey({
          periodExtensions: [{ id: 'x', version: 1, act: 'protect', until: ago(0), otherwise: 60 }],
        }),
      ],
    },
    outcome: 'fail',
    says: /the policy allows 60 s/,
  },
  {
    check: 'period-defined',
    given: { keys: [someKey({ usage: 'wrap' })] },
    outcome: 'pass',
    says: /within the policy/,
  },
  ...(
    [
      ['x', 'migration is late', 'pass', /has a rationale/],
      ['x', ' ', 'fail', /has no rationale/],
      ['y', 'of another', 'fail', /has no rationale/],
    ] as const
  ).map(
    ([id, rationale, outcome, says]): Case => ({
      check: 'period-exceptions',
      given: {
        head: {
          periodExceptions: [
            { id, environment: 'production', keyId: 'k', owner: 'alice', rationale, until: ago(-1) },
          ],
        },
        keys: [
          someKey({
            periodExtensions: [{ id: 'x', version: 1, act: 'protect', until: ago(-1), otherwise: 60 }],
          }),
        ],
      },
      outcome,
      says,
    }),
  ),
  {
    check: 'period-exceptions',
    given: {
      keys: [
        someKey({
          periodExtensions: [
            { id: 'x', version: 1, act: 'protect', until: ago(-1), otherwise: 60 },
            { id: 'y', version: 1, act: 'process', until: ago(-1), otherwise: null },
          ],
        }),
      ],
    },
    outcome: 'no-data',
    says: /rationale of exception y is not known/,
  },
  { check: 'period-exceptions', given: { keys: [someKey()] }, outcome: 'not-applicable', says: /No key has/ },
];
