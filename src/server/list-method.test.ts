import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { handOnList, isHandedOn, listMark, originOf } from './list-method.ts';

describe('the method LIST', () => {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => {
      const mark = isHandedOn(request.socket) ? request.headers[listMark] : 'none';
      const port = originOf(request.socket).remotePort;
      response.end(`${mark} ${request.url} ${request.headers['x-long']?.length ?? 0} from ${port}`);
    });
  });
  let port = 0;

  before(async () => {
    server.on('clientError', (error: Error & { rawPacket?: Buffer }, socket) => {
      if (!handOnList(server, socket, error.rawPacket)) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as net.AddressInfo).port;
  });
  after(() => server.close());

  /** What comes back for packets, each of which is sent after the server has read the one before. */
  async function send(...packets: readonly string[]): Promise<string> {
    const socket = net.connect(port, '127.0.0.1').setNoDelay(true);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('connect', resolve));
    const from = socket.localPort;
    for (const packet of packets) {
      await new Promise((resolve) => socket.write(packet, 'latin1', resolve));
      // a turn of the event loop in which the server, in this process, reads it
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    return text.replaceAll(`from ${from}`, 'from the client');
  }

  const head = (more = '') => `LIST /keys?a=b HTTP/1.1\r\nHost: here\r\n${more}\r\n`;
  const answer = /^HTTP\/1\.1 200 OK[^]*\r\n\r\nLIST \/keys\?a=b 0 from the client$/;

  it('is served as a marked GET', async () => {
    assert.match(await send(head()), answer);
    assert.match(await send(head('Content-Length: 0\r\n')), answer);
  });

  it('may come in as many packets as there are bytes after the first five', async () => {
    const bytes = head().split('');
    assert.match(await send(bytes.slice(0, 5).join(''), ...bytes.slice(5)), answer);
    assert.match(await send('LIS', head().slice(3)), answer);
    const long = head(`X-Long: ${'a'.repeat(9000)}\r\n`);
    assert.match(await send(long.slice(0, 1448), long.slice(1448, 2896), long.slice(2896)), / 9000 from/);
  });

  it('may have a body, which is not heeded', async () => {
    assert.match(await send(head('Content-Length: 2\r\n'), '{}'), answer);
    assert.match(await send(`${head('Content-Length: 2\r\n')}{}`), answer);
    assert.match(await send(head('Transfer-Encoding: chunked\r\n'), '2\r\n{}\r\n0\r\n\r\n'), answer);
  });

  it('is the last request of its connection', async () => {
    const kept = 'GET /first HTTP/1.1\r\nHost: here\r\n\r\n';
    const text = await send(kept, head());
    assert.match(text, /none \/first 0 from the client[^]*LIST \/keys\?a=b 0 from the client$/);
    const twice = await send(`${head()}${head()}`);
    assert.equal(twice.match(/HTTP\/1\.1 200/g)?.length, 1);
    const smuggled = await send(`${head()}GET /second HTTP/1.1\r\nHost: here\r\n\r\n`);
    assert.doesNotMatch(smuggled, /second/);
  });

  it('is not taken from a mark that the client sets', async () => {
    const text = await send(
      `GET /keys HTTP/1.1\r\nHost: here\r\n${listMark}: LIST\r\nConnection: close\r\n\r\n`,
    );
    assert.match(text, /none \/keys/);
    assert.match(await send(head(`${listMark}: GET\r\n`)), /GET, LIST \/keys/);
  });

  it('is refused where its head is too long, is none, or is another method', async () => {
    for (const packet of [
      `LIST /${'a'.repeat(17_000)} HTTP/1.1\r\n\r\n`,
      'LISTEN / HTTP/1.1\r\n\r\n',
      'FLY / HTTP/1.1\r\n\r\n',
    ])
      assert.match(await send(packet), /^HTTP\/1\.1 400/);
    const endless = Array.from({ length: 20 }, () => 'a'.repeat(1000));
    assert.match(await send('LIST /', ...endless), /^HTTP\/1\.1 400/);
  });
});
