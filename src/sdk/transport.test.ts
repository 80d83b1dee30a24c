import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { ClavigerApiError } from './api-error.ts';
import { createClient } from './client.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse, count: number) => void;

describe('the transport of the SDK', () => {
  const servers: http.Server[] = [];
  after(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** A server that does as it is told, and counts. */
  async function pretend(handler: Handler, timeoutMillis = 5000) {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      handler(request, response, seen.length);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return { client: createClient({ address, token: 'clv_token', timeoutMillis }), seen, server };
  }
  const fails = async (work: Promise<unknown>, code: string, status = 0): Promise<ClavigerApiError> => {
    const error = await work.then(
      () => assert.fail('it did not fail'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ClavigerApiError);
    assert.deepEqual([error.code, error.status], [code, status]);
    assert.ok(!error.message.includes('clv_token'));
    return error;
  };
  const json = (response: http.ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { 'x-request-id': 'r-1' }).end(JSON.stringify(body));

  it('tries a reading request again when the connection breaks, three times in all', async () => {
    const once = await pretend((request, response, count) =>
      count === 1 ? request.socket.destroy() : json(response, 200, { node: 'n' }),
    );
    assert.equal((await once.client.status()).node, 'n');
    assert.equal(once.seen.length, 2);
    const never = await pretend((request) => request.socket.destroy());
    await fails(never.client.status(), 'unreachable');
    assert.equal(never.seen.length, 3);
  });

  it('never sends a request twice that may have done something', async () => {
    const { client, seen } = await pretend((request) => request.socket.destroy());
    await fails(client.keys.rotate('k'), 'unreachable');
    await fails(client.keys.enableRotation('k'), 'unreachable');
    await fails(client.names.delete('k'), 'unreachable');
    await fails(client.encrypt('k', Buffer.of(1)), 'unreachable');
    assert.equal(seen.length, 4);
  });

  it('does not try again what the server refused, and says it typed', async () => {
    const { client, seen } = await pretend((_request, response) =>
      json(response, 503, { code: 'store-unavailable', detail: 'Not now.' }),
    );
    const error = await fails(client.status(), 'store-unavailable', 503);
    assert.deepEqual([error.message, error.requestId, seen.length], ['Not now.', 'r-1', 1]);
  });

  it('gives up after its time, also in the middle of an answer', async () => {
    const silent = await pretend(() => undefined, 100);
    await fails(silent.client.keys.rotate('k'), 'timeout');
    const half = await pretend((_request, response) => void response.writeHead(200).write('{"a":'), 100);
    await fails(half.client.status(), 'timeout');
  });

  it('says why no server answered', async () => {
    const { client, server } = await pretend(() => undefined);
    await new Promise((done) => server.close(done));
    const error = await fails(client.keys.rotate('k'), 'unreachable');
    assert.match(error.message, /ECONNREFUSED/);
  });

  it('takes nothing for an answer that is none', async () => {
    const page = await pretend((_request, response) => void response.end('<html>welcome</html>'));
    await fails(page.client.encrypt('k', Buffer.of(1)), 'not-claviger', 200);
    const lost = await pretend((_request, response) => void response.writeHead(404).end('no'));
    await fails(lost.client.status(), 'not-claviger', 404);
    const empty = await pretend((_request, response) => json(response, 200, {}));
    await fails(empty.client.decrypt(Buffer.of(1)), 'not-claviger');
    assert.equal(await empty.client.verify('k', Buffer.of(1), Buffer.of(1)), false);
  });

  it('does not follow a redirection with its token', async () => {
    const { client, seen } = await pretend(
      (_request, response) => void response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
    );
    await fails(client.keys.rotate('k'), 'unreachable');
    assert.equal(seen.length, 1);
  });

  it('encodes names so that they stay one part of the path', async () => {
    const { client, seen } = await pretend((_request, response) => json(response, 200, {}));
    for (const name of ['a/b', '..', '.', 'ä?#%']) await client.keys.show(name);
    assert.deepEqual(seen, [
      'GET /api/v1/keys/a%2Fb',
      'GET /api/v1/keys/name%3A..',
      'GET /api/v1/keys/name%3A.',
      'GET /api/v1/keys/%C3%A4%3F%23%25',
    ]);
  });
});
