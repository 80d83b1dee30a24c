import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { newHome, startTestServer, type TestServer } from './servers.ts';

type Told = { readonly data: { readonly index: number; readonly event: { readonly operation: string } } };

/** A receiver of CloudEvents that keeps what it answers with 204, and nothing that it leaves hanging. */
async function receiver() {
  const kept: Told[] = [];
  let hangs = false;
  let wake = (): void => undefined;
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => {
      text += part.toString('utf8');
    });
    request.on('end', () => {
      if (!hangs) {
        kept.push(...(JSON.parse(text) as Told[]));
        response.writeHead(204).end();
      }
      wake();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const next = () =>
    new Promise<void>((resume) => {
      wake = resume;
    });
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`,
    kept,
    next,
    hang: (how: boolean) => {
      hangs = how;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function random({ address, env }: TestServer): Promise<void> {
  const answer = await fetch(`${address}/api/v1/random`, {
    method: 'POST',
    headers: { authorization: `Bearer ${env['CLAVIGER_TOKEN'] ?? ''}`, 'content-type': 'application/json' },
    body: '{"length":8}',
  });
  assert.equal(answer.status, 200);
}

describe('a server that is killed while it tells its log to a destination', () => {
  it('has told everything that was answered, once it runs again', async (test) => {
    const outside = await receiver();
    test.after(() => outside.close());
    const home = newHome();
    test.after(() => fs.rmSync(home, { recursive: true, force: true }));
    const file = path.join(home, 'notices.json');
    const siem = [{ name: 'siem', kind: 'webhook', what: 'audit', url: outside.url }];
    fs.writeFileSync(file, JSON.stringify(siem), { mode: 0o600 });
    const env = { CLAVIGER_NOTICES: file };

    const first = await startTestServer({ home, env });
    const position = path.join(home, 'audit', 'positions');
    while (!fs.existsSync(position) || fs.readdirSync(position).every((name) => !/^stream.*json$/.test(name)))
      await new Promise((done) => setTimeout(done, 10));
    const count = () => outside.kept.filter(({ data }) => /random/.test(data.event.operation)).length;
    await random(first);
    while (count() < 1) await outside.next();
    outside.hang(true);
    const asked = outside.next();
    for (let turn = 0; turn < 20; turn += 1) await random(first);
    await asked;
    await first.stop('SIGKILL');

    outside.hang(false);
    const second = await startTestServer({ home, env });
    test.after(() => second.stop());
    await random(second);
    const unique = () =>
      new Set(
        outside.kept.filter(({ data }) => /random/.test(data.event.operation)).map(({ data }) => data.index),
      );
    while (unique().size < 22) await outside.next();
    const indices = [...new Set(outside.kept.map(({ data }) => data.index))];
    assert.deepEqual(
      indices,
      indices.map((_, at) => (indices[0] ?? 0) + at),
    );
  });
});
