import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { compileAcl } from './compile.ts';
import { defaultPolicyText } from './default-policy.ts';
import { type AclPolicy, type AclRule, capabilities, parseAclPolicy } from './policy.ts';
import { printHcl, printJson } from './print.fixture.ts';

/** Reads whatever it is given; null where it was refused in the one way that is allowed. */
function attempt(text: string): AclPolicy | null {
  try {
    return parseAclPolicy(text);
  } catch (error) {
    assert.ok(hasCode(error, 'policy-malformed'), String(error));
    assert.ok(error.message.length < 400, error.message);
    return null;
  }
}

const scalar = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('${')),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }).map((value) => value + 0),
  fc.boolean(),
);
const name = fc
  .string({ unit: 'binary', minLength: 1 })
  .filter((text) => !text.includes('${') && text === text.toLowerCase());
const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(name, scalar, { maxKeys: 3, noNullPrototype: true }) },
);
const values = fc.option(
  fc.dictionary(name, fc.array(value, { maxLength: 3 }), { maxKeys: 3, noNullPrototype: true }),
);
const rule: fc.Arbitrary<AclRule> = fc.record(
  {
    path: fc
      .stringMatching(/^[a-zé+*/ "\\{-]{0,20}$/u)
      .filter((path) => !path.includes('+*') && !path.includes('{{')),
    capabilities: fc.oneof(fc.constant(['deny'] as const), fc.subarray([...capabilities.slice(0, -1)])),
    allowedParameters: values,
    deniedParameters: values,
    requiredParameters: fc.uniqueArray(name, { maxLength: 3 }),
    minWrappingSeconds: fc.option(fc.integer({ min: 1, max: 100 })),
    maxWrappingSeconds: fc.option(fc.integer({ min: 100, max: 1e6 })),
  },
  { noNullPrototype: true },
);
const policy: fc.Arbitrary<AclPolicy> = fc.record(
  { rules: fc.array(rule, { maxLength: 5 }) },
  { noNullPrototype: true },
);

/** Signs that mean something somewhere. */
const piece = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    '=',
    ',',
    ':',
    '"',
    '\\',
    '#',
    '//',
    '/*',
    '*/',
    '<<E\n',
    '<<-E\n',
    'E\n',
    '{{',
    '}}',
  ],
  ...[
    '${',
    '\n',
    ' ',
    '\0',
    '\uFEFF',
    '\uD800',
    '-',
    '0x',
    '1e9',
    'path',
    'path "a" {',
    'capabilities',
    'policy',
  ],
  ...['["read"]', 'allowed_parameters', 'null', 'true', '{"path":', 'é', '\\u00', '\\U0011FFFF'],
);

describe('reading a policy', () => {
  it('finds again what was printed, in HCL and in JSON', () => {
    fc.assert(
      fc.property(policy, (written) => {
        assert.deepEqual(parseAclPolicy(printHcl(written)), written);
        assert.deepEqual(parseAclPolicy(printJson(written)), written);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses any text in one way alone, or reads it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.array(piece).map((all) => all.join('')),
        ),
        (text) => {
          attempt(text);
          attempt(`{${text}`);
          attempt(`path "a" {${text}}`);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('refuses a policy with a fault in one way alone, and what it reads can be compiled and asked', () => {
    let read = 0;
    const spoilt = fc
      .tuple(
        policy,
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(), fc.nat(6), piece), { minLength: 1, maxLength: 2 }),
      )
      .map(([written, isJson, faults]) =>
        faults.reduce(
          (text, [at, length, added]) => {
            const from = at % (text.length + 1);
            return text.slice(0, from) + added + text.slice(from + length);
          },
          isJson ? printJson(written) : printHcl(written),
        ),
      );
    fc.assert(
      fc.property(spoilt, (text) => {
        const found = attempt(text);
        if (!found) return;
        read += 1;
        const acl = compileAcl([found], null);
        for (const { path } of found.rules) {
          const asked = { path, capability: 'read', needsSudo: false, wrapSeconds: null } as const;
          acl.answer({ ...asked, parameters: { a: 'b', c: [1, null, { d: true }] } });
          acl.capabilities(path);
          acl.hasAccessBelow(path);
        }
      }),
      { numRuns: 1500 },
    );
    assert.ok(read > 30, `${read} were still policies`);
  });

  it('is over soon, whatever the text repeats', () => {
    const units = [
      '"',
      '\\',
      '{',
      '[',
      '/*',
      '#\n',
      '<<E\n',
      '{{',
      '}}',
      'path "a" {',
      '"a" ',
      'a=[',
      'a={',
      ',',
      '0',
      '\n',
    ];
    for (const unit of units) {
      const text = unit.repeat(Math.floor(131_000 / unit.length));
      for (const whole of [
        text,
        `{${text}`,
        `path "${text}" {}`,
        `path "a" { allowed_parameters = { x = [${text}`,
      ]) {
        const begin = performance.now();
        attempt(whole.slice(0, 131_072));
        const milliseconds = performance.now() - begin;
        assert.ok(milliseconds < 2000, `${JSON.stringify(unit)}: ${milliseconds} ms`);
      }
    }
  });

  it('refuses every beginning of a policy that ends within a block', () => {
    const text = defaultPolicyText.slice(0, 700);
    for (let length = 0; length <= text.length; length += 1) {
      const begun = text.slice(0, length);
      const isOpen =
        begun.replaceAll(/#.*/g, '').split('{').length !== begun.replaceAll(/#.*/g, '').split('}').length;
      if (isOpen) assert.equal(attempt(begun), null, begun.slice(-40));
    }
  });
});
