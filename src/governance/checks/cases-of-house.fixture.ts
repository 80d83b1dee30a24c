import { ago, attestation, copyOf, person, placed, someKey, type Case } from './cases.fixture.ts';
import { attestationSubjects, type AttestationSubject } from './attested.ts';
import { checkLibrary } from './index.ts';

const token = { kind: 'token', id: '0123456789ab', createdAt: ago(10), expiresAt: ago(-10) } as const;
const accessKey = { kind: 'access-key', id: 'AKIA', createdAt: ago(10), expiresAt: null } as const;
const log = { node: 'node-1', origin: 'claviger/node-1', size: 400, root: 'ab'.repeat(32) };

const dual = (...rules: readonly string[]) =>
  rules.map((rule) => ({ environment: 'production', rule, approvals: 2 }));

const fips = 'FIPS provider active, module OpenSSL FIPS Provider version 3.1.2';
const certificate = (statement: string) => [attestation('fips-certificate', { statement })];

function casesOfQuorum(check: string, rules: readonly string[]): readonly Case[] {
  return [
    {
      check,
      given: { head: { quorum: dual(...rules) }, keys: [someKey()] },
      outcome: 'pass',
      says: /2 approvals/,
    },
    { check, given: { keys: [someKey()] }, outcome: 'fail', says: /no quorum rule/ },
    {
      check,
      given: { head: { quorum: dual(...rules).map((one) => ({ ...one, approvals: 1 })) }, keys: [someKey()] },
      outcome: 'fail',
      says: /asks for one approval/,
    },
    { check, given: { head: { quorum: dual(...rules) } }, outcome: 'no-data', says: /No environment/ },
  ];
}

/** Every check that asks for nothing but a statement: there, missing, over, and of somebody who states it beforehand. */
const casesOfStatements: readonly Case[] = checkLibrary
  .filter(({ id }) => id.startsWith('stated-'))
  .flatMap(({ id }): readonly Case[] => {
    const subject = id.slice('stated-'.length);
    const of = (about: Parameters<typeof attestation>[1]) => ({
      head: { attestations: [attestation(subject, about)] },
    });
    return [
      { check: id, given: of({}), outcome: 'pass', says: /alice stated/ },
      { check: id, given: {}, outcome: 'manual', says: new RegExp(`Needed: an attestation "${subject}"`) },
      { check: id, given: of({ until: ago(0) }), outcome: 'manual', says: /ended on 2026-06-01/ },
      { check: id, given: of({ at: ago(366) }), outcome: 'manual', says: /Needed/ },
      { check: id, given: of({ at: ago(-1) }), outcome: 'manual', says: /Needed/ },
    ];
  });

/** Names of subjects, so that a test can see that each is asked for. */
export const subjects = Object.keys(attestationSubjects) as AttestationSubject[];

/** Each check of people, rules, the log and the house. */
export const casesOfHouse: readonly Case[] = [
  ...casesOfStatements,
  {
    check: 'key-owner-present',
    given: { head: { principals: [person('payments', { disabled: true })] }, keys: [someKey()] },
    outcome: 'fail',
    says: /payments, was disabled/,
  },
  {
    check: 'key-owner-present',
    given: { head: { principals: [] }, keys: [someKey()] },
    outcome: 'not-applicable',
    says: /names a principal/,
  },
  {
    check: 'custodians-few',
    given: { head: { principals: [person('a')] } },
    outcome: 'pass',
    says: /more than 5/,
  },
  {
    check: 'custodians-few',
    given: { head: { principals: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => person(name)) } },
    outcome: 'fail',
    says: /number 6 in production/,
  },
  { check: 'custodians-few', given: { head: { principals: [] } }, outcome: 'no-data', says: /No enabled/ },
  {
    check: 'duties-separated',
    given: { head: { principals: [person('a')] } },
    outcome: 'pass',
    says: /none holds/,
  },
  {
    check: 'duties-separated',
    given: { head: { principals: [person('a', { roles: ['administrator', 'exporter'] })] } },
    outcome: 'fail',
    says: /administrator and exporter/,
  },
  { check: 'duties-separated', given: { head: { principals: [] } }, outcome: 'no-data', says: /no enabled/ },
  {
    check: 'credentials-renewed',
    given: { head: { principals: [person('a', {}, [accessKey])] } },
    outcome: 'pass',
    says: /365 days/,
  },
  {
    check: 'credentials-renewed',
    given: { head: { principals: [person('a', {}, [{ ...accessKey, createdAt: ago(366) }])] } },
    outcome: 'fail',
    says: /was made on/,
  },
  {
    check: 'credentials-renewed',
    given: { head: { principals: [] } },
    outcome: 'no-data',
    says: /credential/,
  },
  {
    check: 'tokens-expire',
    given: { head: { principals: [person('a', {}, [token])] } },
    outcome: 'pass',
    says: /has an end/,
  },
  {
    check: 'tokens-expire',
    given: { head: { principals: [person('a', {}, [{ ...token, expiresAt: null }])] } },
    outcome: 'fail',
    says: /never ends/,
  },
  {
    check: 'tokens-expire',
    given: { head: { principals: [person('a', {}, [accessKey])] } },
    outcome: 'not-applicable',
    says: /token/,
  },
  { check: 'leavers-locked-out', given: {}, outcome: 'not-applicable', says: /disabled/ },
  {
    check: 'leavers-locked-out',
    given: { head: { principals: [person('a', { disabled: true })] } },
    outcome: 'pass',
    says: /none has/,
  },
  {
    check: 'leavers-locked-out',
    given: { head: { principals: [person('a', { disabled: true }, [token])] } },
    outcome: 'fail',
    says: /1 credentials/,
  },
  {
    check: 'custodians-acknowledged',
    given: {
      head: {
        principals: [person('alice')],
        attestations: [attestation('custodian-acknowledgement')],
      },
    },
    outcome: 'pass',
    says: /each acknowledged/,
  },
  {
    check: 'custodians-acknowledged',
    given: {
      head: {
        principals: [person('alice'), person('bob')],
        attestations: [attestation('custodian-acknowledgement')],
      },
    },
    outcome: 'manual',
    says: /1 of 2 persons/,
  },
  {
    check: 'custodians-acknowledged',
    given: { head: { principals: [person('robot', { kind: 'service' })] } },
    outcome: 'no-data',
    says: /as a person/,
  },
  ...casesOfQuorum('quorum-substitution', ['import-replace', 'policy']),
  ...casesOfQuorum('quorum-export', ['export']),
  ...casesOfQuorum('quorum-destruction', ['destroy']),
  { check: 'cleartext-ceremonies', given: {}, outcome: 'not-applicable', says: /no operation/ },
  { check: 'cleartext-ceremonies', given: { head: { log: null } }, outcome: 'no-data', says: /no log/ },
  {
    check: 'cleartext-ceremonies',
    given: { events: [placed(1, 'keys.export-in-clear')] },
    outcome: 'fail',
    says: /admin did keys\.export-in-clear alone/,
  },
  {
    check: 'cleartext-ceremonies',
    given: { head: { quorum: dual('export') }, events: [placed(1, 'keys.export-in-clear')] },
    outcome: 'manual',
    says: /"key-ceremony"/,
  },
  {
    check: 'cleartext-ceremonies',
    given: {
      head: { quorum: dual('export'), attestations: [attestation('key-ceremony')] },
      events: [placed(1, 'keys.export-in-clear')],
    },
    outcome: 'pass',
    says: /two persons/,
  },
  {
    check: 'generation-recorded',
    given: {
      events: [placed(1, 'keys.create', { keyId: 'k', facts: { spec: 'AES_256', origin: 'generated' } })],
    },
    outcome: 'pass',
    says: /each names/,
  },
  {
    check: 'generation-recorded',
    given: {
      events: [placed(1, 'keys.create', { keyId: 'k', facts: { spec: 'DES', origin: 'generated' } })],
    },
    outcome: 'fail',
    says: /no known algorithm/,
  },
  {
    check: 'generation-recorded',
    given: { events: [placed(1, 'keys.rotate')] },
    outcome: 'fail',
    says: /names no key/,
  },
  {
    check: 'generation-recorded',
    given: { events: [placed(1, 'keys.tag')] },
    outcome: 'no-data',
    says: /no making/,
  },
  {
    check: 'log-continuous',
    given: { head: { log }, events: [placed(1, 'a'), placed(2, 'b')] },
    outcome: 'pass',
    says: /in order/,
  },
  {
    check: 'log-continuous',
    given: { head: { log }, events: [placed(2, 'a'), placed(2, 'b')] },
    outcome: 'fail',
    says: /follows event 2/,
  },
  {
    check: 'log-continuous',
    given: { head: { log }, events: [placed(400, 'a')] },
    outcome: 'fail',
    says: /400 events only/,
  },
  {
    check: 'log-continuous',
    given: { head: { log }, events: [placed(1, 'a'), placed(2, 'b', { at: ago(350) })] },
    outcome: 'fail',
    says: /of an earlier event/,
  },
  { check: 'log-continuous', given: { head: { log } }, outcome: 'no-data', says: /no event/ },
  ...(['log-kept-1-year', 'log-kept-6-years'] as const).flatMap((check): readonly Case[] => [
    { check, given: { events: [placed(1, 'a', { at: ago(400) })] }, outcome: 'pass', says: /reach back/ },
    {
      check,
      given: { events: [placed(1, 'a', { at: ago(360) })] },
      outcome: 'fail',
      says: /It is the first/,
    },
    {
      check,
      given: { head: { environments: [] }, events: [placed(1, 'a', { at: ago(2300) })] },
      outcome: 'pass',
      says: /reach back/,
    },
    {
      check,
      given: { head: { environments: [] }, events: [placed(1, 'a', { at: ago(9) })] },
      outcome: 'fail',
      says: /It is the first/,
    },
    { check, given: {}, outcome: 'no-data', says: /no event/ },
  ]),
  { check: 'log-present', given: { head: { log } }, outcome: 'pass', says: /400 in number/ },
  { check: 'log-present', given: { head: { log: { ...log, root: '' } } }, outcome: 'fail', says: /root/ },
  { check: 'log-present', given: { head: { log: null } }, outcome: 'no-data', says: /no log/ },
  { check: 'fips-module', given: {}, outcome: 'fail', says: /not run in FIPS mode/ },
  { check: 'fips-module', given: { head: { fips } }, outcome: 'manual', says: /"fips-certificate"/ },
  {
    check: 'fips-module',
    given: { head: { fips, attestations: certificate('It is validated, 140-3.') } },
    outcome: 'manual',
    says: /Needed/,
  },
  {
    check: 'fips-module',
    given: { head: { fips, attestations: certificate('Certificate #4985, FIPS 140-3, active') } },
    outcome: 'pass',
    says: /certificate 4985/,
  },
  {
    check: 'fips-module',
    given: {
      head: {
        fips,
        at: Date.UTC(2026, 8, 21),
        attestations: [
          attestation('fips-certificate', {
            statement: 'certificate 4282, FIPS 140-2',
            until: Date.UTC(2027, 0),
          }),
        ],
      },
    },
    outcome: 'fail',
    says: /historical/,
  },
  ...[
    'There is no 140-3 certificate.',
    'See the one of 2024 for 140-3.',
    'no. 140-3',
    'number 3 of 140-3',
  ].map(
    (statement): Case => ({
      check: 'fips-module',
      given: { head: { fips, attestations: certificate(statement) } },
      outcome: 'manual',
      says: /Needed/,
    }),
  ),
  {
    check: 'fips-module',
    given: { head: { fips, attestations: certificate('Certificate #4985 (FIPS 140-3) is historical') } },
    outcome: 'fail',
    says: /is not active/,
  },
  { check: 'root-apart', given: { head: { root: 'pkcs11' } }, outcome: 'pass', says: /pkcs11/ },
  { check: 'root-apart', given: { head: { root: 'file' } }, outcome: 'fail', says: /file/ },
  {
    check: 'root-apart',
    given: { head: { root: 'passphrase' } },
    outcome: 'manual',
    says: /"root-custody"/,
  },
  {
    check: 'root-apart',
    given: { head: { root: 'passphrase', attestations: [attestation('root-custody')] } },
    outcome: 'pass',
    says: /alice stated/,
  },
  ...(['backup', 'escrow'] as const).flatMap((kind): readonly Case[] => {
    const check = `${kind}-recent`;
    const kept = (about: Parameters<typeof copyOf>[0]) => ({
      head: { copies: [copyOf({ kind, detail: {}, ...about })] },
      keys: [someKey()],
    });
    return [
      { check, given: kept({}), outcome: 'pass', says: /of 2026-05-27/ },
      { check, given: kept({ createdAt: ago(36) }), outcome: 'fail', says: /older than 35 days/ },
      { check, given: kept({ status: 'replaced' }), outcome: 'fail', says: new RegExp(`no ${kind}`) },
      {
        check,
        given: kept({ detail: { readUntil: null } }),
        outcome: 'fail',
        says: new RegExp(`no ${kind}`),
      },
      { check, given: { keys: [] }, outcome: 'no-data', says: /held by the stores/ },
    ];
  }),
];
