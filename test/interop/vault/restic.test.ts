import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { claviger } from '../../custodians.ts';
import { isRequired, removeHome, startTestServer, type TestServer } from '../../servers.ts';

function whyNot(): string | false {
  if (isRequired('restic')) return false;
  try {
    execFileSync('restic', ['version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'the restic command is not installed';
  }
}

const command = path.join(import.meta.dirname, '../../../claviger');

describe('restic with its password from the server', { skip: whyNot(), timeout: 120_000 }, () => {
  let server: TestServer;
  const password = randomBytes(24).toString('base64url');

  before(async () => {
    server = await startTestServer();
    const put = await claviger(server.home, ['secret', 'put', 'backup/restic', 'password=-'], {
      input: password,
      env: { ...server.env },
    });
    assert.equal(put.code, 0, put.stderr);
  });
  after(async () => {
    await server.stop();
    removeHome(server.home);
  });

  function restic(secret: string, ...args: string[]): Promise<string> {
    const all = [
      `--repo=${path.join(server.home, 'repository')}`,
      `--password-command=${command} secret get ${secret}`,
      '--no-cache',
      ...args,
    ];
    return new Promise((resolve, reject) => {
      execFile('restic', all, { env: { ...process.env, ...server.env } }, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim()));
        else resolve(stdout);
      });
    });
  }

  it('makes a repository, saves and restores', async () => {
    const source = path.join(server.home, 'source');
    fs.mkdirSync(source);
    fs.writeFileSync(path.join(source, 'words'), 'kept');
    await restic('backup/restic', 'init');
    await restic('backup/restic', 'backup', source);
    await restic('backup/restic', 'check');
    const target = path.join(server.home, 'target');
    await restic('backup/restic', 'restore', 'latest', `--target=${target}`);
    assert.equal(fs.readFileSync(path.join(target, source, 'words'), 'utf8'), 'kept');
  });

  it('opens nothing with another secret, or with none', async () => {
    const env = { ...server.env };
    const put = await claviger(server.home, ['secret', 'put', 'backup/other', 'password=-'], {
      input: 'another',
      env,
    });
    assert.equal(put.code, 0, put.stderr);
    await assert.rejects(restic('backup/other', 'snapshots'), /wrong password/);
    await assert.rejects(restic('backup/absent', 'snapshots'), /password/i);
  });

  it('gets the value alone, byte for byte', async () => {
    const got = await claviger(server.home, ['secret', 'get', 'backup/restic'], { env: { ...server.env } });
    assert.deepEqual([got.code, got.stdout.trim(), got.stderr], [0, password, '']);
  });
});
