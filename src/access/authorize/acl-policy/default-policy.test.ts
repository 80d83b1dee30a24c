import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileAcl } from './compile.ts';
import { defaultPolicyText } from './default-policy.ts';
import { parseAclPolicy } from './policy.ts';

const policy = parseAclPolicy(defaultPolicyText);
const entity = (id: string, name: string) => ({
  entity: { id, name, metadata: {}, aliases: {} },
  groups: [],
});

describe('the policy default', () => {
  it('lets a token look after itself, and nothing more', () => {
    const acl = compileAcl([policy], null);
    const allowed = {
      'auth/token/lookup-self': ['read'],
      'auth/token/renew-self': ['update'],
      'auth/token/revoke-self': ['update'],
      'sys/capabilities-self': ['update'],
      'sys/internal/ui/resultant-acl': ['read'],
      'sys/leases/renew': ['update'],
      'sys/leases/lookup': ['update'],
      'cubbyhole/a/b': ['create', 'delete', 'list', 'read', 'update'],
      'sys/wrapping/wrap': ['update'],
      'sys/wrapping/lookup': ['update'],
      'sys/wrapping/unwrap': ['update'],
      'sys/tools/hash/sha2-256': ['update'],
      'sys/tools/random/32': ['update'],
    };
    for (const [path, names] of Object.entries(allowed))
      assert.deepEqual(acl.capabilities(path), names, path);
    const refused = [
      'auth/token/create',
      'auth/token/lookup',
      'sys/policies/acl/default',
      'sys/wrapping/rewrap',
    ];
    for (const path of [
      ...refused,
      'transit/encrypt/a',
      'secret/data/a',
      'identity/entity/id/',
      'sys/leases/revoke',
      '',
    ])
      assert.deepEqual(acl.capabilities(path), ['deny'], path);
  });

  it('shows an entity to itself alone', () => {
    const acl = compileAcl([policy], entity('e-1', 'bob'));
    assert.deepEqual(acl.capabilities('identity/entity/id/e-1'), ['read']);
    assert.deepEqual(acl.capabilities('identity/entity/name/bob'), ['read']);
    for (const path of ['identity/entity/id/e-2', 'identity/entity/name/eve', 'identity/entity/id/bob'])
      assert.deepEqual(acl.capabilities(path), ['deny']);
  });

  it('never asks for sudo rights', () => {
    assert.ok(policy.rules.length > 15);
    assert.ok(policy.rules.every(({ capabilities }) => !capabilities.includes('sudo')));
  });
});
