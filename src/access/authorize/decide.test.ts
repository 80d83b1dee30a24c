import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { roles, type Principal } from '#domain';
import { compileAcl, rootAcl } from './acl-policy/compile.ts';
import { parseAclPolicy } from './acl-policy/policy.ts';
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

describe('the policies of a token', () => {
  const path = 'transit/decrypt/k';
  const request = {
    path,
    capability: 'update',
    needsSudo: false,
    parameters: null,
    wrapSeconds: null,
  } as const;
  const acl = compileAcl([parseAclPolicy(`path "${path}" { capabilities = ["update"] }`)], null);
  const nobody = { ...principal, roles: [] };

  it('stand in the place of roles, for their path alone', () => {
    assert.equal(ask({ scope: { acl, request } }).allowed, true);
    assert.equal(ask({ scope: { acl, request }, principal: nobody }).allowed, true);
    for (const other of [
      { ...request, path: 'transit/decrypt/l' },
      { ...request, capability: 'read' as const },
    ])
      assert.equal(ask({ scope: { acl, request: other } }).allowed, false);
  });

  it('allow nothing where no path is asked for', () => {
    for (const permission of all)
      for (const key of [null, keyWith(null), keyWith([everything])])
        assert.equal(
          ask({ permission, key, scope: { acl: rootAcl, request: null } }).allowed,
          false,
          permission,
        );
  });

  it("never give what is the house's own, or kept from administrators", () => {
    for (const permission of all) {
      const { roles: holders } = permissions[permission];
      const isGiven = holders.includes('administrator');
      assert.equal(ask({ permission, scope: { acl: rootAcl, request } }).allowed, isGiven, permission);
      assert.equal(ask({ permission, scope: { acl: rootAcl, request: 'own' } }).allowed, isGiven, permission);
    }
    const exporter = { ...principal, roles: ['exporter'] as const };
    assert.equal(
      ask({ permission: 'keys:export', principal: exporter, scope: { acl: rootAcl, request } }).allowed,
      true,
    );
  });

  it('give nothing that a key policy denies, or does not leave to the environment', () => {
    assert.equal(
      ask({ key: keyWith([everything, denyAll]), scope: { acl: rootAcl, request } }).reason,
      'explicit-deny',
    );
    const others = keyWith([{ ...everything, Action: 'kms:Encrypt' }]);
    assert.equal(ask({ key: others, scope: { acl: rootAcl, request } }).reason, 'no-statement');
    // and a key policy that names the principal gives its token no more than the token has
    const none = compileAcl([], null);
    assert.equal(ask({ key: keyWith([everything]), scope: { acl: none, request } }).allowed, false);
    assert.equal(
      ask({ key: keyWith(null, 'elsewhere'), scope: { acl: rootAcl, request } }).reason,
      'other-environment',
    );
  });

  it('give nothing to a principal that is disabled', () => {
    const disabled = { ...principal, disabled: true };
    assert.equal(ask({ principal: disabled, scope: { acl: rootAcl, request } }).reason, 'principal-disabled');
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
