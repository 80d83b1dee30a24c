import { ago, destroyedKey, someKey, versionIn, type Case } from './cases.fixture.ts';

const certificate = {
  id: 'ab'.repeat(32),
  purpose: 'listener',
  environment: null,
  subject: 'CN=listener',
  notAfter: ago(-9),
  owner: 'ops',
};

const device = { type: 'HSM', name: 'hsm-1', model: 'SoftHSM 2.6', place: 'rack 4' } as const;

/** What the inventory says. */
export const casesOfInventory: readonly Case[] = [
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
