import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { roles, type Principal } from '#domain';
import { type AccessRequest, decide } from './decide.ts';
import { compilePolicy } from './key-policy/compile.ts';
import { defaultPolicy, parsePolicy } from './key-policy/policy.ts';
import { type Permission, permissions } from './permissions.ts';

const accountId = '111122223333';
const keyArn = `arn:aws:kms:us-east-1:${accountId}:key/k`;
const principal: Principal = {
  id: 'p',
  environment: 'production',
  name: 'ci',
  kind: 'user',
  roles: ['administrator'],
  createdAt: 0,
  disabled: false,
};
const all = Object.keys(permissions) as Permission[];

function keyWith(statements: readonly object[] | null, environment = 'production') {
  const json = statements ? JSON.stringify({ Statement: statements }) : defaultPolicy(accountId);
  return { environment, policy: compilePolicy(parsePolicy(json), { accountId, keyArn }) };
}

function ask(change: Partial<AccessRequest> = {}) {
  const request = {
    principal,
    accountId,
    permission: 'keys:decrypt',
    key: keyWith(null),
    values: () => undefined,
  } as const;
  return decide({ ...request, ...change });
}

const everything = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } as const;
const denyAll = { ...everything, Sid: 'stop', Effect: 'Deny' };

describe('the decision', () => {
  it('is no where nothing says yes', () => {
    for (const permission of all) {
      const nobody = { ...principal, roles: [] };
      assert.equal(ask({ permission, principal: nobody }).allowed, false, permission);
      assert.equal(ask({ permission, principal: nobody, key: null }).allowed, false, permission);
    }
    assert.deepEqual(ask({ key: keyWith([{ ...everything, Action: 'kms:Encrypt' }]) }), {
      allowed: false,
      reason: 'no-statement',
      sid: null,
    });
  });

  it('says which rule made it', () => {
    assert.deepEqual(ask(), { allowed: true, reason: 'role', sid: 'Enable IAM User Permissions' });
    assert.deepEqual(ask({ key: null, permission: 'keys:create' }), {
      allowed: true,
      reason: 'role',
      sid: null,
    });
    assert.deepEqual(ask({ principal: { ...principal, roles: ['auditor'] } }), {
      allowed: false,
      reason: 'no-role',
      sid: 'Enable IAM User Permissions',
    });
    assert.deepEqual(
      ask({ key: keyWith([{ ...everything, Sid: 'all' }]), principal: { ...principal, roles: [] } }),
      {
        allowed: true,
        reason: 'key-policy',
        sid: 'all',
      },
    );
  });

  it('is no where any statement denies, for every permission and every role', () => {
    for (const permission of all) {
      const principalOfAll = { ...principal, roles };
      const denied = ask({ permission, principal: principalOfAll, key: keyWith([everything, denyAll]) });
      assert.deepEqual(denied, { allowed: false, reason: 'explicit-deny', sid: 'stop' }, permission);
    }
  });

  it('stops at the wall of the environment, whatever the policy says', () => {
    assert.deepEqual(ask({ key: keyWith([everything], 'staging') }), {
      allowed: false,
      reason: 'other-environment',
      sid: null,
    });
  });

  it('is no for the disabled, whatever they could', () => {
    const disabled = { ...principal, disabled: true };
    for (const key of [null, keyWith(null), keyWith([everything])])
      assert.equal(ask({ principal: disabled, key }).reason, 'principal-disabled');
  });

  it('does not let a key policy give what key policies have no word for', () => {
    for (const permission of all.filter((name) => permissions[name].awsAction === null)) {
      const nobody = { ...principal, roles: [] };
      assert.equal(
        ask({ permission, principal: nobody, key: keyWith([everything]) }).allowed,
        false,
        permission,
      );
    }
  });
});

describe('the roles', () => {
  const allowed = (role: Principal['roles'][number]) =>
    all.filter(
      (permission) => ask({ principal: { ...principal, roles: [role] }, permission, key: null }).allowed,
    );

  it('keep duties apart: who manages keys can not use them, who uses them can not manage them', () => {
    const material = all.filter((name) =>
      /^keys:(encrypt|decrypt|reencrypt|generate|sign|derive|verify)/.test(name),
    );
    assert.ok(material.length >= 12);
    for (const name of material) {
      assert.ok(!allowed('operator').includes(name), name);
      assert.ok(!allowed('auditor').includes(name), name);
      assert.ok(allowed('user').includes(name), name);
    }
    for (const name of [
      'keys:put-policy',
      'keys:schedule-destruction',
      'keys:disable',
      'principals:create',
    ] as const)
      assert.ok(!allowed('user').includes(name) && !allowed('auditor').includes(name), name);
  });

  it('leave the own work of the house to nobody, and its administration to administrators', () => {
    for (const role of roles)
      for (const name of ['keys:destroy', 'keys:rotate-due'] as const)
        assert.ok(!allowed(role).includes(name));
    for (const role of ['operator', 'user', 'auditor'] as const)
      for (const name of all.filter((entry) =>
        /^(principals|credentials|environments):(create|update|delete)/.test(entry),
      ))
        assert.ok(!allowed(role).includes(name), `${role} ${name}`);
  });
});
