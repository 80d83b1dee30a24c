import { judgedAt, dayMillis } from '../population.fixture.ts';
import { ago, attestation, copyOf, destroyedKey, placed, someKey, type Case } from './cases.fixture.ts';

/** Where material is, and in which form. */
export const casesOfCopies: readonly Case[] = [
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
];
