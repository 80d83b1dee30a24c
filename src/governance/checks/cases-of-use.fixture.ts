import { dayMillis, versionOf } from '../population.fixture.ts';
import { ago, copyOf, destroyedKey, someKey, useOf, versionIn, type Case } from './cases.fixture.ts';

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

/** Use, destruction and compromise. */
export const casesOfUse: readonly Case[] = [
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
];
