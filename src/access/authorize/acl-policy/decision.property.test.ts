import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type AclRequest, compileAcl } from './compile.ts';
import {
  naiveAnswer,
  naiveCapabilities,
  type NaiveRequest,
  type NaiveRule,
  type NaiveSubject,
} from './naive.fixture.ts';
import { parseAclPolicy } from './policy.ts';
import type { AclSubject } from './template.ts';

// few words, so that rules and paths meet
const ruleSegment = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'ab') },
  { weight: 4, arbitrary: fc.constant('+') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      'a*b',
      '+a',
      '{{identity.entity.name}}',
      '{{identity.entity.metadata.team}}',
      '{{identity.entity.aliases.m.custom_metadata.desk}}',
      '{{identity.groups.names.ops.id}}',
    ),
  },
);
const rulePath = fc
  .tuple(
    fc.constantFrom('', '', '', '/'),
    fc.array(ruleSegment, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/', '*', '/*'),
  )
  .map(([start, segments, end]) => `${start}${segments.join('/')}${end}`)
  .filter((path) => !path.includes('+*') && !path.startsWith('//'));
const granted = fc.constantFrom('create', 'read', 'update', 'patch', 'delete', 'list', 'scan', 'sudo');
const rareDeny = fc.oneof({ weight: 12, arbitrary: granted }, { weight: 1, arbitrary: fc.constant('deny') });
const listedValue = fc.constantFrom<unknown>('a', 'ab', 'a*', '*b', '*a*', '*', 1, ['a', 'b']);
const constraints = fc.dictionary(
  fc.constantFrom('ttl', 'Name', '*'),
  fc.array(listedValue, { maxLength: 2 }),
  {
    maxKeys: 2,
  },
);
const sparse = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

const plainRule = fc.record({
  path: rulePath,
  capabilities: fc.uniqueArray(rareDeny, { maxLength: 5 }),
});
const fullRule = fc.record(
  {
    path: fc.constantFrom('a', 'a/+', 'a/*', '+/b'),
    capabilities: fc.uniqueArray(granted, { minLength: 3, maxLength: 8 }),
    allowed: sparse(constraints),
    denied: sparse(constraints),
    required: sparse(fc.uniqueArray(fc.constantFrom('ttl', 'NAME'), { maxLength: 2 })),
    min: sparse(fc.constantFrom(10, 20)),
    max: sparse(fc.constantFrom(20, 30)),
  },
  { requiredKeys: ['path', 'capabilities'] },
);
const policiesOf = (rule: fc.Arbitrary<NaiveRule>) =>
  fc.array(fc.array(rule, { maxLength: 6 }), { minLength: 1, maxLength: 3 });

const path = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'a', 'b', 'ab', 'abc', 'x', '+', '*', ''), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/'),
  )
  .map(([segments, end]) => `${segments.join('/')}${end}`.replace(/^\/+/, ''));
const capability = fc.constantFrom<AclRequest['capability']>(
  'create',
  'read',
  'update',
  'patch',
  'delete',
  'list',
  'scan',
);
const givenValue = fc.constantFrom<unknown>(
  'a',
  'ab',
  'b',
  'b,a',
  'a, x',
  '*',
  '',
  1,
  '1',
  ['a', 'b'],
  ['a', 'x'],
  [],
);
const request = fc.record({
  path,
  capability,
  needsSudo: fc.boolean(),
  parameters: fc.option(
    fc.dictionary(fc.constantFrom('ttl', 'name', 'TTL', 'Other'), givenValue, { maxKeys: 2 }),
  ),
  wrapSeconds: fc.option(fc.constantFrom(5, 10, 15, 20, 25, 30, 35)),
});
const subject = fc.option(
  fc.record({
    name: fc.constantFrom('a', 'b', 'a/b'),
    team: sparse(fc.constant('ab')),
    desk: sparse(fc.constantFrom('a', 'b')),
    ops: sparse(fc.constant('b')),
  }),
);

function compiled(policies: readonly (readonly NaiveRule[])[], who: NaiveSubject) {
  const read = policies.map((rules) =>
    parseAclPolicy(
      JSON.stringify({
        path: rules.map((rule) => ({
          [rule.path]: {
            capabilities: rule.capabilities,
            allowed_parameters: rule.allowed,
            denied_parameters: rule.denied,
            required_parameters: rule.required,
            min_wrapping_ttl: rule.min,
            max_wrapping_ttl: rule.max,
          },
        })),
      }),
    ),
  );
  const whom: AclSubject | null = who && {
    entity: {
      id: 'e',
      name: who.name,
      metadata: who.team === undefined ? {} : { team: who.team },
      aliases: {
        m: {
          id: 'a',
          name: 'ab',
          metadata: {},
          customMetadata: who.desk === undefined ? {} : { desk: who.desk },
        },
      },
    },
    groups: who.ops === undefined ? [] : [{ id: who.ops, name: 'ops', metadata: {} }],
  };
  return compileAcl(read, whom);
}

/** How often each reason was met: a property that never meets a case says nothing about it. */
function tally() {
  const seen = new Map<string, number>();
  return {
    count: (word: string) => seen.set(word, (seen.get(word) ?? 0) + 1),
    atLeast(least: number, words: readonly string[]) {
      for (const word of words)
        assert.ok((seen.get(word) ?? 0) >= least, `${word} was met ${seen.get(word) ?? 0} times`);
    },
  };
}

function check(
  rule: fc.Arbitrary<NaiveRule>,
  change: (asked: NaiveRequest) => NaiveRequest,
  reasons: readonly string[],
) {
  const seen = tally();
  fc.assert(
    fc.property(
      policiesOf(rule),
      subject,
      fc.array(request, { minLength: 8, maxLength: 8 }),
      (policies, who, all) => {
        const acl = compiled(policies, who);
        for (const asked of all) {
          const question = { ...asked, ...change(asked) } as AclRequest;
          const expected = naiveAnswer(policies, who, question);
          assert.deepEqual({ ...acl.answer(question) }, expected, JSON.stringify(question));
          seen.count(expected.allowed ? 'allowed' : expected.reason);
        }
      },
    ),
    { numRuns: 2000 },
  );
  seen.atLeast(200, ['allowed', ...reasons]);
}

describe('a compiled ACL decides as the plainest reading of the rules does', () => {
  it('by paths and capabilities', () => {
    check(plainRule, (asked) => asked, ['acl-policy', 'acl-deny', 'acl-no-rule']);
  });

  it('by priority, where every rule is about the path', () => {
    const segments = fc.array(fc.constantFrom('a', 'b', 'abc', '*'), { minLength: 4, maxLength: 5 });
    // how a rule is made from the path: which segments become wildcards, and where a star ends it
    const change = fc.record({
      plus: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      cut: fc.option(fc.nat(12)),
    });
    fc.assert(
      fc.property(segments, fc.array(change, { minLength: 2, maxLength: 8 }), (all, changes) => {
        const paths = changes.map(({ plus, cut }) => {
          const whole = all.map((segment, index) => (plus[index] ? '+' : segment)).join('/');
          return cut === null ? whole : `${whole.slice(0, cut)}*`;
        });
        const rules = paths
          .filter((rule) => !rule.includes('+*'))
          .map((rule, index) => ({ path: rule, capabilities: [index % 2 ? 'read' : 'update', 'list'] }));
        const asked = all.join('/');
        assert.deepEqual(
          compiled([rules], null).capabilities(asked),
          naiveCapabilities([rules], null, asked),
          JSON.stringify(rules),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('by parameters', () => {
    const paths = ['a', 'a/b', 'b/b'] as const;
    check(
      fullRule.map(({ min: _min, max: _max, ...rule }) => rule),
      (asked) => ({ ...asked, path: paths[asked.path.length % 3] ?? 'a', needsSudo: false }),
      ['acl-parameter', 'acl-policy'],
    );
  });

  it('by wrapping', () => {
    check(
      fullRule.map((rule) => ({
        ...rule,
        max: rule.min === undefined ? rule.max : Math.max(rule.min, rule.max ?? 0),
      })),
      (asked) => ({ ...asked, path: asked.path.length % 2 ? 'a' : 'a/b', needsSudo: false }),
      ['acl-wrapping', 'acl-parameter'],
    );
  });

  it('and names the capabilities of a path, whatever the order of the policies', () => {
    const seen = tally();
    fc.assert(
      fc.property(
        policiesOf(plainRule),
        subject,
        fc.array(path, { minLength: 4, maxLength: 4 }),
        (policies, who, paths) => {
          const acl = compiled(policies, who);
          const turned = compiled(
            policies.toReversed().map((rules) => rules.toReversed()),
            who,
          );
          for (const asked of paths) {
            const expected = naiveCapabilities(policies, who, asked);
            assert.deepEqual(acl.capabilities(asked), expected, asked);
            assert.deepEqual(turned.capabilities(asked), expected, asked);
            seen.count(expected[0] === 'deny' ? 'deny' : 'some');
          }
        },
      ),
      { numRuns: 2000 },
    );
    seen.atLeast(500, ['deny', 'some']);
  });

  it('and never says that nothing is below a prefix where something is', () => {
    const seen = tally();
    fc.assert(
      fc.property(policiesOf(plainRule), subject, path, request, (policies, who, rest, asked) => {
        const acl = compiled(policies, who);
        for (let length = 0; length <= rest.length; length += 1) {
          const prefix = rest.slice(0, length);
          const isAllowed = naiveAnswer(policies, who, {
            ...asked,
            path: rest,
            needsSudo: false,
            parameters: null,
          });
          if (isAllowed.allowed) assert.ok(acl.hasAccessBelow(prefix), `${prefix} of ${rest}`);
          seen.count(acl.hasAccessBelow(prefix) ? 'some' : 'nothing');
        }
      }),
      { numRuns: 2000 },
    );
    seen.atLeast(300, ['some', 'nothing']);
  });
});
