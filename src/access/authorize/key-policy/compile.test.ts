import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compilePolicy } from './compile.ts';
import type { ConditionValues } from './condition.ts';
import { type Document, naiveAnswer, type Question, type RawStatement } from './naive.fixture.ts';
import { parsePolicy } from './policy.ts';

const accountId = '111122223333';
const keyArn = `arn:aws:kms:us-east-1:${accountId}:key/ci`;
const user = (name: string, account = accountId) => `arn:aws:iam::${account}:user/${name}`;
const root = `arn:aws:iam::${accountId}:root`;

type Values = Readonly<Record<string, readonly string[]>>;
const valuesOf =
  (values: Values): ConditionValues =>
  (key) =>
    values[key.toLowerCase()];

const everything = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } as const;

function answer(statements: readonly object[], asked: Partial<Question> = {}, Version = '2012-10-17') {
  const policy = parsePolicy(JSON.stringify({ Version, Statement: statements }));
  const { user: name = 'ci', action = 'kms:Decrypt', key = keyArn, account = accountId, values = {} } = asked;
  return compilePolicy(policy, { accountId: account, keyArn: key }).answer({
    principalArn: user(name, account),
    action: action.toLowerCase(),
    values: valuesOf(values),
  }).effect;
}

describe('a compiled key policy', () => {
  it('lets a deny win, wherever it stands, and tells which statement decided', () => {
    const deny = { ...everything, Effect: 'Deny', Sid: 'no' };
    for (const statements of [
      [everything, deny],
      [deny, everything],
    ]) {
      const policy = parsePolicy(JSON.stringify({ Statement: statements }));
      const asked = { principalArn: user('ci'), action: 'kms:decrypt', values: () => undefined };
      assert.deepEqual(compilePolicy(policy, { accountId, keyArn }).answer(asked), {
        effect: 'deny',
        sid: 'no',
      });
    }
  });

  it('names principals by user, by account, and as everybody, and no others', () => {
    const by = (AWS: string) => answer([{ ...everything, Principal: { AWS } }]);
    assert.equal(by(user('ci')), 'allow');
    assert.equal(by('*'), 'allow');
    assert.equal(by(root), 'delegated');
    assert.equal(by(accountId), 'delegated');
    for (const other of [
      user('c'),
      user('ci2'),
      user('ci', '444455556666'),
      '444455556666',
      `arn:aws:sts::${accountId}:assumed-role/ci/session`,
      `arn:aws:iam::${accountId}:role/ci`,
    ])
      assert.equal(by(other), 'none', other);
    assert.equal(answer([{ ...everything, Principal: { Service: 'logs.amazonaws.com' } }]), 'none');
  });

  it('spares from a deny only whom NotPrincipal names', () => {
    const sparing = (name: string) =>
      answer([
        everything,
        { ...everything, Principal: undefined, Effect: 'Deny', NotPrincipal: { AWS: name } },
      ]);
    for (const name of [user('ci'), root, accountId]) assert.equal(sparing(name), 'allow', name);
    for (const name of [user('other'), '444455556666']) assert.equal(sparing(name), 'deny', name);
  });

  it('matches actions without regard to letters, and resources with', () => {
    const action = (Action: string) => answer([{ ...everything, Action }]);
    for (const name of ['KMS:DECRYPT', 'kms:*', '*', 'kms:Dec????', 'kms:d*t'])
      assert.equal(action(name), 'allow', name);
    for (const name of ['kms:Decryp', 'kms:Encrypt', 'iam:*', 'kms:']) {
      if (name !== 'kms:') assert.equal(action(name), 'none', name);
    }
    const resource = (Resource: string) => answer([{ ...everything, Resource }]);
    assert.equal(resource('arn:aws:kms:*:*:key/*'), 'allow');
    assert.equal(resource(keyArn), 'allow');
    assert.equal(resource(keyArn.toUpperCase().replace('ARN:', 'arn:')), 'none');
    assert.equal(answer([{ ...everything, Action: undefined, NotAction: 'kms:Decrypt' }]), 'none');
    assert.equal(answer([{ ...everything, Action: undefined, NotAction: 'kms:Encrypt' }]), 'allow');
    assert.equal(answer([{ ...everything, Resource: undefined, NotResource: keyArn }]), 'none');
  });

  it('is without effect where a statement has no action or no resource', () => {
    assert.equal(answer([{ ...everything, Action: undefined }]), 'none');
    assert.equal(answer([{ ...everything, Resource: undefined }]), 'none');
    assert.equal(answer([everything, { ...everything, Effect: 'Deny', Resource: undefined }]), 'allow');
  });

  it('resolves variables in resources and in texts, in the new version only', () => {
    const values = { 'aws:username': ['ci'], 'aws:multi': ['a', 'b'], 'kms:requestalias': ['alias/ci'] };
    const byKey = (Resource: string, version?: string) =>
      answer([{ ...everything, Resource }], { values }, version);
    assert.equal(byKey('arn:aws:kms:us-east-1:111122223333:key/${aws:username}'), 'allow');
    assert.equal(byKey('arn:aws:kms:us-east-1:111122223333:key/${AWS:UserName}'), 'allow');
    assert.equal(byKey('arn:aws:kms:us-east-1:111122223333:key/${aws:username}', '2008-10-17'), 'none');
    assert.equal(byKey('arn:aws:kms:us-east-1:111122223333:key/${aws:absent}'), 'none');
    assert.equal(byKey("arn:aws:kms:us-east-1:111122223333:key/${aws:absent, 'ci'}"), 'allow');
    assert.equal(byKey('arn:aws:kms:us-east-1:111122223333:key/${aws:multi}'), 'none');
    const byText = (operator: string, wanted: string) =>
      answer([{ ...everything, Condition: { [operator]: { 'kms:RequestAlias': wanted } } }], { values });
    assert.equal(byText('StringEquals', 'alias/${aws:username}'), 'allow');
    assert.equal(byText('StringEquals', 'alias/${aws:absent}'), 'none');
    assert.equal(byText('StringLike', '${*}lias/${aws:username}'), 'none');
    assert.equal(byText('StringLike', '*/${aws:username}'), 'allow');
    assert.equal(byText('StringNotEquals', 'alias/${aws:username}'), 'none');
  });

  it('takes the value of a variable literally, also where it holds a star', () => {
    const values = { 'aws:username': ['*'] };
    const Resource = 'arn:aws:kms:us-east-1:111122223333:key/${aws:username}';
    assert.equal(answer([{ ...everything, Resource }], { values }), 'none');
    const key = 'arn:aws:kms:us-east-1:111122223333:key/*';
    assert.equal(answer([{ ...everything, Resource }], { values, key }), 'allow');
    const like = (wanted: string, actual: string) =>
      answer([{ ...everything, Condition: { ArnLike: { 'aws:PrincipalArn': wanted } } }], {
        values: { ...values, 'aws:principalarn': [actual] },
      });
    assert.equal(like('arn:aws:iam::*:user/${aws:username}', user('ci')), 'none');
    assert.equal(like('arn:aws:iam::*:user/${aws:username}', user('*')), 'allow');
  });

  it('is not widened by a variable without a value', () => {
    const NotResource = 'arn:aws:kms:us-east-1:111122223333:key/${aws:absent}';
    assert.equal(answer([{ ...everything, Resource: undefined, NotResource }]), 'none');
    assert.equal(
      answer([everything, { ...everything, Resource: undefined, Effect: 'Deny', NotResource }]),
      'deny',
    );
  });
});

const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1 });

const principals = ['*', user('ci'), user('ops'), root, accountId, '444455556666'];
const actionNames = ['kms:Decrypt', 'kms:Encrypt', 'kms:*', '*', 'kms:?ncrypt', 'kms:Put*'];
const resourceNames = [
  '*',
  keyArn,
  `arn:aws:kms:*:${accountId}:key/*`,
  'arn:aws:kms:us-east-1:1:key/ci',
  `arn:aws:kms:us-east-1:${accountId}:key/\${aws:username}`,
];
const texts = ['a', 'b', 'ab', 'a*', '${aws:username}', 'ci'];
const keys = ['aws:username', 'kms:EncryptionContextKeys', 'aws:UserAgent', 'AWS:SecureTransport'];
const quantifiers = ['', 'ForAllValues:', 'ForAnyValue:'];

const condition: fc.Arbitrary<RawStatement['Condition']> = fc
  .record({
    quantifier: fc.constantFrom(...quantifiers),
    name: fc.constantFrom('StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike'),
    ifExists: fc.constantFrom('', 'IfExists'),
    key: fc.constantFrom(...keys),
    wanted: some(texts),
    more: fc.constantFrom<NonNullable<RawStatement['Condition']>>(
      {},
      { Null: { 'aws:UserAgent': ['true'] } },
      { Bool: { 'aws:SecureTransport': ['true'] } },
      { NumericLessThan: { 'kms:RotationPeriodInDays': ['7'] } },
    ),
  })
  .map(({ quantifier, name, ifExists, key, wanted, more }) => ({
    [quantifier + name + ifExists]: { [key]: wanted },
    ...more,
  }));

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 6 });

const statement: fc.Arbitrary<RawStatement> = fc
  .record({
    deny: fc.boolean(),
    not: fc.record({ principal: fc.boolean(), action: fc.boolean(), resource: fc.boolean() }),
    who: some(principals),
    what: optional(some(actionNames)),
    where: optional(some(resourceNames)),
    when: fc.option(condition, { nil: undefined }),
  })
  .map(
    ({ deny, not, who, what, where, when }): RawStatement => ({
      Effect: deny ? 'Deny' : 'Allow',
      ...(deny && not.principal ? { NotPrincipal: { AWS: who } } : { Principal: { AWS: who } }),
      ...(what && { [not.action ? 'NotAction' : 'Action']: what }),
      ...(where && { [not.resource ? 'NotResource' : 'Resource']: where }),
      ...(when && { Condition: when }),
    }),
  );

const document: fc.Arbitrary<Document> = fc.record({
  Version: fc.constantFrom('2012-10-17', '2012-10-17', '2008-10-17'),
  Statement: fc.array(statement, { minLength: 1, maxLength: 4 }),
});

const question: fc.Arbitrary<Question> = fc.record({
  account: fc.constantFrom(accountId, '444455556666'),
  user: fc.constantFrom('ci', 'ops', 'a*'),
  action: fc.constantFrom('kms:Decrypt', 'kms:Encrypt', 'kms:PutKeyPolicy'),
  key: fc.constantFrom(keyArn, `arn:aws:kms:us-east-1:${accountId}:key/other`),
  values: fc
    .record(
      {
        'aws:username': fc.constantFrom(['ci'], ['a'], ['ab']),
        'kms:encryptioncontextkeys': fc.subarray(['a', 'b', 'ab'], { minLength: 1 }),
        'aws:useragent': fc.constantFrom(['a'], ['ci'], ['x']),
        'aws:securetransport': fc.constantFrom(['true'], ['false']),
        'kms:rotationperiodindays': fc.constantFrom(['3'], ['7'], ['11']),
      },
      { requiredKeys: [] },
    )
    .map((values) => values as Values),
});

describe('two readings of the same policy', () => {
  it('agree on every question', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(document, question, (raw, asked) => {
        const expected = naiveAnswer(raw, asked);
        seen.add(expected);
        assert.equal(answer(raw.Statement, asked, raw.Version), expected);
      }),
      { numRuns: 5000 },
    );
    assert.deepEqual([...seen].sort(), ['allow', 'delegated', 'deny', 'none']);
  });

  it('never find that another allow takes away, or that another deny gives', () => {
    const rank = ['deny', 'none', 'delegated', 'allow'];
    fc.assert(
      fc.property(document, statement, question, (raw, more, asked) => {
        const [before, after] = [raw.Statement, [...raw.Statement, more]].map((statements) =>
          rank.indexOf(answer(statements, asked, raw.Version)),
        );
        if (more.Effect === 'Allow') assert.ok((after ?? 0) >= (before ?? 0));
        else assert.ok((after ?? 0) <= (before ?? 0));
      }),
      { numRuns: 1000 },
    );
  });
});
