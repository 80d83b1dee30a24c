import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as kms from '@aws-sdk/client-kms';
import { createClient, type ApprovalRecord, type Client } from '#sdk';
import { removeHome, startTestServer, type TestServer } from '../servers.ts';

const program = path.join(import.meta.dirname, '..', '..', 'src/cli/main.mjs');

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

let server: TestServer;
let administrator: Client;
let requester: kms.KMSClient;
const tokens = new Map<string, string>();

/** Runs the command line as somebody with their own token and key. */
function claviger(name: string, ...words: string[]): Promise<Ran> {
  const { CLAVIGER_ADDR: address = '', PATH: programs = '' } = server.env;
  const env = {
    PATH: programs,
    HOME: path.join(server.home, `home-of-${name}`),
    CLAVIGER_HOME: path.join(server.home, 'nowhere'),
    CLAVIGER_ADDR: address,
    CLAVIGER_TOKEN: tokens.get(name) ?? '',
  };
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

async function ok(name: string, ...words: string[]): Promise<unknown> {
  const ran = await claviger(name, ...words);
  assert.equal(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

before(async () => {
  server = await startTestServer();
  const { CLAVIGER_ADDR: address = '', CLAVIGER_TOKEN: token = '' } = server.env;
  tokens.set('admin', token);
  administrator = createClient({ address, token });
  for (const name of ['ana', 'ben', 'cem', 'ola']) {
    const roles = name === 'ola' ? ['operator'] : ['auditor'];
    await administrator.principals.create({ name, kind: 'user', roles });
    tokens.set(name, (await administrator.principals.createToken(name)).token);
  }
  const { accessKeyId, secretAccessKey } = await administrator.principals.createAccessKey('ola');
  requester = new kms.KMSClient({
    endpoint: address,
    region: 'us-east-1',
    // as clients have it: what they try again would be seen in the log
    maxAttempts: 3,
    credentials: { accessKeyId, secretAccessKey },
  });
});
after(async () => {
  requester.destroy();
  await server.stop();
  removeHome(server.home);
});

async function newKey(): Promise<string> {
  const { KeyMetadata } = await requester.send(new kms.CreateKeyCommand({}));
  return KeyMetadata?.KeyId ?? '';
}

const schedule = (KeyId: string, PendingWindowInDays = 7) =>
  requester.send(new kms.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }));

/** The id of the request that the AWS client is told of. */
async function pendingId(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof kms.KMSServiceException, 'nobody was asked');
  assert.equal(error.name, 'AccessDeniedException');
  assert.equal(error.$metadata.attempts, 1);
  const id = /request ([0-9a-f]{20}-\d+) waits/.exec(error.message)?.[1];
  assert.ok(id, error.message);
  return id;
}

describe('2 of 3 for the destruction of a key that AWS clients ask for', () => {
  it('is set up by the command line', async () => {
    for (const name of ['ana', 'ben', 'cem']) {
      await ok(name, 'approval', 'enroll', '-o', 'json');
      const file = path.join(server.home, `home-of-${name}`, '.config', 'claviger', 'approval.key');
      assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    }
    const early = await claviger('admin', 'quorum', 'policy', 'set', '--rule', 'destroy=2:ana,ola');
    assert.equal(early.code, 5, 'ola has no key: it could never be met');
    assert.match(early.stderr, /Rule destroy wants 2 approvers/);
    const rules = ['--rule', 'destroy=2:ana,ben,cem', '--rule', 'policy=2:ana,ben,cem', '--expiry', '24h'];
    await ok('admin', 'quorum', 'policy', 'set', ...rules, '-o', 'json');
    const shown = await claviger('ana', 'quorum', 'policy', 'show', '-o', 'table');
    assert.match(shown.stdout, /^destroy +2 +ana,ben,cem +24$/m);
  });

  it('happens when two have approved, once', async () => {
    const key = await newKey();
    const id = await pendingId(schedule(key));
    assert.equal(await pendingId(schedule(`arn:aws:kms:us-east-1:${await accountId()}:key/${key}`)), id);
    const shown = await claviger('ana', 'approval', 'show', id, '-o', 'table');
    assert.match(shown.stdout, /"operation": "keys.schedule-destruction"/);
    assert.ok(shown.stdout.includes(key));
    await ok('ana', 'approval', 'approve', id, '-o', 'json');
    assert.equal(await pendingId(schedule(key)), id, 'one is not enough');
    const whole = (await ok('ben', 'approval', 'approve', id, '-o', 'json')) as ApprovalRecord;
    assert.deepEqual(whole.progress, [{ rule: 'destroy', approvals: 2, needed: 2 }]);
    const { DeletionDate } = await schedule(key);
    assert.ok(DeletionDate);
    await requester.send(new kms.CancelKeyDeletionCommand({ KeyId: key }));
    assert.notEqual(await pendingId(schedule(key)), id);
    const used = (await ok('cem', 'approval', 'list', '--status', 'spent', '-o', 'json')) as ApprovalRecord[];
    assert.deepEqual(
      used.map((each) => [each.id, each.closed?.by]),
      [[id, 'ola']],
    );
  });

  it('is refused for another request than the one approved', async () => {
    const key = await newKey();
    const id = await pendingId(schedule(key));
    for (const name of ['ana', 'ben']) await ok(name, 'approval', 'approve', id, '-o', 'json');
    assert.notEqual(await pendingId(schedule(key, 30)), id);
    assert.notEqual(await pendingId(schedule(await newKey())), id);
    await schedule(key);
  });

  it('is refused to a stolen token, and to a stolen key', async () => {
    const key = await newKey();
    const id = await pendingId(schedule(key));
    tokens.set('thief', tokens.get('ana') ?? '');
    const noKey = await claviger('thief', 'approval', 'approve', id);
    assert.equal(noKey.code, 3);
    const own = path.join(server.home, 'thief.key');
    const enrolled = await claviger('thief', 'approval', 'enroll', '--key', own);
    assert.equal(enrolled.code, 5, 'another key is put in the place of a known one by a quorum only');
    assert.match(enrolled.stderr, /needs approval/);
    const other = await claviger('thief', 'approval', 'approve', id, '--key', own);
    assert.equal(other.code, 8);
    const keyOfBen = path.join(server.home, 'home-of-ben', '.config', 'claviger', 'approval.key');
    const stolen = await claviger('thief', 'approval', 'approve', id, '--key', keyOfBen);
    assert.equal(stolen.code, 8);
    fs.chmodSync(own, 0o644);
    const open = await claviger('thief', 'approval', 'approve', id, '--key', own);
    assert.equal(open.code, 2);
    assert.match(open.stderr, /can be read by others/);
    assert.equal(await pendingId(schedule(key)), id);
  });

  it('is denied by one, and not approved by who asks', async () => {
    const key = await newKey();
    const id = await pendingId(schedule(key));
    const self = await claviger('ola', 'approval', 'deny', id);
    assert.equal(self.code, 4);
    await ok('cem', 'approval', 'deny', id, '--reason', 'still needed', '-o', 'json');
    const late = await claviger('ana', 'approval', 'approve', id);
    assert.equal(late.code, 5);
    assert.match(late.stderr, /is denied/);
  });

  it('is asked by the paths of Vault in the same way', async () => {
    const { VAULT_ADDR: address = '', VAULT_TOKEN: token = '' } = server.env;
    const call = async (method: string, of: string, body: object | null = null) => {
      const answer = await fetch(`${address}/v1/transit/keys/${of}`, {
        method,
        headers: { 'X-Vault-Token': token },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await answer.text();
      return { status: answer.status, text };
    };
    await fetch(`${address}/v1/sys/mounts/transit`, {
      method: 'POST',
      headers: { 'X-Vault-Token': token },
      body: JSON.stringify({ type: 'transit' }),
    });
    assert.ok((await call('POST', 'old', {})).status < 300);
    assert.ok((await call('POST', 'old/config', { deletion_allowed: true })).status < 300);
    const asked = await call('DELETE', 'old');
    assert.equal(asked.status, 403);
    const id = /request ([0-9a-f]{20}-\d+) waits/.exec(asked.text)?.[1] ?? '';
    assert.deepEqual(Object.keys(JSON.parse(asked.text) as object), ['errors']);
    for (const name of ['ben', 'cem']) await ok(name, 'approval', 'approve', id, '-o', 'json');
    assert.equal((await call('DELETE', 'old')).status, 204);
  });

  it('is not switched off by an administrator alone', async () => {
    const off = await claviger('admin', 'quorum', 'policy', 'set', '--none');
    assert.equal(off.code, 5);
    assert.match(off.stderr, /needs approval \(2 of rule destroy, 2 of rule policy\)/);
  });
});

async function accountId(): Promise<string> {
  const [first] = await administrator.environments.list();
  return first?.accountId ?? '';
}
