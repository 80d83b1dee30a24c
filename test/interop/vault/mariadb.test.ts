import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isRequired, removeHome, startTestServer, type TestServer } from '../../servers.ts';

const plugin = '/usr/lib/mysql/plugin/hashicorp_key_management.so';

function whyNot(): string | false {
  if (isRequired('mariadb') || (fs.existsSync('/usr/sbin/mariadbd') && fs.existsSync(plugin))) return false;
  return 'MariaDB and its plugin hashicorp_key_management are not installed';
}

const words = 'these words are in no file';

describe('MariaDB with keys from the server', { skip: whyNot(), timeout: 300_000 }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-mariadb-'));
  const data = path.join(folder, 'data');
  const socket = path.join(folder, 'socket');
  const options = path.join(folder, 'options.cnf');
  let server: TestServer;
  let database: ChildProcess | null = null;
  let token = '';

  before(async () => {
    server = await startTestServer();
    await ask('POST', 'sys/mounts/mariadb', { type: 'kv', options: { version: '2' } });
    await putKey();
    const policy = ['mariadb/data/*', 'sys/mounts/mariadb/tune']
      .map((name) => `path "${name}" { capabilities = ["read"] }`)
      .join('\n');
    await ask('PUT', 'sys/policies/acl/mariadb', { policy });
    const made = await ask('POST', 'auth/token/create', { policies: ['mariadb'], period: '1h' });
    token = String((made['auth'] as { client_token: string }).client_token);
    writeOptions();
    const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'];
    const user = process.getuid?.() === 0 ? ['--user=root'] : [];
    execFileSync('mariadb-install-db', [...install, ...user, '--skip-test-db'], { stdio: 'ignore' });
  });
  after(async () => {
    await stopDatabase();
    await server.stop();
    removeHome(server.home);
    removeHome(folder);
  });

  async function ask(method: string, where: string, body: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${server.address}/v1/${where}`, {
      method,
      headers: { 'x-vault-token': server.env['VAULT_TOKEN'] ?? '' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${where}: ${answer.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  function putKey(): Promise<unknown> {
    return ask('PUT', 'mariadb/data/1', { data: { data: randomBytes(32).toString('hex') } });
  }

  /** The options of the database: in a file, because its token is among them. */
  function writeOptions(): void {
    const lines = [
      '[mariadbd]',
      ...(process.getuid?.() === 0 ? ['user=root'] : []),
      `datadir=${data}`,
      `socket=${socket}`,
      `pid-file=${path.join(folder, 'pid')}`,
      'skip-networking',
    ];
    const keys = [
      'plugin-load-add=hashicorp_key_management',
      `hashicorp-key-management-vault-url=${server.address}/v1/mariadb`,
      `hashicorp-key-management-token=${token}`,
      'hashicorp-key-management-cache-timeout=1',
      'innodb-encryption-threads=0',
      'encrypt-tmp-files=ON',
      'innodb-encrypt-log=ON',
    ];
    fs.writeFileSync(options, [...lines, ...keys, ''].join('\n'), { mode: 0o600 });
  }

  async function startDatabase(): Promise<void> {
    const child = spawn('/usr/sbin/mariadbd', [`--defaults-file=${options}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    database = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const limit = Date.now() + 60_000;
    for (;;) {
      const answer = await sql('SELECT 1').catch(() => '');
      if (answer === '1') return;
      if (child.exitCode !== null || Date.now() > limit) throw new Error(`MariaDB did not start:\n${said}`);
    }
  }

  async function stopDatabase(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = database;
    database = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  function sql(statement: string): Promise<string> {
    const args = ['--no-defaults', `--socket=${socket}`, '--user=root', '--skip-column-names', '--batch'];
    return new Promise((resolve, reject) => {
      execFile('mariadb', [...args, `--execute=${statement}`], (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim()));
        else resolve(stdout.trim());
      });
    });
  }

  /** All that the database wrote. */
  function bytesOnDisk(): Buffer {
    const files = fs.readdirSync(data, { recursive: true, withFileTypes: true });
    const contents = files
      .filter((entry) => entry.isFile())
      .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name)));
    return Buffer.concat(contents);
  }

  it('creates, writes, restarts and reads an encrypted table; the file holds no plaintext', async () => {
    await startDatabase();
    await sql('CREATE DATABASE house');
    await sql('CREATE TABLE house.secret (words TEXT) ENGINE=InnoDB ENCRYPTED=YES ENCRYPTION_KEY_ID=1');
    await sql('CREATE TABLE house.open (words TEXT) ENGINE=InnoDB ENCRYPTED=NO');
    await sql(`INSERT INTO house.secret VALUES ('${words}')`);
    await sql("INSERT INTO house.open VALUES ('these words are in a file')");
    await stopDatabase();
    const bytes = bytesOnDisk();
    assert.ok(
      bytes.includes('these words are in a file'),
      'the check of the files sees what is not encrypted',
    );
    assert.equal(bytes.includes(words), false);
    await startDatabase();
    assert.equal(await sql('SELECT words FROM house.secret'), words);
  });

  it('reads with the version that a table was written with, after the key has changed', async () => {
    await putKey();
    await stopDatabase();
    await startDatabase();
    assert.equal(await sql('SELECT words FROM house.secret'), words);
    await sql(`INSERT INTO house.secret VALUES ('and these')`);
    await stopDatabase('SIGKILL');
    await startDatabase();
    assert.equal(await sql('SELECT COUNT(*) FROM house.secret'), '2');
  });

  it('does not start with a token that was revoked', async () => {
    await ask('POST', 'auth/token/revoke', { token });
    await stopDatabase();
    await assert.rejects(startDatabase(), /Hashicorp server error: 403/);
  });
});
