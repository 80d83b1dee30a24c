import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

describe('what clients ask of sys before they go on', () => {
  let vault: VaultHouse;
  before(async () => {
    vault = await startVault();
  });
  after(() => vault.close());

  it('is told in shapes that they read', async () => {
    const audit = await vault.ask('GET', 'sys/audit');
    assert.equal((audit['claviger/'] as { type: string }).type, 'claviger');
    assert.match(await vault.refusal('PUT', 'sys/audit/file', { type: 'file' }), /^400 audit devices/);
    assert.match(await vault.refusal('DELETE', 'sys/audit/claviger'), /^400 audit devices/);
    assert.deepEqual((await vault.ask('LIST', 'sys/namespaces')).data?.['keys'], ['default/']);
    assert.deepEqual((await vault.ask('GET', 'sys/ha-status')).data, { nodes: [] });
    assert.equal(await vault.refusal('PUT', 'sys/leases/lookup', { lease_id: 'x' }), '400 invalid lease');
    assert.equal((await vault.send('PUT', 'sys/leases/revoke-prefix/a/b', {})).status, 204);
    assert.equal((await vault.send('GET', 'sys/license/status')).status, 404);
  });

  it('is described, as far as the token sees it', async () => {
    const { paths } = (await vault.ask('GET', 'sys/internal/specs/openapi')) as unknown as {
      paths: Record<string, { get?: object; post?: object }>;
    };
    assert.ok(paths['/transit/encrypt/{name}']?.post);
    assert.ok(paths['/secret/data/{path}']?.get);
    assert.ok(paths['/auth/token/create']?.post);
    await vault.ask('PUT', 'sys/policies/acl/one', {
      policy: 'path "transit/encrypt/a" { capabilities = ["update"] }',
    });
    const { auth } = await vault.ask('POST', 'auth/token/create', {
      policies: ['one'],
      no_default_policy: true,
    });
    const told = await vault.ask('GET', 'sys/internal/specs/openapi', undefined, {
      token: String(auth?.['client_token']),
    });
    const seen = Object.keys(told['paths'] as object);
    assert.ok(seen.length > 5 && seen.every((path) => path.startsWith('/transit/')), seen.join(' '));
  });

  it('helps on every path', async () => {
    const help = await vault.ask('GET', 'transit/keys/a?help=1');
    assert.match(String(help['help']), /DESCRIPTION/);
  });
});
