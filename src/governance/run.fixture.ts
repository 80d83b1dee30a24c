import {
  attestation,
  copyOf,
  destroyedKey,
  person,
  placed,
  someKey,
  useOf,
  versionIn,
} from './checks/cases.fixture.ts';
import type { ComplianceRun } from './framework.ts';
import { frameworks } from './frameworks/index.ts';
import { headOf, populationOf } from './population.fixture.ts';
import { runFrameworks } from './run.ts';

/** Runs of all frameworks over a house that has something of everything: each outcome is in them, and each kind of evidence. */
export async function someRuns(): Promise<readonly ComplianceRun[]> {
  const head = headOf({
    principals: [person('alice'), person('bob', { roles: ['administrator', 'exporter'] })],
    attestations: ['crypto-policy', 'custodian-acknowledgement', 'incident-procedure', 'log-review'].map(
      (subject) => attestation(subject),
    ),
    quorum: [{ environment: 'production', rule: 'destroy', approvals: 2 }],
    root: 'pkcs11',
    log: { node: 'node-1', origin: 'claviger/node-1', size: 400, root: 'ab'.repeat(32) },
  });
  const keys = [
    someKey({ dataClassification: 'cardholder', owner: '' }, { uses: [useOf()] }),
    someKey({ dataClassification: 'cardholder' }),
    someKey({ spec: 'RSA_2048', usage: 'sign', dataClassification: 'cardholder' }, { copies: [copyOf()] }),
    someKey({ versions: [versionIn('compromised', { daysAgo: 9, cause: 'compromise-reported' })] }),
    someKey({ dataClassification: 'ephi' }),
    destroyedKey(),
  ];
  const facts = { spec: 'AES_256', origin: 'generated' };
  const events = Array.from({ length: 30 }, (_, at) =>
    placed(at, 'keys.create', { keyId: `key-${at}`, facts }),
  );
  return runFrameworks(populationOf(head, keys, events), frameworks);
}

/** Text that would do something where it is not taken as text. */
export const hostile =
  '</title><script>alert(1)</script><img src=x onerror=alert(1)> "\'&<!-- ]]> \u0000\u0007\u202e{{x}} \ud800 \u2028 ' +
  'javascript:alert(1)';

/** The run with hostile text wherever text can come from outside. */
export function poisoned(run: ComplianceRun): ComplianceRun {
  return {
    ...run,
    software: hostile,
    log: run.log && { ...run.log, origin: hostile, root: hostile },
    checks: run.checks.map((check) => ({
      ...check,
      reason: hostile,
      exceptions: [{ subject: `key:${hostile}`, why: hostile }],
      exceptionsTotal: 1,
      evidence: [
        { kind: 'event', index: 1, id: hostile },
        { kind: 'attestation', id: hostile },
      ],
    })),
  };
}
