import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { openStore } from '#storage';
import { contentsOf } from '../../../test/contents.ts';
import { configOf, readCredentials, temporaryFolder } from '../home.fixture.ts';
import { compose } from '../compose.ts';
import { createLogger } from '../logger.ts';
import { currentParameters } from './parameters.ts';
import { shamirHome, startSealable } from './shamir.fixture.ts';
import { startSealedServer } from './serve-sealed.ts';

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  const limit = performance.now() + 10_000;
  while (!(await condition())) {
    assert.ok(performance.now() < limit, 'waited in vain');
    await new Promise((next) => setImmediate(next));
  }
};

describe('a sealed server', () => {
  it('is alive and not ready, and says in every shape that it is sealed', async (test) => {
    const { config, home } = await shamirHome(test);
    const { ask, server, states } = await startSealable(test, config);
    const token = readCredentials(home)['CLAVIGER_TOKEN'] ?? '';
    assert.deepEqual(await ask('GET', '/healthz'), { status: 200, body: { status: 'ok', sealed: true } });
    const ready = await ask('GET', '/readyz');
    assert.deepEqual(ready, { status: 503, body: { status: 'not ready', checks: { unsealed: 'failing' } } });
    const native = await ask('GET', '/api/v1/keys', undefined, token);
    assert.deepEqual([native.status, native.body['code']], [503, 'sealed']);
    const unknown = await ask('GET', '/api/v1/nothing');
    assert.deepEqual([unknown.status, unknown.body['code']], [503, 'sealed']);
    const aws = await fetch(server.address, {
      method: 'POST',
      headers: { 'x-amz-target': 'TrentService.ListKeys' },
      body: '{}',
    });
    assert.equal(aws.status, 503);
    assert.match(await aws.text(), /"__type":"ServiceUnavailableException"/);
    assert.equal((await ask('GET', '/v1/sys/health')).status, 503);
    assert.match(String((await ask('GET', '/metrics')).body['text']), /^claviger_sealed 1$/m);
    assert.deepEqual(states, ['sealed']);
  });

  it('is unsealed by three custodians, each alone, and tells how far it is', async (test) => {
    const { config, home, shares } = await shamirHome(test);
    const { ask, unseal, states, lines } = await startSealable(test, config);
    const setId = shares[0]?.split(':')[1];
    const about = { setId, shares: 5, threshold: 3 };
    assert.deepEqual((await ask('GET', '/api/v1/seal-status')).body, { sealed: true, ...about, given: 0 });
    assert.deepEqual((await unseal(shares[4])).body, { sealed: true, ...about, given: 1 });
    assert.deepEqual((await unseal(shares[0])).body, { sealed: true, ...about, given: 2 });
    assert.deepEqual(await unseal(shares[3]), { status: 200, body: { sealed: false, ...about, given: 0 } });
    // who comes later is told that there is nothing to do
    assert.deepEqual(await unseal(shares[1]), { status: 200, body: { sealed: false, ...about, given: 0 } });
    assert.deepEqual(states, ['sealed', 'ready']);
    const token = readCredentials(home)['CLAVIGER_TOKEN'];
    const status = await ask('GET', '/api/v1/status', undefined, token);
    assert.deepEqual((status.body['root'] as { kind: string; tier: string }).tier, 'served');
    assert.equal((await ask('GET', '/readyz')).status, 200);
    assert.deepEqual((await ask('GET', '/healthz')).body, { status: 'ok' });
    assert.match(String((await ask('GET', '/metrics')).body['text']), /^claviger_sealed 0$/m);
    const told = JSON.stringify(lines());
    for (const share of shares) assert.ok(!told.includes(share.split(':')[4] ?? ''));
    const log = contentsOf(path.join(home, 'audit'))
      .map(({ bytes }) => bytes.toString('latin1'))
      .join();
    assert.match(log, /"server\.unseal".*"shares":"5 1 4","refused":0/);
  });

  it('refuses wrong shares with a code of its own for each fault, and loses nothing by them', async (test) => {
    const mine = await shamirHome(test);
    const others = await shamirHome(test);
    const { ask, unseal } = await startSealable(test, mine.config);
    const [first = '', second = '', third = ''] = mine.shares;
    await unseal(first);
    const codes = async (share: unknown) => {
      const { status, body } = await ask('POST', '/api/v1/unseal', share);
      assert.ok(!JSON.stringify(body).includes(first.split(':')[4] ?? ''));
      return [status, body['code']];
    };
    assert.deepEqual(await codes({ share: first }), [409, 'share-repeated']);
    assert.deepEqual(await codes({ share: others.shares[1] }), [409, 'share-foreign']);
    assert.deepEqual(await codes({ share: `${second}0` }), [400, 'share-invalid']);
    assert.deepEqual(await codes({ share: second.slice(0, -1) }), [400, 'share-invalid']);
    assert.deepEqual(await codes({}), [400, 'input-invalid']);
    assert.deepEqual(await codes({ share: second, more: 1 }), [400, 'input-invalid']);
    assert.deepEqual(await codes({ share: 'x'.repeat(513) }), [400, 'input-invalid']);
    assert.deepEqual(await codes({ share: 'x'.repeat(5000) }), [413, 'input-too-large']);
    assert.equal((await ask('GET', '/api/v1/unseal')).status, 405);
    assert.equal((await ask('GET', '/api/v1/seal-status')).body['given'], 1);
    assert.equal((await unseal(second, third)).body['sealed'], false);
  });

  it('drops what was given when it is told to', async (test) => {
    const { config, shares } = await shamirHome(test);
    const { ask, unseal } = await startSealable(test, config);
    await unseal(shares[0], shares[1]);
    assert.equal((await ask('POST', '/api/v1/unseal/reset')).body['given'], 0);
    assert.equal((await unseal(shares[2])).body['given'], 1);
    assert.equal((await unseal(shares[0], shares[1])).body['sealed'], false);
  });

  it('is unsealed once by many shares that come at the same time', async (test) => {
    const { config, shares } = await shamirHome(test);
    const { unseal, states } = await startSealable(test, config);
    const answers = await Promise.all([...shares, ...shares].map((share) => unseal(share)));
    for (const { status } of answers) assert.ok(status === 200 || status === 409);
    assert.equal(answers.filter(({ status, body }) => status === 200 && body['sealed'] === true).length, 2);
    assert.deepEqual(states, ['sealed', 'ready']);
  });

  it('stays sealed where the house does not open, and can be tried again', async (test) => {
    const { config, home, shares } = await shamirHome(test);
    const { ask, unseal, states, lines } = await startSealable(test, config);
    // another process holds the log of this node
    const shred = path.join(home, 'shred');
    fs.renameSync(shred, `${shred}.away`);
    fs.writeFileSync(shred, '');
    const failed = await unseal(...shares.slice(0, 3));
    assert.ok(failed.status >= 500, JSON.stringify(failed));
    assert.deepEqual((await ask('GET', '/api/v1/seal-status')).body['given'], 0);
    assert.equal((await ask('GET', '/readyz')).status, 503);
    assert.ok(lines().some(({ message }) => message === 'unsealing failed; all shares were dropped'));
    fs.rmSync(shred);
    fs.renameSync(`${shred}.away`, shred);
    assert.equal((await unseal(...shares.slice(0, 3))).body['sealed'], false);
    assert.deepEqual(states, ['sealed', 'ready']);
  });
});

describe('sealing', () => {
  it('is for administrators, finishes what was accepted, and can be undone by custodians alone', async (test) => {
    const { config, home, shares } = await shamirHome(test);
    const { ask, unseal, states } = await startSealable(test, config);
    await unseal(...shares.slice(0, 3));
    const token = readCredentials(home)['CLAVIGER_TOKEN'] ?? '';
    await ask('POST', '/api/v1/principals', { name: 'ops', roles: ['operator'] }, token);
    const ops = await ask('POST', '/api/v1/principals/ops/tokens', {}, token);
    assert.equal((await ask('POST', '/api/v1/seal')).status, 401);
    const denied = await ask('POST', '/api/v1/seal', {}, String(ops.body['token']));
    assert.deepEqual([denied.status, denied.body['code']], [403, 'access-denied']);
    const key = await ask('POST', '/api/v1/keys', { name: 'k' }, token);
    assert.equal(key.status, 200);
    const encrypt = () => ask('POST', '/api/v1/keys/k/encrypt', { plaintext: 'AAAA' }, token);
    const working = Array.from({ length: 40 }, encrypt);
    const sealing = await ask('POST', '/api/v1/seal', {}, token);
    assert.deepEqual(sealing, { status: 200, body: { sealing: true } });
    for (const { status, body } of await Promise.all(working)) {
      assert.ok(status === 200 || body['code'] === 'sealed', JSON.stringify(body));
    }
    await until(() => states.length === 3);
    assert.deepEqual(states, ['sealed', 'ready', 'sealed']);
    assert.equal((await encrypt()).body['code'], 'sealed');
    assert.equal((await unseal(shares[0], shares[1])).body['sealed'], true);
    assert.equal((await unseal(shares[2])).body['sealed'], false);
    assert.equal((await encrypt()).status, 200);
  });

  it('is not offered where the root is not in shares', async (test) => {
    const home = temporaryFolder(test);
    const { startServer } = await import('../serve.ts');
    const server = await startServer(configOf(home), { logger: createLogger('silent') });
    test.after(() => server.stop());
    const authorization = `Bearer ${readCredentials(home)['CLAVIGER_TOKEN']}`;
    const answer = await fetch(`${server.address}/api/v1/seal`, {
      method: 'POST',
      headers: { authorization },
    });
    assert.equal(((await answer.json()) as { code: string }).code, 'operation-unsupported');
  });
});

describe('a home in shares', () => {
  it('is refused where nothing was initialised, with several workers, and with another root', async (test) => {
    const empty = configOf(temporaryFolder(test), { CLAVIGER_ROOT: 'shamir:' });
    await assert.rejects(startSealedServer(empty), /claviger init --shares 5 --threshold 3/);
    const { home } = await shamirHome(test);
    const many = configOf(home, { CLAVIGER_ROOT: 'shamir:', CLAVIGER_WORKERS: '2' });
    await assert.rejects(startSealedServer(many), /set workers to 1/);
    const options = { logger: createLogger('silent'), worker: 0 };
    await assert.rejects(compose({ config: configOf(home), ...options }), /root key file .* can't be opened/);
    assert.equal(fs.existsSync(path.join(home, 'root', 'root.key')), false);
    const sealed = configOf(home, { CLAVIGER_ROOT: 'shamir:' });
    await assert.rejects(compose({ config: sealed, ...options }), /claviger serve/);
  });

  it('keeps neither the root key nor a share in any file', async (test) => {
    const { home, shares } = await shamirHome(test);
    const parts = shares.map((share) => share.split(':')[4] ?? '?');
    const files = contentsOf(home);
    assert.ok(files.length > 5);
    for (const { name, bytes } of files) {
      const content = bytes.toString('latin1');
      assert.ok(!content.includes('claviger-share-'), name);
      for (const part of parts) assert.ok(!content.includes(part), name);
    }
    assert.equal(fs.existsSync(path.join(home, 'root')), false);
    const store = await openStore(configOf(home).databaseUrl);
    assert.equal((await currentParameters(store))?.setId, shares[0]?.split(':')[1]);
    await store.close();
  });
});
