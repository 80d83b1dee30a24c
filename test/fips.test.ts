import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { StopError } from '#domain';
import { operations } from '#operations';
import { byId, decryptText, encryptUnder, makeKey, openWorld } from '../src/operations/house.fixture.ts';
import { temporaryFolder } from '../src/server/home.fixture.ts';
import { readProvider, requireFips } from '../src/server/fips.ts';

const program = path.join(import.meta.dirname, '..', 'src', 'cli', 'main.mjs');
function run(home: string, args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      CLAVIGER_HOME: home,
      ...env,
    },
  });
}

describe('FIPS mode', () => {
  it('refuses to start without the provider, and makes nothing', (test) => {
    const home = temporaryFolder(test);
    for (const command of ['serve', 'init']) {
      const { status, stderr } = run(home, [command], { CLAVIGER_FIPS: '1' });
      assert.notEqual(status, 0);
      assert.match(stderr, /CLAVIGER_FIPS=1: Node does not start with --enable-fips.*OPENSSL_CONF/s);
    }
    assert.equal(fs.existsSync(path.join(home, 'data')), false);
    assert.throws(() => requireFips(), StopError);
  });

  it('reads what OpenSSL tells of its providers', () => {
    const text =
      'Providers:\n  base\n    name: OpenSSL Base Provider\n    version: 3.5.8\n    status: active\n' +
      '  fips\n    name: OpenSSL FIPS Provider\n    version: 3.5.9\n    status: active\n';
    assert.equal(readProvider(text), 'module OpenSSL FIPS Provider version 3.5.9');
    for (const other of ['', text.replace('  fips\n', '  fits\n'), 'fips\n', text.replace('3.5.9', '')])
      assert.equal(readProvider(other), null);
  });

  it('makes and uses approved keys only, and takes an approved algorithm by itself', async (test) => {
    const world = await openWorld();
    test.after(() => world.dispose());
    const before = await makeKey(world);
    const chacha = await makeKey(world, { spec: 'CHACHA20' });
    const old = await encryptUnder(world, byId(before));
    const oldChacha = await encryptUnder(world, byId(chacha));
    Object.assign(world.house, { fips: 'FIPS provider active, module M version 1' });
    const refused = { code: 'algorithm-forbids' };
    for (const spec of ['CHACHA20', 'X25519', 'EC_SECP256K1'] as const) {
      const usage = spec === 'CHACHA20' ? 'encrypt' : spec === 'X25519' ? 'key-agreement' : 'sign';
      await assert.rejects(makeKey(world, { spec, usage }), { code: 'operation-unsupported' });
    }
    await assert.rejects(encryptUnder(world, byId(chacha)), refused);
    await assert.rejects(decryptText(world, oldChacha), refused);
    for (const algorithm of ['XAES_256_GCM', 'AES_GCM_SIV'] as const)
      await assert.rejects(encryptUnder(world, byId(before), { algorithm }), refused);
    assert.equal(await decryptText(world, old), 'the plaintext');
    const { algorithm } = await world.door.run(operations.encrypt, world.caller(), {
      key: byId(await makeKey(world)),
      plaintext: Buffer.from('x'),
      context: null,
      algorithm: null,
      version: null,
      dryRun: false,
    });
    assert.equal(algorithm, 'AES_GCM');
    const status = await world.door.run(operations.serverStatus, world.caller(), {});
    assert.match(status.fips ?? '', /^FIPS provider active/);
  });
});
