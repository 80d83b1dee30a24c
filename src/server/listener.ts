import { readFile } from 'node:fs/promises';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  nodeHttp,
  nodeHttps,
  type Clock,
  type HttpProblem,
  type HttpProtocol,
  type HttpRequest,
  type HttpResponse,
} from '#ports';
import { askForCertificate, presentedCertificates } from './client-certificate.ts';
import type { Config } from './config.ts';
import { handOnList, isHandedOn, listMark, originOf } from './list-method.ts';
import { describeError, type Logger } from './logger.ts';

export interface Listener {
  readonly address: string;
  /** Stops taking connections, finishes what was accepted, at most so long. */
  stop(graceMillis: number): Promise<void>;
}

type Parts = {
  config: Pick<Config, 'listen' | 'tls'>;
  protocols: readonly HttpProtocol[];
  clock: Clock;
  logger: Logger;
  onBadRequest: () => void;
  limits?: ListenerLimits;
};

/** How long a client may take: for the head of a request, for all of it, between two; and how often that is looked at. */
export type ListenerLimits = {
  readonly headersMillis: number;
  readonly requestMillis: number;
  readonly keepAliveMillis: number;
  readonly checkMillis: number;
};

const usualLimits: ListenerLimits = {
  headersMillis: 10_000,
  requestMillis: 30_000,
  keepAliveMillis: 75_000,
  checkMillis: 5000,
};

const empty = new Uint8Array(0);

/**
 * A request as protocols see it, from its head on; headers by name are only read where somebody asks for them. It is a class, because
 * an object literal with a getter gets a hidden class of its own each time, which keeps the request until the next full collection.
 */
class IncomingRequest implements HttpRequest {
  readonly path: string;
  readonly query: string;
  body: Uint8Array = empty;
  receivedAt = 0;
  readonly #message: http.IncomingMessage;

  constructor(message: http.IncomingMessage) {
    const url = message.url ?? '/';
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? '' : url.slice(mark + 1);
    this.#message = message;
  }

  get method(): string {
    return this.#message.method ?? 'GET';
  }

  get rawHeaders(): readonly string[] {
    return this.#message.rawHeaders;
  }

  get headers(): HttpRequest['headers'] {
    const { headers, socket } = this.#message;
    if (headers[listMark] !== undefined && !isHandedOn(socket)) delete headers[listMark];
    return headers as HttpRequest['headers'];
  }

  get remoteAddress(): string {
    return originOf(this.#message.socket).remoteAddress ?? '-';
  }

  get secure(): boolean {
    return 'encrypted' in originOf(this.#message.socket);
  }

  get clientCertificates(): readonly Uint8Array[] {
    return presentedCertificates(originOf(this.#message.socket));
  }
}

const contentLength = 'content-length';

/** The length that the head tells; the map of all headers is not built for it. */
function announcedLength(rawHeaders: readonly string[]): number {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === contentLength.length && name.toLowerCase() === contentLength) {
      return Number(rawHeaders[index + 1]);
    }
  }
  return 0;
}

function write(response: http.ServerResponse, answer: HttpResponse): void {
  if (response.destroyed || response.headersSent) return;
  const headers: string[] = [];
  for (const name in answer.headers) headers.push(name, answer.headers[name] ?? '');
  if (answer.stream) {
    response.writeHead(answer.status, headers);
    void pump(answer.stream, response);
    return;
  }
  const { body } = answer;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  headers.push('content-length', String(length));
  response.writeHead(answer.status, headers);
  // as many bytes as characters: it is ASCII, and goes out with the head in one write
  if (typeof body === 'string' && length === body.length) response.end(body, 'latin1');
  else response.end(body);
}

/** Sends pieces as fast as they are taken. */
async function pump(pieces: AsyncIterable<Uint8Array>, response: http.ServerResponse): Promise<void> {
  let goOn: () => void = () => undefined;
  for (const event of ['drain', 'close']) response.on(event, () => goOn());
  try {
    for await (const piece of pieces) {
      if (response.destroyed) return;
      const { promise: room, resolve } = Promise.withResolvers<void>();
      goOn = resolve;
      if (!response.write(piece)) await room;
    }
    response.end();
  } catch {
    response.destroy();
  }
}

//= rfc9112 3.2.2: a server takes the absolute form of a target, too
function originForm(target: string): string {
  const rest = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest;
}

function plain(status: number, text: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` };
}

const problems: Readonly<Record<HttpProblem, HttpResponse>> = {
  'body-too-large': plain(413, 'The request body is too large.'),
  'body-incomplete': plain(400, 'The request body is incomplete.'),
  'method-not-allowed': plain(405, 'This method is not allowed here.'),
  'shutting-down': plain(503, 'The server is shutting down.'),
};

type Arrived = {
  readonly protocol: HttpProtocol;
  readonly request: HttpRequest;
  readonly response: http.ServerResponse;
};

/** Reads a request, hands it to the protocol that it belongs to, and writes the answer. */
function createHandler({ protocols, clock, logger, onBadRequest }: Parts, isStopping: () => boolean) {
  function refuse(message: http.IncomingMessage, response: http.ServerResponse, answer: HttpResponse): void {
    onBadRequest();
    response.shouldKeepAlive = false;
    send(response, answer);
    message.resume();
  }

  /** Answers what was accepted; while the server stops, the client is told to go elsewhere for the next. */
  function send(response: http.ServerResponse, answer: HttpResponse): void {
    if (isStopping()) response.shouldKeepAlive = false;
    write(response, answer);
  }

  // requests of one turn of the event loop, read whole
  let arrived: Arrived[] = [];

  /**
   * Hands over together what arrived in one turn of the event loop: each step of many requests in a row finds its code and data in
   * the processor's caches, which interleaved with reading they would not.
   */
  function handleArrived(): void {
    const now = arrived;
    arrived = [];
    for (const one of now) handle(one);
  }

  function accept(one: Arrived): void {
    if (arrived.length === 0) setImmediate(handleArrived);
    arrived.push(one);
  }

  function handle({ protocol, request, response }: Arrived): void {
    let answer: HttpResponse | Promise<HttpResponse>;
    try {
      answer = protocol.handle(request);
    } catch (error) {
      fail(error, response);
      return;
    }
    if (answer instanceof Promise) {
      answer.then(
        (done) => send(response, done),
        (error: unknown) => fail(error, response),
      );
    } else {
      send(response, answer);
    }
  }

  function fail(error: unknown, response: http.ServerResponse): void {
    logger.error('a protocol failed', { error: describeError(error) });
    send(response, plain(500, 'An internal error happened.'));
  }

  return (message: http.IncomingMessage, response: http.ServerResponse): void => {
    if (message.url?.[0] !== '/') message.url = originForm(message.url ?? '');
    const request = new IncomingRequest(message);
    const protocol = protocols.find((one) => one.matches(request));
    if (!protocol) {
      refuse(
        message,
        response,
        plain(
          404,
          'Nothing answers here. Try /healthz, /api/v1/, /v1/sys/health or the AWS KMS protocol at /.',
        ),
      );
      return;
    }
    if (isStopping()) {
      refuse(message, response, protocol.refuse('shutting-down'));
      return;
    }
    const { bodyMax } = protocol;
    if (announcedLength(message.rawHeaders) > bodyMax) {
      refuse(message, response, protocol.refuse('body-too-large'));
      return;
    }
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyMax) {
        if (!response.headersSent) refuse(message, response, protocol.refuse('body-too-large'));
        return;
      }
      if (first === null) first = chunk;
      else if (more === null) more = [first, chunk];
      else more.push(chunk);
    });
    message.on('end', () => {
      if (response.headersSent) return;
      request.body = more ? Buffer.concat(more) : (first ?? empty);
      request.receivedAt = clock.now();
      accept({ protocol, request, response });
    });
    message.on('error', () => {
      if (!response.headersSent) send(response, problems['body-incomplete']);
    });
  };
}

/** A request that is not HTTP gets a plain 400 and the connection ends. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  endWith(socket, unreadable[error.code ?? ''] ?? '400 Bad Request');
}

const unreadable: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function endWith(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

async function createServer(parts: Parts, handler: http.RequestListener): Promise<http.Server> {
  const { headersMillis, requestMillis, keepAliveMillis, checkMillis } = parts.limits ?? usualLimits;
  const options: http.ServerOptions = {
    headersTimeout: headersMillis,
    requestTimeout: requestMillis,
    keepAliveTimeout: keepAliveMillis,
    connectionsCheckingInterval: checkMillis,
    noDelay: true,
  };
  const { tls } = parts.config;
  if (!tls) return nodeHttp().createServer(options, handler);
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
  const asking = tls.clientCertificates ? askForCertificate : {};
  return nodeHttps().createServer({ ...options, ...asking, cert, key, minVersion: 'TLSv1.2' }, handler);
}

/** Listens for the HTTP protocols. */
export async function listen(parts: Parts): Promise<Listener> {
  let stopping = false;
  const handler = createHandler(parts, () => stopping);
  const server = await createServer(parts, handler);
  server.on('checkContinue', (message, response) => {
    handler(message, response);
    if (!response.headersSent) response.writeContinue();
  });
  server.on('connect', (_message, socket) => {
    parts.onBadRequest();
    endWith(socket, '405 Method Not Allowed');
  });
  server.on('clientError', (error: Error & { rawPacket?: Buffer }, socket) => {
    if (handOnList(server, socket, error.rawPacket)) return;
    parts.onBadRequest();
    answerClientError(error, socket);
  });
  server.maxHeadersCount = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: parts.config.listen.host, port: parts.config.listen.port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port, family, address } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;

  return {
    address: `${parts.config.tls ? 'https' : 'http'}://${host}:${port}`,
    stop: (graceMillis) =>
      new Promise((resolve) => {
        stopping = true;
        const limit = setTimeout(() => server.closeAllConnections(), graceMillis);
        server.close(() => {
          clearTimeout(limit);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
