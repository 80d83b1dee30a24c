import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCredentials } from '../home.fixture.ts';
import { shamirHome, startSealable } from './shamir.fixture.ts';

const vaultSealed = { status: 503, body: { errors: ['Vault is sealed'] } };

describe('a sealed server, to clients of Vault', () => {
  it('tells that it is sealed, and with what code, and refuses the rest', async (test) => {
    const { config } = await shamirHome(test);
    const { ask, server } = await startSealable(test, config);
    const health = await ask('GET', '/v1/sys/health');
    assert.equal(health.status, 503);
    assert.deepEqual([health.body['initialized'], health.body['sealed']], [true, true]);
    assert.equal((await ask('GET', '/v1/sys/health?sealedcode=299')).status, 299);
    assert.equal((await ask('GET', '/v1/sys/health?sealedcode=99999')).status, 503);
    assert.equal((await ask('GET', '/v1/sys/health?activecode=200&uninitcode=200')).status, 503);
    const head = await fetch(`${server.address}/v1/sys/health?sealedcode=204`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [204, '']);
    assert.deepEqual((await ask('GET', '/v1/sys/init')).body, { initialized: true });
    assert.equal((await ask('GET', '/v1/sys/leader')).body['is_self'], true);
    for (const [method, path] of [
      ['GET', '/v1/secret/data/x'],
      ['PUT', '/v1/auth/userpass/login/a'],
      ['PUT', '/v1/sys/seal'],
      ['GET', '/v1/sys/mounts'],
      ['GET', '/v1/sys/rekey/init'],
      ['PUT', '/v1/sys/generate-root/attempt'],
    ] as const)
      assert.deepEqual(await ask(method, path, method === 'PUT' ? {} : undefined, 'x'), vaultSealed, path);
  });

  it('is unsealed by shares as keys, with its progress, its reset and its refusals', async (test) => {
    const { config, home, shares } = await shamirHome(test);
    const others = await shamirHome(test);
    const { ask, states } = await startSealable(test, config);
    const unseal = (body: unknown) => ask('PUT', '/v1/sys/unseal', body);
    const [first = '', second = '', third = ''] = shares;
    const status = (await ask('GET', '/v1/sys/seal-status')).body;
    const seen = ({ type, sealed, t, n, progress }: Record<string, unknown>) => [
      type,
      sealed,
      t,
      n,
      progress,
    ];
    assert.deepEqual(seen(status), ['shamir', true, 3, 5, 0]);
    assert.deepEqual(seen((await unseal({ key: first })).body), ['shamir', true, 3, 5, 1]);
    assert.deepEqual(seen((await unseal({ reset: 'true' })).body), ['shamir', true, 3, 5, 0]);
    const refusals = [
      {},
      null,
      { key: '' },
      { key: 'x' },
      { key: 'x'.repeat(600) },
      { key: [] },
      { key: `${second}0` },
      { key: others.shares[1] },
    ];
    for (const wrong of refusals) {
      const { status: code, body } = await unseal(wrong);
      assert.equal(code, 400, JSON.stringify(body));
      assert.equal(typeof (body['errors'] as unknown[])[0], 'string');
      assert.deepEqual(Object.keys(body), ['errors']);
    }
    await unseal({ key: `${first}\n` });
    const again = await unseal({ key: first });
    assert.equal(again.status, 400);
    assert.deepEqual(seen((await ask('POST', '/v1/sys/unseal', { key: second })).body), [
      'shamir',
      true,
      3,
      5,
      2,
    ]);
    assert.deepEqual(seen((await unseal({ key: third })).body), ['shamir', false, 3, 5, 0]);
    assert.deepEqual(seen((await unseal({ key: first })).body), ['shamir', false, 3, 5, 0]);
    assert.deepEqual(states, ['sealed', 'ready']);
    assert.equal((await ask('GET', '/v1/sys/health')).status, 200);
    assert.equal((await ask('GET', '/v1/sys/health?activecode=418')).status, 418);
    const token = readCredentials(home)['VAULT_TOKEN'];
    const sealing = await ask('PUT', '/v1/sys/seal', undefined, token);
    assert.equal(sealing.status, 204);
    const limit = performance.now() + 10_000;
    while (states.length < 3 && performance.now() < limit) await new Promise((next) => setImmediate(next));
    assert.deepEqual(seen((await ask('GET', '/v1/sys/seal-status')).body), ['shamir', true, 3, 5, 0]);
  });

  it('says which command makes new shares and tokens', async (test) => {
    const { config, shares } = await shamirHome(test);
    const { ask, unseal } = await startSealable(test, config);
    await unseal(...shares.slice(0, 3));
    const rekey = await ask('GET', '/v1/sys/rekey/init');
    assert.deepEqual([rekey.status, rekey.body['started'], rekey.body['required']], [200, false, 3]);
    const root = await ask('GET', '/v1/sys/generate-root/attempt');
    assert.deepEqual([root.status, root.body['started'], root.body['required']], [200, false, 3]);
    const told = async (path: string) => {
      const { status, body } = await ask('PUT', path, {});
      return [status, String((body['errors'] as string[])[0])] as const;
    };
    for (const [path, words] of [
      ['/v1/sys/rekey/init', /claviger root rekey/],
      ['/v1/sys/rekey/update', /^no rekey in progress$/],
      ['/v1/sys/generate-root/attempt', /claviger principal token/],
      ['/v1/sys/generate-root/update', /^no root generation in progress$/],
      ['/v1/sys/init', /^Vault is already initialized/],
    ] as const) {
      const [status, text] = await told(path);
      assert.equal(status, 400);
      assert.match(text, words);
    }
    assert.equal((await ask('DELETE', '/v1/sys/rekey/init')).status, 204);
  });
});
