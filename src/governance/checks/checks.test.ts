import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evidenceMax, exceptionsMax } from '../check.ts';
import { casesOfHouse, subjects } from './cases-of-house.fixture.ts';
import { casesOfCopies } from './cases-of-copies.fixture.ts';
import { casesOfInventory } from './cases-of-inventory.fixture.ts';
import { casesOfPeriods } from './cases-of-periods.fixture.ts';
import { casesOfStrength } from './cases-of-strength.fixture.ts';
import { casesOfUse } from './cases-of-use.fixture.ts';
import { judgeBy, placed, someKey, useOf } from './cases.fixture.ts';
import { checkLibrary } from './index.ts';
import { allowsEverybody } from './use.ts';

const cases = [
  ...casesOfHouse,
  ...casesOfInventory,
  ...casesOfStrength,
  ...casesOfPeriods,
  ...casesOfUse,
  ...casesOfCopies,
];

describe('checks', () => {
  for (const check of checkLibrary) {
    const its = cases.filter((one) => one.check === check.id);
    it(`${check.id}: ${its.length} populations`, async () => {
      for (const [at, { given, outcome, says }] of its.entries()) {
        const result = await judgeBy(check, given);
        const told = [result.reason, ...result.exceptions.map(({ why }) => why)].join('\n');
        assert.equal(result.outcome, outcome, `case ${at}: ${told}`);
        assert.match(told, says, `case ${at}`);
        assert.match(result.reason, /[.?]$/, 'a sentence');
        assert.equal(result.exceptions.length > 0, result.exceptionsTotal > 0);
      }
    });
  }

  it('are each shown something that passes, something that does not, and nothing', () => {
    for (const { id } of checkLibrary) {
      const outcomes = new Set(cases.filter(({ check }) => check === id).map(({ outcome }) => outcome));
      assert.ok(outcomes.has('pass'), `${id} has no case that passes`);
      assert.ok(outcomes.has('fail') || outcomes.has('manual'), `${id} has no case that does not pass`);
      // what is said once of the house is always there
      if (id === 'fips-module' || id === 'root-apart') continue;
      assert.ok(
        outcomes.has('no-data') || outcomes.has('not-applicable') || outcomes.has('manual'),
        `${id} has no case of nothing`,
      );
    }
    const known = new Set(checkLibrary.map(({ id }) => id));
    assert.deepEqual(
      cases.filter(({ check }) => !known.has(check)),
      [],
    );
  });

  it('never pass where there is nothing at all', async () => {
    for (const check of checkLibrary) {
      const { outcome } = await judgeBy(check, { head: { principals: [], environments: [], log: null } });
      assert.notEqual(outcome, 'pass', check.id);
    }
  });

  it('are in order, each once, with a title and a method', () => {
    const ids = checkLibrary.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)].sort());
    for (const { id, title, version, method } of checkLibrary) {
      assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.match(title, /^[A-Z].*\.$/);
      assert.ok(version >= 1 && ['TEST', 'EXAMINE', 'INTERVIEW'].includes(method));
    }
  });

  it('ask for each subject of attestations, and say so where it is missing', async () => {
    const keys = [someKey({ spec: 'RSA_2048', origin: 'imported' })];
    const head = {
      fips: 'FIPS provider active',
      root: 'passphrase',
      quorum: [{ environment: 'production', rule: 'export', approvals: 2 }],
      principals: [{ principal: { ...headPerson }, credentials: [] }],
    };
    const events = [placed(1, 'keys.export-in-clear')];
    const results = await Promise.all(checkLibrary.map((check) => judgeBy(check, { head, keys, events })));
    const asked = results.filter(({ outcome }) => outcome === 'manual').map(({ reason }) => reason);
    for (const subject of subjects)
      assert.ok(
        asked.some((reason) => reason.includes(`"${subject}"`)),
        subject,
      );
  });

  it('keep a bounded number of exceptions and references', async () => {
    const keys = Array.from({ length: exceptionsMax + 50 }, () => someKey({ owner: '' }));
    const owner = checkLibrary.find(({ id }) => id === 'key-owner');
    assert.ok(owner);
    const result = await judgeBy(owner, { keys });
    assert.equal(result.exceptions.length, exceptionsMax);
    assert.equal(result.exceptionsTotal, exceptionsMax + 50);
    assert.equal(result.population, exceptionsMax + 50);
    const events = Array.from({ length: evidenceMax + 9 }, (_, at) =>
      placed(at, 'keys.rotate', { keyId: 'k' }),
    );
    for (const check of checkLibrary) {
      const { evidence } = await judgeBy(check, { keys: [someKey({}, { uses: [useOf()] })], events });
      assert.ok(evidence.length <= evidenceMax, check.id);
    }
  });

  it('read key policies as they are, and one that can not be read as open', () => {
    const policy = (Statement: unknown) => JSON.stringify({ Statement });
    assert.equal(allowsEverybody(policy([{ Effect: 'Allow', Principal: '*' }])), true);
    assert.equal(allowsEverybody(policy({ Effect: 'Allow', Principal: { AWS: '*' } })), true);
    assert.equal(allowsEverybody(policy([{ Effect: 'Allow', Principal: { AWS: ['a', '*'] } }])), true);
    assert.equal(
      allowsEverybody(policy([{ Effect: 'Allow', Principal: '*', Condition: { Bool: {} } }])),
      false,
    );
    assert.equal(allowsEverybody(policy([{ Effect: 'Deny', Principal: '*' }])), false);
    assert.equal(
      allowsEverybody(policy([{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::1:root' } }])),
      false,
    );
    assert.equal(allowsEverybody('{"Statement":{"Effect":"Allow","Principal":"\\u002a"}}'), true);
    assert.equal(allowsEverybody('{"Principal":"*"'), true);
  });
});

const headPerson = {
  id: 'id-of-alice',
  environment: 'production',
  name: 'alice',
  kind: 'user',
  roles: ['administrator'],
  createdAt: 0,
  disabled: false,
} as const;
