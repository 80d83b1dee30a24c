import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError } from '#domain';
import { defaultPolicy, parsePolicy } from './policy.ts';

const good = {
  Version: '2012-10-17',
  Id: 'example',
  Statement: [
    {
      Sid: 'a',
      Effect: 'Allow',
      Principal: {
        AWS: ['arn:aws:iam::111122223333:user/ci', '111122223333'],
        Service: 'logs.amazonaws.com',
      },
      Action: ['kms:Decrypt', 'kms:Describe*'],
      Resource: 'arn:aws:kms:*:111122223333:key/*',
      Condition: {
        StringEquals: { 'aws:username': ['ci', '${aws:username}'] },
        Bool: { 'aws:SecureTransport': true },
      },
    },
    { Effect: 'Deny', NotPrincipal: { AWS: '111122223333' }, NotAction: '*', NotResource: '*' },
  ],
};

type Parts = Readonly<Record<string, unknown>>;

/** The good policy with other members; undefined leaves one out. */
function policyWith(statement: Parts, document: Parts = {}): string {
  return JSON.stringify({ ...good, Statement: [{ ...good.Statement[0], ...statement }], ...document });
}

function malformed(json: string, why?: RegExp): void {
  assert.throws(
    () => parsePolicy(json),
    (error: unknown) => {
      assert.ok(error instanceof ClavigerError, `${json.slice(0, 200)}: ${String(error)}`);
      assert.equal(error.code, 'policy-malformed');
      if (why) assert.match(error.message, why);
      return true;
    },
    json.slice(0, 200),
  );
}

describe('a key policy', () => {
  it('is read into plain data', () => {
    const { version, statements } = parsePolicy(JSON.stringify(good));
    assert.equal(version, '2012-10-17');
    assert.deepEqual(statements[0], {
      sid: 'a',
      effect: 'Allow',
      principals: ['arn:aws:iam::111122223333:user/ci', '111122223333'],
      notPrincipals: null,
      actions: ['kms:decrypt', 'kms:describe*'],
      notActions: null,
      resources: ['arn:aws:kms:*:111122223333:key/*'],
      notResources: null,
      conditions: [
        { operator: 'StringEquals', key: 'aws:username', values: ['ci', '${aws:username}'], variables: true },
        { operator: 'Bool', key: 'aws:SecureTransport', values: ['true'], variables: false },
      ],
    });
    assert.deepEqual(statements[1]?.notPrincipals, ['111122223333']);
    parsePolicy(defaultPolicy('111122223333'));
  });

  it('may be one statement, of the old version, without an action or a resource', () => {
    const { version, statements } = parsePolicy(
      JSON.stringify({ Statement: { Effect: 'Deny', Principal: '*' } }),
    );
    assert.equal(version, '2008-10-17');
    assert.deepEqual([statements[0]?.actions, statements[0]?.resources], [null, null]);
  });

  it('has variables only in the new version, and only where they are compared as text', () => {
    const Condition = { StringEquals: { 'aws:username': '${aws:username}' } };
    const variables = (Version: string) =>
      parsePolicy(policyWith({ Condition }, { Version })).statements[0]?.conditions[0]?.variables;
    assert.equal(variables('2012-10-17'), true);
    assert.equal(variables('2008-10-17'), false);
  });

  const bad: readonly (readonly [string, string, RegExp?])[] = [
    ['no JSON', '{', /JSON/],
    ['a list', '[]', /map/],
    ['a string', '"*"'],
    ['null', 'null'],
    ['an empty map', '{}', /Statement/],
    ['an unknown member', policyWith({}, { Statment: [] }), /Statment/],
    ['an unknown version', policyWith({}, { Version: '2012-10-18' }), /Version/],
    ['a null version', policyWith({}, { Version: null }), /Version/],
    ['an id that is no string', policyWith({}, { Id: 1 })],
    ['no statement', policyWith({}, { Statement: [] })],
    ['a statement that is none', policyWith({}, { Statement: ['Allow'] })],
    [
      'too many statements',
      policyWith({}, { Statement: Array.from({ length: 201 }, () => ({})) }),
      /too many/,
    ],
    ['too many bytes', policyWith({ Sid: 'ü'.repeat(20_000) }), /longer/],
    ['an unknown element', policyWith({ Effects: 'Allow' }), /Effects/],
    ['no effect', policyWith({ Effect: undefined }), /Effect/],
    ['another effect', policyWith({ Effect: 'allow' }), /Effect/],
    ['a sid that is no string', policyWith({ Sid: 1 })],
    ['no principal', policyWith({ Principal: undefined }), /Principal/],
    ['a bare principal', policyWith({ Principal: 'arn:aws:iam::111122223333:root' }), /Principal/],
    ['a principal of an unknown kind', policyWith({ Principal: { User: '*' } })],
    ['a list as principal', policyWith({ Principal: ['*'] })],
    [
      'a wildcard in a principal',
      policyWith({ Principal: { AWS: 'arn:aws:iam::111122223333:user/*' } }),
      /principal/,
    ],
    ['a wildcard in an account', policyWith({ Principal: { AWS: 'arn:aws:iam::*:root' } }), /principal/],
    ['a short account', policyWith({ Principal: { AWS: '11112222333' } }), /principal/],
    ['a user name as principal', policyWith({ Principal: { AWS: 'ci' } }), /principal/],
    [
      'a key as principal',
      policyWith({ Principal: { AWS: 'arn:aws:kms::111122223333:key/a' } }),
      /principal/,
    ],
    ['both principals', policyWith({ NotPrincipal: '*' }), /both/],
    [
      'NotPrincipal that allows',
      policyWith({ Principal: undefined, NotPrincipal: { AWS: '*' } }),
      /NotPrincipal/,
    ],
    ['both actions', policyWith({ NotAction: 'kms:*' }), /both/],
    ['both resources', policyWith({ NotResource: '*' }), /both/],
    ['an action without its service', policyWith({ Action: 'Decrypt' }), /Action/],
    ['an action that is no string', policyWith({ Action: [1] }), /Action/],
    ['a resource that is no ARN', policyWith({ Resource: 'my-key' }), /Resource/],
    ['conditions that are a list', policyWith({ Condition: [] }), /Condition/],
    [
      'an unknown condition key',
      policyWith({ Condition: { StringEquals: { 'kms:NoSuch': 'b' } } }),
      /kms:NoSuch/,
    ],
    ['an unknown operator', policyWith({ Condition: { StringIs: { a: 'b' } } }), /operator/],
    ['tests that are no map', policyWith({ Condition: { StringEquals: 'a' } })],
    ['a value that is a map', policyWith({ Condition: { StringEquals: { 'kms:KeySpec': { b: 'c' } } } })],
    ['a value that is null', policyWith({ Condition: { StringEquals: { 'kms:KeySpec': null } } })],
    [
      'a range without its length',
      policyWith({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/' } } }),
      /compare/,
    ],
    [
      'a number that is none',
      policyWith({ Condition: { NumericLessThan: { 'kms:RotationPeriodInDays': '0x10' } } }),
      /compare/,
    ],
    [
      'a member twice',
      '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Principal":"*"}}',
      /twice/,
    ],
    [
      'a member twice, escaped',
      '{"Statement":{"Effect":"Deny","Eff\\u0065ct" :"Allow","Principal":"*"}}',
      /twice/,
    ],
    [
      'a prototype',
      '{"Statement":{"Effect":"Deny","Principal":"*","__proto__":{"Action":"kms:*"}}}',
      /__proto__/,
    ],
  ];
  for (const [name, json, why] of bad) it(`is refused with ${name}`, () => malformed(json, why));

  it('reads names and colons in strings as what they are', () => {
    parsePolicy(policyWith({ Sid: 'a "b": c \\" : "' }));
  });

  it('nested without end is refused and does not crash', () => {
    for (const open of ['[', '{"a":']) malformed(open.repeat(5000));
    malformed(`{"Statement":${'['.repeat(16_000)}${']'.repeat(16_000)}}`);
    malformed(`{"Statement":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`);
  });

  it('is read or refused as malformed, whatever is changed in it', () => {
    const text = JSON.stringify(good);
    const edit = fc.tuple(
      fc.nat(text.length),
      fc.nat(6),
      fc.oneof(fc.string(), fc.constantFrom('{', '}', '[', ']', '"', ',', ':', 'null', '*')),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let changed = text;
        for (const [at, cut, put] of edits) changed = changed.slice(0, at) + put + changed.slice(at + cut);
        requireReadOrRefused(changed);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.json(), (json) => requireReadOrRefused(json)),
      { numRuns: 500 },
    );
  });

  it('is read or refused as malformed, whatever value stands in it', () => {
    const member = fc.constantFrom(
      'Sid',
      'Effect',
      'Principal',
      'NotPrincipal',
      'Action',
      'Resource',
      'NotResource',
      'Condition',
    );
    fc.assert(
      fc.property(member, fc.jsonValue(), (name, value) =>
        requireReadOrRefused(policyWith({ [name]: value })),
      ),
      { numRuns: 2000 },
    );
  });
});

function requireReadOrRefused(json: string): void {
  try {
    parsePolicy(json);
  } catch (error) {
    assert.ok(
      error instanceof ClavigerError && error.code === 'policy-malformed',
      `${json}: ${String(error)}`,
    );
  }
}
