import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal, Role } from '#domain';
import { locksOut } from './compile.ts';
import { defaultPolicy, parsePolicy } from './policy.ts';

const accountId = '111122223333';
const keyArn = `arn:aws:kms:us-east-1:${accountId}:key/ci`;
const user = (name: string) => `arn:aws:iam::${accountId}:user/${name}`;
const everything = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } as const;

type Values = Readonly<Record<string, readonly string[]>>;
const valuesOf = (values: Values) => (key: string) => values[key.toLowerCase()];

describe('the lockout check', () => {
  const writer = (roles: readonly Role[]): Principal => ({
    id: 'p',
    environment: 'production',
    name: 'ci',
    kind: 'user',
    roles,
    createdAt: 0,
    disabled: false,
  });
  const lockedOut = (
    statements: readonly object[],
    roles: readonly Role[] = ['administrator'],
    values: Values = {},
  ) => {
    const policy = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
    return locksOut(policy, { principal: writer(roles), accountId, keyArn, values: valuesOf(values) });
  };

  it('accepts the default policy of those whose roles may write policies, and of no others', () => {
    const policy = parsePolicy(defaultPolicy(accountId));
    const refuses = (roles: readonly Role[]) =>
      locksOut(policy, { principal: writer(roles), accountId, keyArn, values: () => undefined });
    assert.equal(refuses(['administrator']), false);
    assert.equal(refuses(['operator']), false);
    for (const roles of [[], ['user'], ['auditor'], ['user', 'auditor']] as const)
      assert.equal(refuses(roles), true);
  });

  it('asks for kms:PutKeyPolicy, for this writer, on this key', () => {
    assert.equal(lockedOut([everything], []), false);
    assert.equal(
      lockedOut([{ ...everything, Action: 'kms:PutKeyPolicy', Principal: { AWS: user('ci') } }], []),
      false,
    );
    assert.equal(lockedOut([{ ...everything, Action: 'kms:Decrypt' }]), true);
    assert.equal(lockedOut([{ ...everything, Principal: { AWS: user('ops') } }]), true);
    assert.equal(
      lockedOut([{ ...everything, Resource: 'arn:aws:kms:us-east-1:111122223333:key/other' }]),
      true,
    );
    assert.equal(lockedOut([everything, { ...everything, Effect: 'Deny', Action: 'kms:Put*' }]), true);
  });

  it('looks at conditions with the values of the request that writes the policy', () => {
    const onlyFrom = { ...everything, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } };
    assert.equal(lockedOut([onlyFrom], [], { 'aws:sourceip': ['10.1.1.1'] }), false);
    assert.equal(lockedOut([onlyFrom], [], { 'aws:sourceip': ['11.1.1.1'] }), true);
    const notFrom = {
      ...everything,
      Effect: 'Deny',
      Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    };
    assert.equal(lockedOut([everything, notFrom], [], { 'aws:sourceip': ['10.1.1.1'] }), false);
    assert.equal(lockedOut([everything, notFrom], [], { 'aws:sourceip': ['11.1.1.1'] }), true);
  });
});
