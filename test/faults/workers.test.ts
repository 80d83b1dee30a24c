import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after as afterAll, describe, it } from 'node:test';
import { logFolders, readEvents } from '#audit';
import { loadConfig, verifyAudit } from '#server';
import { freePort, newHome, removeHome } from '../servers.ts';
import {
  asker,
  type Answer,
  type Asker,
  credentialsOf,
  killNodes,
  type ServerNode,
  spawnNode,
} from './node.ts';

afterAll(killNodes);

/** A `fetch` that stays on one connection, and so on one worker. */
function onOneConnection(): { send: typeof fetch; close: () => void } {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const send = (url: string, init: { method: string; headers: Record<string, string>; body?: string }) =>
    new Promise<Response>((resolve, reject) => {
      const { method, headers } = init;
      const request = http.request(url, { agent, method, headers }, (message) => {
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('error', reject);
        message.on('end', () => {
          const head = new Headers(message.headers as Record<string, string>);
          resolve(new Response(Buffer.concat(chunks), { status: message.statusCode ?? 0, headers: head }));
        });
      });
      request.on('error', reject);
      // what was on its way to a worker that is killed is never answered
      request.setTimeout(3000, () => request.destroy(new Error('no answer')));
      request.end(init.body);
    });
  return { send: send as typeof fetch, close: () => agent.destroy() };
}

type Lines = Map<string, Asker>;

/** Connections until one leads to every node. */
async function lineToEach(
  address: string,
  credentials: Record<string, string>,
  nodes: number,
): Promise<Lines> {
  const lines: Lines = new Map();
  const limit = performance.now() + 20_000;
  while (lines.size < nodes) {
    assert.ok(performance.now() < limit, `only ${[...lines.keys()]} answered`);
    const { send, close } = onOneConnection();
    const line = asker(address, credentials, send);
    const status = await line.native('GET', '/status').catch(() => null);
    const node = String(status?.body['node']);
    if (status?.status !== 200 || lines.has(node)) close();
    else lines.set(node, line);
  }
  return lines;
}

const count = async (asking: Promise<Answer>): Promise<Record<string, unknown>> => {
  const answer = await asking;
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};

/** The use must be refused at once where the change was made, and elsewhere by a second later. */
async function requireStopped(
  change: () => Promise<Answer>,
  here: () => Promise<Answer>,
  there: () => Promise<Answer>,
) {
  await count(here());
  await count(there());
  await count(change());
  const changedAt = performance.now();
  assert.notEqual((await here()).status, 200, 'on the worker that made the change');
  for (;;) {
    const sentAt = performance.now();
    if ((await there()).status !== 200) return;
    assert.ok(sentAt - changedAt < 1000, `the other worker still serves ${sentAt - changedAt} ms later`);
  }
}

/** Process ids of the workers. */
function workersOf({ pid }: ServerNode): number[] {
  const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return list.trim().split(/\s+/).map(Number);
}

async function requireVerified(home: string, logs: number): Promise<void> {
  const results = await verifyAudit(loadConfig({ env: { CLAVIGER_HOME: home } }), {});
  assert.equal(results.length, logs);
  for (const { findings } of results) assert.deepEqual(findings, []);
}

describe('two workers', { skip: process.platform !== 'linux' && 'needs ps of Linux' }, () => {
  it('stop together what one of them is told to stop', { timeout: 120_000 }, async () => {
    const home = newHome();
    const node = spawnNode(home, await freePort(), { CLAVIGER_WORKERS: '2' });
    await node.ready();
    const credentials = credentialsOf(home);
    const [one, two] = [...(await lineToEach(node.address, credentials, 2)).values()] as [Asker, Asker];
    const keyOf = async () =>
      ((await count(one.aws('CreateKey', {})))['KeyMetadata'] as Record<string, string>)['KeyId'] ?? '';
    const sealing = (line: Asker, KeyId: string) => () => line.aws('Encrypt', { KeyId, Plaintext: 'AAAA' });

    for (const [here, there] of [
      [one, two],
      [two, one],
    ] as const) {
      const stopBy = async (change: (KeyId: string) => Promise<Answer>) => {
        const id = await keyOf();
        await requireStopped(() => change(id), sealing(here, id), sealing(there, id));
      };
      await stopBy((KeyId) => here.aws('DisableKey', { KeyId }));
      await stopBy((KeyId) => here.aws('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 }));
      await stopBy((id) => here.native('POST', `/keys/${id}/report-compromise`, {}));
      const deny = (Action: string, Effect: string) => ({
        Effect,
        Principal: { AWS: '*' },
        Action,
        Resource: '*',
      });
      const Statement = [deny('kms:*', 'Allow'), deny('kms:Encrypt', 'Deny')];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await stopBy((KeyId) => here.aws('PutKeyPolicy', { KeyId, Policy }));
    }

    for (const name of ['revoked', 'disabled']) {
      await count(one.native('POST', '/principals', { name, roles: ['administrator', 'user'] }));
      const { tokenId, token } = await count(one.native('POST', `/principals/${name}/tokens`, {}));
      const pinned = async (line: string) => {
        for (;;) {
          const { send, close } = onOneConnection();
          const status = await asker(node.address, credentials, send).native('GET', '/status');
          if (status.body['node'] === line)
            return asker(node.address, { CLAVIGER_TOKEN: String(token) }, send);
          close();
        }
      };
      const names = [...(await lineToEach(node.address, credentials, 2)).keys()] as [string, string];
      const own = await Promise.all(names.map(pinned));
      const byName = await lineToEach(node.address, credentials, 2);
      const admin = byName.get(names[0]) as Asker;
      const change = () =>
        name === 'revoked'
          ? admin.native('DELETE', `/principals/${name}/credentials/${String(tokenId)}`)
          : admin.native('PUT', `/principals/${name}`, { disabled: true });
      const use = (line: Asker | undefined) => () => (line as Asker).native('GET', '/keys');
      await requireStopped(change, use(own[0]), use(own[1]));
    }
    node.signal('SIGTERM');
    assert.equal(await node.ended, 0);
    await requireVerified(home, 2);
    removeHome(home);
  });

  it('are replaced when they are killed, go on with their logs, and end together', {
    timeout: 120_000,
  }, async () => {
    const home = newHome();
    const node = spawnNode(home, await freePort(), { CLAVIGER_WORKERS: '2' });
    await node.ready();
    const credentials = credentialsOf(home);
    const before = await lineToEach(node.address, credentials, 2);
    const answered = new Set<string>();
    for (const line of before.values()) {
      const made = await Promise.all(Array.from({ length: 8 }, () => line.aws('CreateKey', {})));
      for (const { status, requestId } of made) if (status === 200) answered.add(requestId);
    }
    const workers = workersOf(node);
    assert.equal(workers.length, 2);
    process.kill(workers[randomInt(2)] ?? 0, 'SIGKILL');
    const after = await lineToEach(node.address, credentials, 2);
    assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
    const [line] = [...after.values()];
    const last = Array.from({ length: 20 }, () => (line as Asker).aws('CreateKey', {}));
    await last[0];
    node.signal('SIGTERM');
    for (const result of await Promise.allSettled(last))
      if (result.status === 'fulfilled' && result.value.status === 200) answered.add(result.value.requestId);
    assert.equal(await node.ended, 0);
    assert.ok(answered.size > 16);
    const records = logFolders(path.join(home, 'audit')).flatMap((folder) =>
      [...readEvents(folder)].map(({ event }) => event.id),
    );
    assert.equal(new Set(records).size, records.length, 'no record twice');
    for (const id of answered) assert.ok(records.includes(id), `the record of ${id}`);
    await requireVerified(home, 2);
    removeHome(home);
  });

  it('do not try again what can never start', { timeout: 60_000 }, async () => {
    const home = newHome();
    const first = spawnNode(home, await freePort());
    await first.ready();
    await first.kill();
    const passphrase = path.join(home, 'passphrase');
    fs.writeFileSync(passphrase, 'not the passphrase of this home', { mode: 0o600 });
    const node = spawnNode(home, await freePort(), {
      CLAVIGER_WORKERS: '2',
      CLAVIGER_ROOT: 'passphrase:',
      CLAVIGER_PASSPHRASE_FILE: passphrase,
    });
    assert.notEqual(await node.ended, 0);
    assert.doesNotMatch(node.output(), /started again/);
    removeHome(home);
  });

  it('can be stopped while they start', { timeout: 60_000 }, async () => {
    for (const millis of [30, 250, 700]) {
      const home = newHome();
      const node = spawnNode(home, await freePort(), { CLAVIGER_WORKERS: '2' });
      await new Promise((done) => setTimeout(done, millis));
      node.signal('SIGTERM');
      await node.ended;
      removeHome(home);
    }
  });
});
