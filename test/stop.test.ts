import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { it } from 'node:test';
import { removeHome, startTestServer } from './servers.ts';

const readyScript = path.join(import.meta.dirname, '..', 'deploy', 'ready.cjs');

/** Whether the container's own check finds the server ready. */
function isFoundReady(port: number): boolean {
  const env = { CLAVIGER_LISTEN: `127.0.0.1:${port}` };
  return spawnSync(process.execPath, [readyScript], { env }).status === 0;
}

/** A connection that collects what it gets. */
function connect(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  const heard = new EventTarget();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    heard.dispatchEvent(new Event('more'));
  });
  const ended = new Promise<{ text: string; error: NodeJS.ErrnoException | null }>((resolve) => {
    let failure: NodeJS.ErrnoException | null = null;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', () => resolve({ text, error: failure }));
  });
  const until = async (words: string) => {
    while (!text.includes(words))
      await new Promise((next) => heard.addEventListener('more', next, { once: true }));
  };
  return { socket, ended, until };
}

it('a server that is told to stop, even twice, finishes what it accepted, takes no more, and ends well in time', async (test) => {
  const server = await startTestServer();
  test.after(() => {
    server.stop('SIGKILL');
    removeHome(server.home);
  });
  const port = Number(new URL(server.address).port);
  assert.equal(isFoundReady(port), true);
  const accepted = connect(port);
  accepted.socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
  await accepted.until('100 Continue');
  const idle = connect(port);
  idle.socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await idle.until('"ok"');
  const started = performance.now();
  const exit = server.stop('SIGTERM');
  // an idle connection is ended as soon as the server has heard of it
  await idle.ended;
  process.kill(server.pid, 'SIGTERM');
  assert.equal((await connect(port).ended).error?.code, 'ECONNREFUSED');
  assert.equal(isFoundReady(port), false);
  accepted.socket.write('{}');
  const { text } = await accepted.ended;
  assert.match(text, /HTTP\/1\.1 400 [^]*connection: close[^]*MissingAuthenticationTokenException/i);
  assert.equal(await exit, 0);
  assert.ok(performance.now() - started < 10_000);
  assert.doesNotMatch(server.output(), /"level":"error"/);
});

it('a signal that would start a debugger elsewhere does nothing here', async (test) => {
  const server = await startTestServer();
  test.after(async () => {
    await server.stop('SIGKILL');
    removeHome(server.home);
  });
  process.kill(server.pid, 'SIGUSR1');
  // the signal is taken before a request that comes after it
  assert.equal((await fetch(`${server.address}/readyz`)).status, 200);
  assert.doesNotMatch(server.output(), /Debugger/);
});
