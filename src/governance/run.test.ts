import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exceptionsMax, evidenceMax, type CheckOutcome } from './check.ts';
import { attestation, copyOf, person, placed, someKey, useOf } from './checks/cases.fixture.ts';
import { attestationSubjects } from './checks/index.ts';
import { frameworkOf, frameworks } from './frameworks/index.ts';
import type { ComplianceRun, Framework } from './framework.ts';
import { headOf, keyOf, factsOfKey, populationOf } from './population.fixture.ts';
import type { KeyFacts, PopulationHead } from './population.ts';
import { beginFramework, runText, requirementOutcome, runFramework, runFrameworks } from './run.ts';

const outcomes: readonly CheckOutcome[] = ['pass', 'fail', 'manual', 'not-applicable', 'no-data'];
const anyOutcome = fc.constantFrom(...outcomes);

function present(id: string): Framework {
  const framework = frameworkOf(id);
  assert.ok(framework);
  return framework;
}

function checkIn(run: ComplianceRun, id: string): ComplianceRun['checks'][number] {
  const check = run.checks.find((one) => one.id === id);
  assert.ok(check);
  return check;
}

const anyKey: fc.Arbitrary<KeyFacts> = fc
  .record({
    id: fc.uuid(),
    owner: fc.constantFrom('payments', ''),
    spec: fc.constantFrom('AES_256', 'AES_128', 'CHACHA20'),
    dataClassification: fc.constantFrom('cardholder', 'ephi', 'internal', 'unclassified'),
    tier: fc.constantFrom('hsm', 'served', 'development'),
    origin: fc.constantFrom('generated', 'imported'),
    createdAt: fc.integer({ min: 1, max: 900 }).map((days) => headOf().at - days * 86_400_000),
    used: fc.boolean(),
    copied: fc.boolean(),
    wrappedBy: fc.array(fc.uuid(), { maxLength: 2 }),
  } as const)
  .map(({ used, copied, wrappedBy, ...key }) =>
    factsOfKey(keyOf(key), {
      uses: used ? [useOf()] : [],
      copies: copied ? [copyOf()] : [],
      wrappedBy,
    }),
  );

const anyHead: fc.Arbitrary<Partial<PopulationHead>> = fc.record({
  root: fc.constantFrom('file', 'passphrase', 'pkcs11'),
  fips: fc.constantFrom(null, 'FIPS provider active'),
  attestations: fc
    .subarray(Object.keys(attestationSubjects))
    .map((all) => all.map((subject) => attestation(subject))),
  principals: fc.subarray(['alice', 'bob', 'carol']).map((names) => names.map((name) => person(name))),
  quorum: fc
    .subarray(['destroy', 'export', 'policy', 'import-replace'])
    .map((rules) => rules.map((rule) => ({ environment: 'production', rule, approvals: 2 }))),
});

const anyPopulation = fc.record({
  head: anyHead,
  keys: fc.array(anyKey, { maxLength: 12 }),
  operations: fc.array(
    fc.constantFrom('keys.create', 'keys.rotate', 'keys.export-in-clear', 'keys.destroy'),
    { maxLength: 30 },
  ),
});

const populationFrom = ({
  head,
  keys,
  operations,
}: {
  head: Partial<PopulationHead>;
  keys: readonly KeyFacts[];
  operations: readonly string[];
}) =>
  populationOf(
    headOf(head),
    keys,
    operations.map((operation, at) => placed(at, operation)),
  );

describe('a compliance run', () => {
  it('fails a requirement by one check that fails, and never passes it where something is missing', () => {
    fc.assert(
      fc.property(fc.array(anyOutcome), (given) => {
        const outcome = requirementOutcome(given);
        assert.equal(outcome === 'fail', given.includes('fail'));
        assert.equal(
          outcome === 'manual',
          given.length === 0 || (!given.includes('fail') && given.includes('manual')),
        );
        if (outcome === 'pass') assert.ok(given.every((one) => one === 'pass' || one === 'not-applicable'));
        assert.equal(
          outcome === 'pass',
          given.includes('pass') && given.every((one) => one === 'pass' || one === 'not-applicable'),
        );
        assert.equal(requirementOutcome([...given].reverse()), outcome, 'the order says nothing');
      }),
    );
  });

  it('is a function of the population, and consistent in itself', async () => {
    await fc.assert(
      fc.asyncProperty(anyPopulation, async (parts) => {
        const runs = await runFrameworks(populationFrom(parts), frameworks);
        const again = await runFrameworks(populationFrom(parts), frameworks);
        assert.deepEqual(runs.map(runText), again.map(runText));
        for (const [at, run] of runs.entries()) {
          const framework = frameworks[at];
          assert.ok(framework);
          assert.equal(run.keys, parts.keys.length);
          assert.deepEqual(
            run.requirements.map(({ id }) => id),
            framework.requirements.map(({ id }) => id),
          );
          assert.equal(
            Object.values(run.summary).reduce((a, b) => a + b, 0),
            run.requirements.length,
          );
          const ids = run.checks.map(({ id }) => id);
          assert.deepEqual(ids, [...new Set(ids)].sort());
          for (const { checks, outcome } of run.requirements)
            assert.equal(outcome, requirementOutcome(checks.map((id) => checkIn(run, id).outcome)));
          for (const check of run.checks) {
            assert.ok(check.exceptions.length <= exceptionsMax && check.evidence.length <= evidenceMax);
            if (check.outcome === 'pass')
              assert.ok(check.population > 0 && check.exceptionsTotal === 0, check.id);
            if (check.outcome === 'fail') assert.ok(check.exceptionsTotal > 0, check.id);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same by one walk for all as by a walk for each', async () => {
    const population = populationOf(headOf(), [
      someKey(),
      someKey({ dataClassification: 'cardholder', owner: '' }),
    ]);
    const together = await runFrameworks(population, frameworks);
    for (const [at, framework] of frameworks.entries())
      assert.deepEqual(await runFramework(population, framework), together[at]);
  });

  it('is the same where pages are handed over by another hand', async () => {
    const population = populationOf(
      headOf(),
      [someKey(), someKey({ owner: '' }), someKey()],
      [placed(1, 'keys.rotate')],
    );
    for (const framework of frameworks) {
      const walk = beginFramework(population.head, framework);
      for await (const page of population.keys()) for (const facts of page) walk.keys([facts]);
      for await (const page of population.events()) walk.events(page);
      assert.equal(runText(walk.result()), runText(await runFramework(population, framework)));
    }
  });

  it('never passes a requirement whose attestation is missing', async () => {
    await fc.assert(
      fc.asyncProperty(anyPopulation, fc.constantFrom(...frameworks), async (parts, framework) => {
        const run = await runFramework(
          populationFrom({ ...parts, head: { ...parts.head, attestations: [] } }),
          framework,
        );
        for (const { checks, outcome } of run.requirements)
          if (checks.length === 0 || checks.some((id) => id.startsWith('stated-')))
            assert.ok(outcome === 'manual' || outcome === 'fail');
      }),
      { numRuns: 60 },
    );
  });

  it('judges marked keys alone, by classification or tag, and says how many', async () => {
    const pci = present('pci-dss-4.0.1');
    const keys = [
      someKey({ owner: '' }),
      someKey({ dataClassification: 'Cardholder' }),
      someKey({ tags: [{ key: 'Data', value: 'PAN' }] }),
    ];
    const run = await runFramework(populationOf(headOf(), keys), pci);
    assert.equal(run.keys, 3);
    assert.deepEqual(run.marked, {
      data: 'account data',
      how: 'tag "data" = "pan", or data classification "cardholder"',
      keys: 2,
    });
    const owner = checkIn(run, 'key-owner');
    assert.equal(owner.outcome, 'pass');
    assert.equal(owner.population, 2);
    assert.match(owner.reason, /Judged: the 2 of 3 keys that are marked as protecting account data\./);
    assert.doesNotMatch(checkIn(run, 'root-apart').reason, /marked/);
  });

  it('judges all keys where none is marked, and says so', async () => {
    const run = await runFramework(
      populationOf(headOf(), [someKey({ owner: '' })]),
      present('hipaa-164.312'),
    );
    assert.equal(run.marked?.keys, 0);
    const owner = checkIn(run, 'key-owner');
    assert.equal(owner.outcome, 'fail');
    assert.match(
      owner.reason,
      /No key is marked as protecting electronic health information: all were judged\./,
    );
  });

  it('compares marked keys with keys that are not', async () => {
    const keys = [
      someKey({ dataClassification: 'cardholder' }, { wrappedBy: ['weak'] }),
      someKey({}, { wrappedBy: ['weak'] }),
      someKey({ id: 'weak', spec: 'AES_128', usage: 'wrap' }),
    ];
    const check = checkIn(
      await runFramework(populationOf(headOf(), keys), present('pci-dss-4.0.1')),
      'wrapping-strength',
    );
    assert.equal(check.outcome, 'fail');
    assert.equal(check.exceptionsTotal, 1);
    assert.equal(check.population, 1);
  });

  it('leaves a requirement without checks to a person, with what is to be shown', async () => {
    const run = await runFramework(populationOf(headOf(), []), present('fips-140-3'));
    const one = run.requirements.find(({ id }) => id === '7.3');
    assert.equal(one?.outcome, 'manual');
    assert.match(one?.reason ?? '', /To be shown: the security policy/);
  });

  it('fails with a framework that names a check that there is not', async () => {
    const framework: Framework = {
      id: 'x',
      title: 'x',
      scope: 'x',
      requirements: [{ id: '1', gist: 'x', checks: ['nothing'] }],
    };
    await assert.rejects(runFramework(populationOf(headOf(), []), framework), /there is no check nothing/);
  });
});
