import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { quorumRules, requirementsOf, type QuorumNeed, type QuorumPolicy } from '#domain';
import type { Operation } from '../operation.ts';
import { operations } from '../table.ts';
import { policyOf, terms } from './quorum.fixture.ts';

const all = Object.values(operations) as unknown as Operation<never, unknown>[];
const page = fs.readFileSync(path.join(import.meta.dirname, '..', '..', '..', 'docs', 'quorum.md'), 'utf8');

/** The operations that the page names for a rule. */
function documented(rule: string): string[] {
  const line = page.split('\n').find((each) => each.startsWith(`| ${rule} |`)) ?? '';
  const [, , names = ''] = line.split('|');
  return [...names.matchAll(/`([a-z.-]+)`/g)].map((match) => match[1] ?? '');
}

describe('the operations of quorums', () => {
  it('are no uses of keys and nothing that only reads', () => {
    for (const { name, kind, quorum } of all)
      if (kind !== 'manage') assert.equal(quorum, null, `${name} would pay for it`);
  });

  it('are those that the page names, of rules that there are', () => {
    const named = new Set(
      [...quorumRules.map((rule) => `\`${rule}\``), 'all rules in force at once'].flatMap(documented),
    );
    const asked = all.filter(({ quorum }) => quorum !== null).map(({ name }) => name);
    assert.deepEqual([...named].sort(), asked.sort());
    for (const { name, quorum } of all) {
      if (typeof quorum !== 'string' || quorum === 'approvers') continue;
      assert.ok(documented(`\`${quorum}\``).includes(name), `${name} is asked of ${quorum}`);
    }
  });
});

describe('what rules ask', () => {
  const byName = policyOf(['destroy', 'principal'], terms(2, ['ana', 'ben']));
  const byRole: QuorumPolicy = {
    rules: { ...byName.rules, export: { ...terms(1, []), approvers: { role: 'auditor' } } },
  };
  const asked = (policy: QuorumPolicy, ...needs: QuorumNeed[]) =>
    requirementsOf(policy, needs).map(({ rule }) => rule);

  it('is nothing without a policy, and nothing of rules that are not there', () => {
    for (const rule of [...quorumRules, 'roles', 'approvers'] as const)
      assert.deepEqual(asked({ rules: {} }, rule), []);
    assert.deepEqual(asked(byName, 'export', 'restore'), []);
    assert.deepEqual(asked(byName), []);
  });

  it('is each of several once', () => {
    assert.deepEqual(asked(byRole, 'export', 'destroy', 'destroy'), ['destroy', 'export']);
  });

  it('is everything of what changes who approves', () => {
    assert.deepEqual(asked(byName, 'approvers'), ['destroy', 'principal']);
    assert.deepEqual(asked(byName, 'roles'), ['principal'], 'a role makes nobody an approver by name');
    assert.deepEqual(asked(byRole, 'roles'), ['destroy', 'export', 'principal']);
  });
});
