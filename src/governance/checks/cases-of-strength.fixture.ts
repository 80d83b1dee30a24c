import { usualPolicy } from '#domain';
import { headOf, versionOf } from '../population.fixture.ts';
import { ago, attestation, placed, someKey, type Case } from './cases.fixture.ts';

const [environment] = headOf().environments;
if (!environment) throw new Error('no environment');
const underPolicy = (policy: Partial<typeof usualPolicy>) => ({
  environments: [{ ...environment, periodPolicy: { ...usualPolicy, ...policy } }],
});

const ofYears = (years: number) =>
  versionOf({ spec: 'RSA_2048', usage: 'sign', activatedAt: ago(years * 365) });

const rsa = someKey({ spec: 'RSA_2048', usage: 'encrypt' });

/** Algorithms, sizes, and what wraps what. */
export const casesOfStrength: readonly Case[] = [
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
  {
    check: 'wrapping-strength',
    given: {
      keys: [
        someKey({ id: 'come', origin: 'imported' }),
        someKey({ id: 'weak', spec: 'AES_128', usage: 'wrap' }),
      ],
      events: [placed(3, 'keys.import-under-key', { keyId: 'come', facts: { wrappingKey: 'weak' } })],
    },
    outcome: 'fail',
    says: /256 bits and was wrapped under weak, which has 128/,
  },
  { check: 'wrapping-strength', given: {}, outcome: 'no-data', says: /no living key/ },
];
