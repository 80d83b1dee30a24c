import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ClavigerError } from '#domain';
import { loadConfig, settings, type ConfigSources } from './config.ts';
import { localAddress } from './credentials-file.ts';
import { temporaryFolder } from './home.fixture.ts';

function homeWith(test: TestContext, file?: unknown): string {
  const home = temporaryFolder(test);
  if (file !== undefined)
    fs.writeFileSync(
      path.join(home, 'claviger.json'),
      typeof file === 'string' ? file : JSON.stringify(file),
    );
  return home;
}

function refused(sources: ConfigSources, why: RegExp): void {
  assert.throws(
    () => loadConfig(sources),
    (error: unknown) => {
      assert.ok(error instanceof ClavigerError && error.code === 'configuration-invalid', String(error));
      assert.match(error.message, why);
      return true;
    },
  );
}

describe('the configuration', () => {
  it('takes flags before the environment before the file before the defaults, and says so', (test) => {
    const home = homeWith(test, { region: 'from-file', logLevel: 'warn', workers: 3, node: 'from-file' });
    const env = { CLAVIGER_HOME: home, CLAVIGER_REGION: 'from-env', CLAVIGER_LOG_LEVEL: 'debug' };
    const config = loadConfig({ env, flags: { region: 'from-flag' } });
    assert.deepEqual(
      [config.region, config.logLevel, config.workers, config.node],
      ['from-flag', 'debug', 3, 'from-file'],
    );
    const { origins } = config;
    assert.deepEqual(
      [origins['region'], origins['logLevel'], origins['workers'], origins['listen']],
      ['flag', 'environment', 'file', 'default'],
    );
    assert.deepEqual(Object.keys(origins).sort(), settings.map(({ name }) => name).sort());
  });

  it('keeps everything in the home where nothing else is said', (test) => {
    const home = homeWith(test);
    const config = loadConfig({ env: { CLAVIGER_HOME: home } });
    assert.equal(config.home, home);
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8200 });
    assert.equal(config.databaseUrl, `sqlite:${home}/data/claviger.db`);
    assert.equal(config.shredUrl, `sqlite:${home}/shred/shred.db`);
    assert.equal(config.root, `file:${home}/root/root.key`);
    assert.equal(config.auditFolder, `${home}/audit`);
    assert.deepEqual(
      [config.tls, config.passphraseFile, config.node, config.bootstrapFile],
      [null, null, null, null],
    );
  });

  it("finds the home: flag, variable, checkout, XDG, the user's own", () => {
    const homeOf = (env: Record<string, string>, more: Partial<ConfigSources> = {}) =>
      loadConfig({ env, ...more }).home;
    const all = { CLAVIGER_HOME: '/nowhere/b', XDG_DATA_HOME: '/nowhere/d', HOME: '/nowhere/e' };
    assert.equal(homeOf(all, { flags: { home: '/nowhere/a' } }), '/nowhere/a');
    assert.equal(homeOf(all, { checkoutHome: '/nowhere/c' }), '/nowhere/b');
    assert.equal(homeOf({ ...all, CLAVIGER_HOME: '' }, { checkoutHome: '/nowhere/c' }), '/nowhere/c');
    assert.equal(homeOf({ ...all, CLAVIGER_HOME: '' }), '/nowhere/d/claviger');
    //= xdg basedir: empty is unset, and what is not absolute is ignored
    for (const XDG_DATA_HOME of ['', 'relative'])
      assert.equal(homeOf({ XDG_DATA_HOME, HOME: '/nowhere/e' }), '/nowhere/e/.local/share/claviger');
    assert.ok(path.isAbsolute(homeOf({ HOME: '' })));
    assert.equal(homeOf({ CLAVIGER_HOME: 'relative' }), path.resolve('relative'));
  });

  it('refuses a file that says what there is not, or is none', (test) => {
    const fileOf = (content: unknown) => ({ env: { CLAVIGER_HOME: homeWith(test, content) } });
    refused(fileOf({ lisen: '127.0.0.1:1' }), /lisen/);
    refused(fileOf({ home: '/elsewhere' }), /home/);
    refused(fileOf({ region: null }), /region/);
    refused(fileOf({ region: ['a'] }), /region/);
    refused(fileOf({ passphraseFile: '' }), /passphraseFile/);
    refused(fileOf('{"region":'), /not JSON/);
    refused(fileOf('[]'), /one object/);
    refused(fileOf('null'), /one object/);
  });

  it('does not quote a file that can not be read, for it may hold a password', (test) => {
    const home = homeWith(test, '{"databaseUrl":"postgres://me:hunter2@db"');
    assert.throws(
      () => loadConfig({ env: { CLAVIGER_HOME: home } }),
      (error: unknown) => {
        assert.ok(error instanceof ClavigerError);
        assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter2|postgres/);
        return true;
      },
    );
  });

  it('refuses an empty flag', () => {
    refused({ env: {}, flags: { home: '' } }, /home/);
    refused({ env: {}, flags: { root: '' } }, /root/);
  });

  it('checks each value', () => {
    const withEnv = (name: string, value: string): ConfigSources => ({
      env: { CLAVIGER_HOME: '/nowhere', [name]: value },
    });
    const bad: readonly (readonly [string, string])[] = [
      ['CLAVIGER_LISTEN', '8200'],
      ['CLAVIGER_LISTEN', '127.0.0.1'],
      ['CLAVIGER_LISTEN', '127.0.0.1:65536'],
      ['CLAVIGER_LISTEN', ':8200'],
      ['CLAVIGER_LISTEN', '::1:8200'],
      ['CLAVIGER_LISTEN', '127.0.0.1:-1'],
      ['CLAVIGER_WORKERS', '0'],
      ['CLAVIGER_WORKERS', '1.5'],
      ['CLAVIGER_WORKERS', 'two'],
      ['CLAVIGER_WORKERS', '65'],
      ['CLAVIGER_LOG_LEVEL', 'loud'],
      ['CLAVIGER_REGION', 'US East'],
      ['CLAVIGER_NODE', '../a'],
      ['CLAVIGER_NODE', 'A'],
      ['CLAVIGER_TLS_CERT_FILE', '/cert.pem'],
      ['CLAVIGER_TLS_KEY_FILE', '/key.pem'],
    ];
    for (const [name, value] of bad) refused(withEnv(name, value), /^Setting /);
  });

  it('lets nobody listen to other machines without TLS', () => {
    const tls = { CLAVIGER_TLS_CERT_FILE: '/cert.pem', CLAVIGER_TLS_KEY_FILE: '/key.pem' };
    const listenOn = (listen: string, more = {}) =>
      loadConfig({ env: { CLAVIGER_HOME: '/nowhere', CLAVIGER_LISTEN: listen, ...more } });
    for (const listen of [
      '0.0.0.0:8200',
      '10.0.0.1:8200',
      '[::]:8200',
      'example.com:8200',
      '128.0.0.1:1',
      '127.evil.example:1',
      'localhost.example:1',
    ]) {
      assert.throws(() => listenOn(listen), /can be reached from other machines/, listen);
      assert.deepEqual(listenOn(listen, tls).tls, {
        certFile: '/cert.pem',
        keyFile: '/key.pem',
        clientCertificates: true,
      });
    }
    for (const listen of ['127.0.0.1:8200', '127.1.2.3:0', '[::1]:8200', 'localhost:8200'])
      assert.equal(listenOn(listen).tls, null);
  });
});

it('clients on this machine are told an address that they can use', () => {
  const told = (host: string, tls = false) =>
    localAddress({
      listen: { host, port: 8200 },
      tls: tls ? { certFile: 'c', keyFile: 'k', clientCertificates: true } : null,
    });
  assert.equal(told('127.0.0.1'), 'http://127.0.0.1:8200');
  assert.equal(told('0.0.0.0', true), 'https://127.0.0.1:8200');
  assert.equal(told('::'), 'http://127.0.0.1:8200');
  assert.equal(told('::1'), 'http://[::1]:8200');
  assert.equal(told('kms.example', true), 'https://kms.example:8200');
});
