import { usualPolicy } from '#domain';
import { headOf, judgedAt, dayMillis, versionOf } from '../population.fixture.ts';
import {
  ago,
  attestation,
  copyOf,
  destroyedKey,
  placed,
  someKey,
  useOf,
  versionIn,
  type Case,
} from './cases.fixture.ts';

const [environment] = headOf().environments;
if (!environment) throw new Error('no environment');
const underPolicy = (policy: Partial<typeof usualPolicy>) => ({
  environments: [{ ...environment, periodPolicy: { ...usualPolicy, ...policy } }],
});

const destruction = {
  id: 'destruction-1',
  keyId: 'key',
  environment: 'production',
  requestedBy: 'alice',
  reason: null,
  requestedAt: ago(10),
  dueAt: ago(2),
  waitingDays: 7,
  step: 'verified',
  execution: {
    at: ago(1),
    node: 'node-1',
    eventId: 'event-9',
    method: 'cryptographic-erase',
    nodes: ['node-1'],
    names: [],
  },
  probes: [],
  checks: [{ node: 'node-1', at: ago(1), method: 'known-ciphertext', version: 1, opens: false }],
  revision: 1,
} as const;

const opensStill = { ...destruction, checks: [{ ...destruction.checks[0], opens: true }] } as const;

const ofYears = (years: number) =>
  versionOf({ spec: 'RSA_2048', usage: 'sign', activatedAt: ago(years * 365) });

const rotated = (days: number) => {
  const first = versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(365 + days + 10) });
  return [first, versionOf({ spec: 'AES_256', usage: 'encrypt', number: 2, activatedAt: ago(10) })];
};

const rsa = someKey({ spec: 'RSA_2048', usage: 'encrypt' });

const certificate = {
  id: 'ab'.repeat(32),
  purpose: 'listener',
  environment: null,
  subject: 'CN=listener',
  notAfter: ago(-9),
  owner: 'ops',
};

const device = { type: 'HSM', name: 'hsm-1', model: 'SoftHSM 2.6', place: 'rack 4' } as const;

/** Each check that looks at keys and other things of the inventory one by one. */
export const casesOfKeys: readonly Case[] = [
  // inventory
  { check: 'key-owner', given: { keys: [someKey()] }, outcome: 'pass', says: /1 in number/ },
  {
    check: 'key-owner',
    given: { keys: [someKey(), someKey({ owner: ' ' })] },
    outcome: 'fail',
    says: /^1 of 2/,
  },
  {
    check: 'key-owner',
    given: { keys: [someKey({ environment: 'moon' })] },
    outcome: 'fail',
    says: /moon, is not known/,
  },
  { check: 'key-owner', given: { keys: [destroyedKey()] }, outcome: 'no-data', says: /no living key/ },
  { check: 'key-purpose', given: { keys: [someKey()] }, outcome: 'pass', says: /what it is for/ },
  {
    check: 'key-purpose',
    given: { keys: [someKey({ description: '', tags: [{ key: 'Purpose', value: 'cards' }] })] },
    outcome: 'pass',
    says: /what it is for/,
  },
  {
    check: 'key-purpose',
    given: { keys: [someKey({ description: '' })] },
    outcome: 'fail',
    says: /Nobody said/,
  },
  { check: 'key-purpose', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'key-classified', given: { keys: [someKey()] }, outcome: 'pass', says: /class/ },
  {
    check: 'key-classified',
    given: { keys: [someKey({ dataClassification: 'unclassified' })] },
    outcome: 'fail',
    says: /not classified/,
  },
  { check: 'key-classified', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'key-owner-present', given: { keys: [someKey()] }, outcome: 'pass', says: /still there/ },
  { check: 'key-in-use', given: { keys: [someKey()] }, outcome: 'not-applicable', says: /year old/ },
  {
    check: 'key-in-use',
    given: { keys: [someKey({ createdAt: ago(400) })] },
    outcome: 'fail',
    says: /no use is known/,
  },
  {
    check: 'key-in-use',
    given: {
      keys: [
        someKey(
          { createdAt: ago(400) },
          { lastUse: { operation: 'keys.encrypt', at: ago(3), requestId: 'r', principal: 'p' } },
        ),
      ],
    },
    outcome: 'pass',
    says: /within the year/,
  },
  {
    check: 'suspension-reviewed',
    given: { keys: [someKey()] },
    outcome: 'not-applicable',
    says: /No key is suspended/,
  },
  {
    check: 'suspension-reviewed',
    given: { keys: [someKey({ suspendedAt: ago(90) })] },
    outcome: 'pass',
    says: /90 days/,
  },
  {
    check: 'suspension-reviewed',
    given: { keys: [someKey({ suspendedAt: ago(91) })] },
    outcome: 'fail',
    says: /suspended since/,
  },
  {
    check: 'activation-finished',
    given: { keys: [someKey()] },
    outcome: 'not-applicable',
    says: /before its activation/,
  },
  {
    check: 'activation-finished',
    given: { keys: [someKey({ versions: [versionIn('pre-activation', { age: 5, daysAgo: 5 })] })] },
    outcome: 'pass',
    says: /none waits/,
  },
  {
    check: 'activation-finished',
    given: { keys: [someKey({ versions: [versionIn('pre-activation', { age: 31, daysAgo: 31 })] })] },
    outcome: 'fail',
    says: /Version 1 waits since/,
  },
  // strength
  { check: 'algorithm-approved', given: { keys: [someKey()] }, outcome: 'pass', says: /approved/ },
  {
    check: 'algorithm-approved',
    given: { keys: [someKey({ spec: 'CHACHA20' })] },
    outcome: 'fail',
    says: /CHACHA20 is not/,
  },
  { check: 'algorithm-approved', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'strength-minimum', given: { keys: [rsa] }, outcome: 'pass', says: /demands/ },
  {
    check: 'strength-minimum',
    given: { head: underPolicy({ profile: 'cnsa-2.0' }), keys: [rsa] },
    outcome: 'fail',
    says: /112 bits; cnsa-2\.0 demands 192/,
  },
  {
    check: 'strength-minimum',
    given: { head: underPolicy({ profile: 'cnsa-2.0' }), keys: [someKey({ spec: 'AES_192' })] },
    outcome: 'fail',
    says: /does not name AES_192/,
  },
  { check: 'strength-minimum', given: {}, outcome: 'no-data', says: /no living key/ },
  {
    check: 'strength-2030',
    given: { keys: [someKey({ spec: 'RSA_2048', usage: 'sign', versions: [ofYears(0)] })] },
    outcome: 'pass',
    says: /before 2031/,
  },
  {
    check: 'strength-2030',
    given: {
      keys: [
        someKey({
          spec: 'RSA_2048',
          usage: 'sign',
          versions: [
            {
              ...ofYears(0),
              cryptoPeriod: { ...ofYears(0).cryptoPeriod, originatorSeconds: 5 * 31_536_000 },
            },
          ],
        }),
      ],
    },
    outcome: 'fail',
    says: /until 2031-05-31/,
  },
  { check: 'strength-2030', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'quantum-readiness', given: { keys: [someKey()] }, outcome: 'pass', says: /none is of a kind/ },
  { check: 'quantum-readiness', given: { keys: [rsa] }, outcome: 'manual', says: /"quantum-migration"/ },
  {
    check: 'quantum-readiness',
    given: { head: { attestations: [attestation('quantum-migration')] }, keys: [rsa] },
    outcome: 'pass',
    says: /1 are of a kind/,
  },
  {
    check: 'quantum-readiness',
    given: {
      keys: [someKey({ spec: 'EC_P256', usage: 'sign', versions: [{ ...ofYears(0), activatedAt: null }] })],
    },
    outcome: 'fail',
    says: /for ever/,
  },
  { check: 'quantum-readiness', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'wrapping-strength', given: { keys: [someKey()] }, outcome: 'pass', says: /of 0 wrappings/ },
  {
    check: 'wrapping-strength',
    given: { keys: [someKey({}, { wrappedBy: ['gone'] })] },
    outcome: 'no-data',
    says: /How strong gone is/,
  },
  {
    check: 'wrapping-strength',
    given: {
      keys: [someKey({}, { wrappedBy: ['weak'] }), someKey({ id: 'weak', spec: 'AES_128', usage: 'wrap' })],
    },
    outcome: 'fail',
    says: /256 bits and was wrapped under weak, which has 128/,
  },
  {
    check: 'wrapping-strength',
    given: {
      keys: [
        someKey({ id: 'strong', spec: 'AES_256', usage: 'wrap' }),
        someKey({}, { wrappedBy: ['strong'] }),
      ],
    },
    outcome: 'pass',
    says: /of 1 wrappings/,
  },
  { check: 'wrapping-strength', given: {}, outcome: 'no-data', says: /no living key/ },
  // periods
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
  // use
  {
    check: 'state-honoured',
    given: { keys: [someKey({}, { uses: [useOf()] })] },
    outcome: 'pass',
    says: /none shows/,
  },
  {
    check: 'state-honoured',
    given: {
      keys: [someKey({ versions: [versionIn('deactivated', { daysAgo: 15 })] }, { uses: [useOf()] })],
    },
    outcome: 'fail',
    says: /when it was deactivated/,
  },
  {
    check: 'state-honoured',
    given: {
      keys: [
        someKey(
          { versions: [versionIn('deactivated', { daysAgo: 15 })] },
          { uses: [useOf({ act: 'process' })] },
        ),
      ],
    },
    outcome: 'pass',
    says: /none shows/,
  },
  { check: 'state-honoured', given: { keys: [someKey()] }, outcome: 'no-data', says: /No use/ },
  {
    check: 'key-users-few',
    given: { keys: [someKey({}, { uses: [useOf()] })] },
    outcome: 'pass',
    says: /10 users/,
  },
  {
    check: 'key-users-few',
    given: {
      keys: [someKey({}, { uses: Array.from({ length: 11 }, (_, at) => useOf({ principal: `p${at}` })) })],
    },
    outcome: 'fail',
    says: /11 principals use it/,
  },
  { check: 'key-users-few', given: { keys: [someKey()] }, outcome: 'no-data', says: /No use/ },
  { check: 'key-policy-closed', given: { keys: [someKey()] }, outcome: 'pass', says: /no policy/ },
  {
    check: 'key-policy-closed',
    given: {
      keys: [
        someKey({ policy: '{"Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"kms:*"}]}' }),
      ],
    },
    outcome: 'fail',
    says: /to everybody/,
  },
  {
    check: 'key-policy-closed',
    given: {
      keys: [someKey({ policy: '{"Statement":{"Effect":"Deny","Principal":"*","Action":"kms:*"}}' })],
    },
    outcome: 'pass',
    says: /no policy/,
  },
  { check: 'key-policy-closed', given: {}, outcome: 'no-data', says: /no living key/ },
  // endings
  {
    check: 'destruction-certified',
    given: { keys: [someKey()] },
    outcome: 'not-applicable',
    says: /No key was destroyed/,
  },
  {
    check: 'destruction-certified',
    given: { keys: [destroyedKey()] },
    outcome: 'fail',
    says: /no record of how/,
  },
  {
    check: 'destruction-certified',
    given: { keys: [destroyedKey({ destruction })] },
    outcome: 'pass',
    says: /was verified/,
  },
  {
    check: 'destruction-certified',
    given: { keys: [destroyedKey({ destruction: { ...destruction, step: 'executed' } })] },
    outcome: 'fail',
    says: /executed, not verified/,
  },
  {
    check: 'destruction-certified',
    given: { keys: [destroyedKey({ destruction: opensStill })] },
    outcome: 'fail',
    says: /could open version 1/,
  },
  { check: 'destruction-complete', given: { keys: [someKey()] }, outcome: 'not-applicable', says: /No key/ },
  {
    check: 'destruction-complete',
    given: { keys: [destroyedKey({ destruction })] },
    outcome: 'pass',
    says: /no registered copy/,
  },
  {
    check: 'destruction-complete',
    given: {
      head: { copies: [copyOf({ kind: 'escrow', detail: { readUntil: ago(4) } })] },
      keys: [destroyedKey({ destruction })],
    },
    outcome: 'fail',
    says: /1 registered copy can/,
  },
  {
    check: 'destruction-complete',
    given: {
      head: { copies: [copyOf({ kind: 'escrow', createdAt: ago(0), detail: { readUntil: ago(0) } })] },
      keys: [destroyedKey({ destruction })],
    },
    outcome: 'pass',
    says: /no registered copy/,
  },
  { check: 'ended-destroyed', given: { keys: [someKey()] }, outcome: 'not-applicable', says: /No version/ },
  ...(
    [
      [130, 'pass', /or is to be/],
      [500, 'fail', /its period ended/],
    ] as const
  ).map(([age, outcome, says]): Case => {
    const version = versionIn('deactivated', { age, daysAgo: 100 });
    const cryptoPeriod = { ...version.cryptoPeriod, recipientSeconds: (100 * dayMillis) / 1000 };
    return {
      check: 'ended-destroyed',
      given: { keys: [someKey({ versions: [{ ...version, cryptoPeriod }] })] },
      outcome,
      says,
    };
  }),
  {
    check: 'compromise-handled',
    given: { keys: [someKey()] },
    outcome: 'not-applicable',
    says: /No version/,
  },
  {
    check: 'compromise-handled',
    given: {
      keys: [someKey({ versions: [versionIn('compromised', { daysAgo: 4, cause: 'compromise-reported' })] })],
    },
    outcome: 'fail',
    says: /is not replaced/,
  },
  {
    check: 'compromise-handled',
    given: {
      keys: [
        someKey({
          versions: [
            versionIn('compromised', { daysAgo: 4, cause: 'compromise-reported' }),
            versionOf({ spec: 'AES_256', usage: 'encrypt', number: 2, activatedAt: ago(3) }),
          ],
        }),
      ],
    },
    outcome: 'pass',
    says: /within 3 days/,
  },
  // copies
  { check: 'storage-protected', given: { keys: [someKey()] }, outcome: 'pass', says: /in a device/ },
  {
    check: 'storage-protected',
    given: { keys: [someKey({ tier: 'development' })] },
    outcome: 'fail',
    says: /tier development/,
  },
  { check: 'storage-protected', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'never-plain', given: { keys: [someKey()] }, outcome: 'pass', says: /none may/ },
  {
    check: 'never-plain',
    given: { keys: [someKey({ exportable: true, plaintextBackup: true })] },
    outcome: 'fail',
    says: /plain text/,
  },
  { check: 'never-plain', given: {}, outcome: 'no-data', says: /no living key/ },
  {
    check: 'material-in-one-environment',
    given: { keys: [someKey({}, { sameMaterial: [{ keyId: 'k', environment: 'production' }] })] },
    outcome: 'pass',
    says: /none has/,
  },
  {
    check: 'material-in-one-environment',
    given: { keys: [someKey({}, { sameMaterial: [{ keyId: 'k', environment: 'test' }] })] },
    outcome: 'fail',
    says: /Key k of environment test/,
  },
  { check: 'material-in-one-environment', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'material-once', given: { keys: [someKey()] }, outcome: 'pass', says: /none has/ },
  {
    check: 'material-once',
    given: { keys: [someKey({}, { sameMaterial: [{ keyId: 'k', environment: 'production' }] })] },
    outcome: 'fail',
    says: /Key k has/,
  },
  { check: 'material-once', given: {}, outcome: 'no-data', says: /no living key/ },
  {
    check: 'copies-few',
    given: { keys: [someKey({}, { copies: [copyOf()] })] },
    outcome: 'pass',
    says: /more than 3/,
  },
  {
    check: 'copies-few',
    given: { keys: [someKey({}, { copies: Array.from({ length: 4 }, () => copyOf()) })] },
    outcome: 'fail',
    says: /4 copies/,
  },
  { check: 'copies-few', given: {}, outcome: 'no-data', says: /no living key/ },
  { check: 'copies-wrapped', given: { keys: [someKey()] }, outcome: 'not-applicable', says: /No copy/ },
  {
    check: 'copies-wrapped',
    given: { keys: [someKey({}, { copies: [copyOf()] })] },
    outcome: 'pass',
    says: /left wrapped/,
  },
  {
    check: 'copies-wrapped',
    given: { keys: [someKey({}, { copies: [copyOf({ detail: { wrap: 'none' } })] })] },
    outcome: 'fail',
    says: /left in plain text/,
  },
  {
    check: 'copies-wrapped',
    given: { keys: [someKey({}, { copies: [copyOf({ holder: ' ' })] })] },
    outcome: 'fail',
    says: /no holder/,
  },
  {
    check: 'copies-of-ended-gone',
    given: { keys: [destroyedKey()] },
    outcome: 'not-applicable',
    says: /No destroyed key/,
  },
  {
    check: 'copies-of-ended-gone',
    given: { keys: [destroyedKey({ copies: [copyOf()] })] },
    outcome: 'fail',
    says: /ops holds a copy at a safe/,
  },
  {
    check: 'copies-of-ended-gone',
    given: { keys: [destroyedKey({ copies: [copyOf({ status: 'destroyed' })] })] },
    outcome: 'pass',
    says: /is gone/,
  },
  { check: 'imported-stated', given: { keys: [someKey()] }, outcome: 'not-applicable', says: /from outside/ },
  {
    check: 'imported-stated',
    given: { keys: [someKey({ origin: 'imported' })] },
    outcome: 'manual',
    says: /"imported-key-generation"/,
  },
  {
    check: 'imported-stated',
    given: {
      head: { attestations: [attestation('imported-key-generation')] },
      keys: [someKey({ origin: 'imported' })],
      events: [placed(3, 'keys.import-material')],
    },
    outcome: 'pass',
    says: /stated/,
  },
  { check: 'recovery-proven', given: { keys: [someKey()] }, outcome: 'not-applicable', says: /a year old/ },
  {
    check: 'recovery-proven',
    given: { keys: [someKey({ createdAt: ago(366) })] },
    outcome: 'fail',
    says: /No drill ever/,
  },
  {
    check: 'recovery-proven',
    given: { keys: [someKey({ createdAt: ago(800), provenRecoverableAt: judgedAt - 366 * dayMillis })] },
    outcome: 'fail',
    says: /The last drill/,
  },
  {
    check: 'recovery-proven',
    given: { keys: [someKey({ createdAt: ago(800), provenRecoverableAt: ago(9) })] },
    outcome: 'pass',
    says: /recovered each/,
  },
  {
    check: 'key-users-few',
    given: {
      keys: [
        someKey(
          {},
          { uses: Array.from({ length: 11 }, (_, at) => useOf({ principal: at === 0 ? '*' : 'p' })) },
        ),
      ],
    },
    outcome: 'fail',
    says: /More principals use it/,
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
  {
    check: 'certificates-current',
    given: { head: { certificates: [certificate] } },
    outcome: 'pass',
    says: /1 in number/,
  },
  {
    check: 'certificates-current',
    given: { head: { certificates: [certificate, { ...certificate, notAfter: ago(0) }] } },
    outcome: 'fail',
    says: /CN=listener ended on 2026-06-01/,
  },
  {
    check: 'certificates-current',
    given: { head: { certificates: [{ ...certificate, owner: null }] } },
    outcome: 'fail',
    says: /Nobody answers/,
  },
  { check: 'certificates-current', given: {}, outcome: 'no-data', says: /were gathered/ },
  {
    check: 'devices-listed',
    given: { head: { devices: [device] } },
    outcome: 'pass',
    says: /where it stands/,
  },
  {
    check: 'devices-listed',
    given: { head: { devices: [{ ...device, place: null }] } },
    outcome: 'fail',
    says: /Where the HSM is nobody said/,
  },
  { check: 'devices-listed', given: { head: { devices: [] } }, outcome: 'no-data', says: /There are no/ },
];
