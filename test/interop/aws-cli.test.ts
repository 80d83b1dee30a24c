import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isRequired, removeHome, startTestServer, type TestServer } from '../servers.ts';

function hasCli(): boolean {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skip = hasCli() || isRequired('awscli') ? false : 'the aws command is not installed';

describe('the AWS CLI', { skip }, () => {
  let server: TestServer;

  before(async () => {
    server = await startTestServer();
    fs.writeFileSync(path.join(server.home, 'data.json'), '{"secret":"data"}');
  });
  after(async () => {
    await server.stop();
    removeHome(server.home);
  });

  function aws(...args: string[]): Promise<string> {
    const all = ['kms', ...args, '--endpoint-url', server.address, '--output', 'json'];
    return new Promise((resolve, reject) => {
      execFile(
        'aws',
        all,
        { env: { ...process.env, ...server.env }, cwd: server.home },
        (error, stdout, stderr) => {
          if (error) reject(new Error(stderr.trim()));
          else resolve(stdout.trim());
        },
      );
    });
  }

  async function ask<T>(...args: string[]): Promise<T> {
    return JSON.parse(await aws(...args)) as T;
  }

  it('runs the everyday commands word for word', async () => {
    const { KeyMetadata } = await ask<{ KeyMetadata: { KeyId: string } }>(
      ...['create-key', '--key-spec', 'SYMMETRIC_DEFAULT', '--key-usage', 'ENCRYPT_DECRYPT'],
    );
    const id = KeyMetadata.KeyId;
    await aws('create-alias', '--alias-name', 'alias/my-key', '--target-key-id', id);
    const { CiphertextBlob } = await ask<{ CiphertextBlob: string }>(
      ...['encrypt', '--key-id', 'alias/my-key', '--plaintext', 'fileb://data.json'],
    );
    await aws('enable-key-rotation', '--key-id', 'alias/my-key');
    fs.writeFileSync(path.join(server.home, 'data.enc'), Buffer.from(CiphertextBlob, 'base64'));
    const status = await ask<{ KeyRotationEnabled: boolean }>('get-key-rotation-status', '--key-id', id);
    assert.equal(status.KeyRotationEnabled, true);
    const decrypt = () => ask<{ Plaintext: string }>('decrypt', '--ciphertext-blob', 'fileb://data.enc');
    const plain = Buffer.from((await decrypt()).Plaintext, 'base64').toString();
    assert.equal(plain, '{"secret":"data"}');
    await aws('schedule-key-deletion', '--key-id', id, '--pending-window-in-days', '7');
    await assert.rejects(decrypt(), /KMSInvalidStateException/);
    await aws('cancel-key-deletion', '--key-id', id);
    await assert.rejects(decrypt(), /DisabledException/);
    await aws('enable-key', '--key-id', id);
    await decrypt();
  });

  it('rotates on demand, where the CLI is new enough to know how', async (context) => {
    const { KeyMetadata } = await ask<{ KeyMetadata: { KeyId: string } }>('create-key');
    const help = await aws('rotate-key-on-demand', '--key-id', KeyMetadata.KeyId).catch(
      (error: Error) => error.message,
    );
    if (/Invalid choice|argument operation/.test(help)) {
      context.skip('this version of the CLI has no rotate-key-on-demand');
      return;
    }
    assert.match(help, new RegExp(KeyMetadata.KeyId));
  });
});
