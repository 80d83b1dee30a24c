import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createOutside } from './outside.ts';

async function serve(test: TestContext, listener: http.RequestListener): Promise<string> {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const get = { method: 'GET', headers: {}, body: null, caPem: null } as const;

describe('requests to other servers', () => {
  it('bring status and body', async (test) => {
    const url = await serve(test, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        response.statusCode = 201;
        response.end(`${request.method} ${request.headers['x-a']} ${Buffer.concat(parts).toString()}`);
      });
    });
    const { status, body } = await createOutside().ask({
      method: 'POST',
      url,
      headers: { 'x-a': 'b' },
      body: 'ü',
      caPem: null,
    });
    assert.equal(status, 201);
    assert.equal(Buffer.from(body).toString(), 'POST b ü');
  });

  it('follow no redirection', async (test) => {
    const url = await serve(test, (_request, response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' });
      response.end();
    });
    assert.equal((await createOutside().ask({ ...get, url })).status, 302);
  });

  it('end where the answer is too large', async (test) => {
    const url = await serve(test, (_request, response) => {
      response.end(Buffer.alloc(1_048_577));
    });
    await assert.rejects(createOutside().ask({ ...get, url }), /larger than/);
  });

  it('end where the answer takes too long, also where something comes of it', async (test) => {
    const url = await serve(test, (_request, response) => {
      response.write('{');
    });
    await assert.rejects(createOutside({ millis: 50 }).ask({ ...get, url }));
  });

  it('are bounded in their number', async (test) => {
    const waiting: http.ServerResponse[] = [];
    const url = await serve(test, (_request, response) => {
      waiting.push(response);
      if (waiting.length === 2) for (const each of waiting) each.end();
    });
    const outside = createOutside({ atOnce: 2 });
    const first = [outside.ask({ ...get, url }), outside.ask({ ...get, url })];
    await assert.rejects(outside.ask({ ...get, url }), { code: 'busy' });
    assert.deepEqual(
      (await Promise.all(first)).map(({ status }) => status),
      [200, 200],
    );
  });

  it('end where nobody listens', async () => {
    await assert.rejects(createOutside().ask({ ...get, url: 'http://127.0.0.1:1/' }));
  });
});
