import dgram from 'node:dgram';
import http from 'node:http';
import net from 'node:net';
import type { TestContext } from 'node:test';

type Lives = Pick<TestContext, 'after'>;

export type Received = { readonly headers: http.IncomingHttpHeaders; readonly body: string };

/** What a receiver does with a request: a status, or `hang`, `garbage` and `cut` for one that is broken. */
export type Manner = number | 'hang' | 'garbage' | 'cut';

export type HttpReceiver = {
  readonly url: string;
  readonly received: readonly Received[];
  /** How it answers from now on. */
  manner: Manner;
  /** Resolves when it has received so many. */
  readonly until: (count: number) => Promise<void>;
};

/** A server that notes what it is told, and answers as it is told to. */
export async function httpReceiver(test: Lives, manner: Manner = 204): Promise<HttpReceiver> {
  const received: Received[] = [];
  let wake = (): void => undefined;
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') });
      wake();
      const { manner: how } = receiver;
      if (how === 'cut') request.socket.destroy();
      else if (how === 'garbage') request.socket.end('SSH-2.0-OpenSSH_9.9\r\n\0\0');
      else if (how !== 'hang') response.writeHead(how, { location: '/elsewhere' }).end('x'.repeat(100));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${port}/in`,
    received,
    manner,
    async until(count) {
      while (received.length < count)
        await new Promise<void>((resume) => {
          wake = resume;
        });
    },
  };
  return receiver;
}

/** The messages of a stream, by their counted octets. Throws where a count is none. */
export function readOctetCounted(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const count = bytes.toString('latin1', at, space);
    if (!/^[1-9][0-9]*$/.test(count)) throw new Error(`no count at ${at}`);
    const end = space + 1 + Number(count);
    if (end > bytes.length) throw new Error('a message is cut');
    messages.push(bytes.toString('utf8', space + 1, end));
    at = end;
  }
  return messages;
}

export type StreamReceiver = { readonly port: number; readonly messages: () => string[] };

/** A receiver of syslog over TCP; one that hangs takes connections and never reads or ends. */
export async function streamReceiver(test: Lives, hangs = false): Promise<StreamReceiver> {
  const whole: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (hangs) return;
    socket.on('data', (part: Buffer) => whole.push(part));
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    messages: () => readOctetCounted(Buffer.concat(whole)),
  };
}

export type DatagramReceiver = { readonly port: number; readonly next: () => Promise<string> };

/** A receiver of syslog over UDP. */
export async function datagramReceiver(test: Lives): Promise<DatagramReceiver> {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  test.after(() => socket.close());
  return {
    port: socket.address().port,
    next: () => new Promise((done) => socket.once('message', (bytes) => done(bytes.toString('utf8')))),
  };
}
