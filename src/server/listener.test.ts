import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { describe, it, type TestContext } from 'node:test';
import type { HttpProtocol, HttpRequest } from '#ports';
import { recordingLogger, temporaryFolder } from './home.fixture.ts';
import { listen, type Listener, type ListenerLimits } from './listener.ts';

const bodyMax = 1000;

type Running = {
  readonly listener: Listener;
  readonly port: number;
  readonly seen: HttpRequest[];
  /** What the client of each showed: it can be read as long as the connection stands. */
  readonly shown: (readonly Uint8Array[] | undefined)[];
  readonly bad: () => number;
  /** Requests to /slow wait until this is called. */
  readonly letGo: () => void;
};

type Wish = {
  readonly tls?: { certFile: string; keyFile: string; clientCertificates?: boolean };
  readonly limits?: ListenerLimits;
};

async function start(test: TestContext, { tls, limits }: Wish = {}): Promise<Running> {
  const seen: HttpRequest[] = [];
  const shown: Running['shown'] = [];
  let bad = 0;
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const protocol: HttpProtocol = {
    name: 'echo',
    bodyMax,
    matches: ({ path: at }) => at === '/' || at === '/slow' || at === '/throws',
    async handle(request) {
      seen.push(request);
      shown.push(request.clientCertificates);
      if (request.path === '/slow') await gate;
      if (request.path === '/throws') throw new Error('a secret that no client sees');
      const body = `${request.method} ${request.path} ${request.query} ${request.body.length} ${request.secure}`;
      return { status: 200, headers: { 'content-type': 'text/plain' }, body };
    },
    refuse: (problem) => ({
      status: problem === 'shutting-down' ? 503 : 413,
      headers: {},
      body: `refused: ${problem}`,
    }),
  };
  const listener = await listen({
    config: {
      listen: { host: '127.0.0.1', port: 0 },
      tls: tls ? { clientCertificates: true, ...tls } : null,
    },
    protocols: [protocol],
    clock: { now: () => 0 },
    logger: recordingLogger().logger,
    onBadRequest: () => {
      bad += 1;
    },
    ...(limits ? { limits } : {}),
  });
  test.after(async () => {
    letGo();
    await listener.stop(100);
  });
  return { listener, port: Number(new URL(listener.address).port), seen, shown, bad: () => bad, letGo };
}

/** A connection that collects what it gets. */
function connect(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  const waiting = new Set<() => void>();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (const look of waiting) look();
  });
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  return {
    socket,
    ended,
    /** Resolves when the answer so far holds the words. */
    until: (words: string) =>
      new Promise<string>((resolve, reject) => {
        const look = () => {
          if (!text.includes(words)) return;
          waiting.delete(look);
          resolve(text);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`the connection ended without ${words}: ${text}`)));
      }),
  };
}

/** Sends raw bytes and returns all that comes until the server ends the connection. */
function talk(port: number, sent: string): Promise<string> {
  const { socket, ended } = connect(port);
  socket.write(sent, 'latin1');
  return ended;
}

const close = 'Host: a\r\nConnection: close\r\n';
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

describe('a request', () => {
  it('is handed over whole, with its query, and answered with its length', async (test) => {
    const { port } = await start(test);
    const answer = await talk(port, `POST /?a=%20b HTTP/1.1\r\n${close}Content-Length: 3\r\n\r\nabc`);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /\r\n\r\nPOST \/ a=%20b 3 false$/);
    assert.match(answer, /content-length: 21\r\n/i);
  });

  it('in absolute form is the same request', async (test) => {
    const { port, seen } = await start(test);
    for (const target of ['http://a/?x=1', 'HTTP://a:80/?x=1', 'https://a?x=1', 'http://a/']) {
      assert.equal(statusOf(await talk(port, `GET ${target} HTTP/1.1\r\n${close}\r\n`)), 200, target);
    }
    assert.deepEqual(
      seen.map(({ path: at, query }) => `${at} ${query}`),
      ['/ x=1', '/ x=1', '/ x=1', '/ '],
    );
  });

  it('of HTTP/1.0 is answered and the connection ends', async (test) => {
    const { port } = await start(test);
    assert.match(await talk(port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 [^]*GET \/  0 false$/);
  });

  it('may follow another at once, and is answered in order', async (test) => {
    const { port } = await start(test);
    const answer = await talk(
      port,
      `GET /?1 HTTP/1.1\r\nHost: a\r\n\r\nGET /?2 HTTP/1.1\r\nHost: a\r\n\r\nGET /?3 HTTP/1.1\r\n${close}\r\n`,
    );
    assert.deepEqual(
      [...answer.matchAll(/GET \/ (\d)/g)].map((match) => match[1]),
      ['1', '2', '3'],
    );
  });

  it('in chunks, or after Expect: 100-continue, is read like any other', async (test) => {
    const { port } = await start(test);
    const chunked = `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`;
    assert.match(await talk(port, chunked), /POST \/  3 false$/);
    const { socket, until, ended } = connect(port);
    socket.write(`POST / HTTP/1.1\r\n${close}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
    await until('100 Continue');
    socket.write('abc');
    assert.match(await ended, /POST \/  3 false$/);
  });

  it("of any method gets an answer: HEAD without a body, nothing on a path that is nobody's", async (test) => {
    const { port } = await start(test);
    for (const method of ['OPTIONS', 'TRACE', 'DELETE', 'PATCH', 'PROPFIND'])
      assert.equal(statusOf(await talk(port, `${method} / HTTP/1.1\r\n${close}\r\n`)), 200, method);
    assert.match(await talk(port, `HEAD / HTTP/1.1\r\n${close}\r\n`), /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
    assert.equal(statusOf(await talk(port, `OPTIONS * HTTP/1.1\r\n${close}\r\n`)), 404);
    assert.equal(statusOf(await talk(port, `GET /nowhere HTTP/1.1\r\n${close}\r\n`)), 404);
  });

  it('to upgrade or to tunnel is not followed, and does not hang', async (test) => {
    const { port } = await start(test);
    const upgrade = (to: string) =>
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${to}\r\n\r\n`;
    for (const to of ['h2c', 'websocket']) assert.equal(statusOf(await talk(port, upgrade(to))), 200, to);
    assert.equal(statusOf(await talk(port, 'CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n')), 405);
    assert.ok(statusOf(await talk(port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')) >= 400);
  });

  it('that a protocol fails at is a 500 that tells nothing', async (test) => {
    const { port } = await start(test);
    const answer = await talk(port, `GET /throws HTTP/1.1\r\n${close}\r\n`);
    assert.equal(statusOf(answer), 500);
    assert.doesNotMatch(answer, /secret/);
  });
});

describe('what is not a good request', () => {
  const raw: readonly (readonly [string, string, number])[] = [
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['TLS on a plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['two lengths', `POST / HTTP/1.1\r\n${close}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`, 400],
    [
      'length and chunks',
      `POST / HTTP/1.1\r\n${close}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a negative length', `POST / HTTP/1.1\r\n${close}Content-Length: -1\r\n\r\n`, 400],
    ['a length that is no number', `POST / HTTP/1.1\r\n${close}Content-Length: 3a\r\n\r\nabc`, 400],
    [
      'a length beyond all numbers',
      `POST / HTTP/1.1\r\n${close}Content-Length: 99999999999999999999\r\n\r\n`,
      400,
    ],
    ['a bad chunk', `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['an unknown coding', `POST / HTTP/1.1\r\n${close}Transfer-Encoding: gzip\r\n\r\n`, 400],
    ['a space in a header name', `GET / HTTP/1.1\r\n${close}X Y: 1\r\n\r\n`, 400],
    ['a folded header', `GET / HTTP/1.1\r\n${close}X: 1\r\n 2\r\n\r\n`, 400],
    ['a zero byte in a header', `GET / HTTP/1.1\r\n${close}X: \0\r\n\r\n`, 400],
    ['a header too large', `GET / HTTP/1.1\r\n${close}X: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['too many headers', `GET / HTTP/1.1\r\n${close}${'X: 1\r\n'.repeat(150)}\r\n`, 431],
    ['a body announced too large', `POST / HTTP/1.1\r\n${close}Content-Length: ${bodyMax + 1}\r\n\r\n`, 413],
    [
      'a body announced too large that waits',
      `POST / HTTP/1.1\r\n${close}Expect: 100-continue\r\nContent-Length: 9999\r\n\r\n`,
      413,
    ],
    [
      'chunks too large',
      `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n${'3e8\r\n'.concat('a'.repeat(1000), '\r\n').repeat(2)}0\r\n\r\n`,
      413,
    ],
    ['another expectation', `POST / HTTP/1.1\r\n${close}Expect: a miracle\r\nContent-Length: 0\r\n\r\n`, 417],
  ];
  for (const [name, sent, status] of raw) {
    it(`gets a clear answer and an end: ${name}`, async (test) => {
      const { port, seen } = await start(test);
      const answer = await talk(port, sent);
      assert.equal(statusOf(answer), status, answer);
      assert.equal(seen.length, 0);
      assert.doesNotMatch(answer, /100 Continue/);
      // and the server lives on
      assert.equal(statusOf(await talk(port, `GET / HTTP/1.1\r\n${close}\r\n`)), 200);
    });
  }

  it('is counted', async (test) => {
    const { port, bad } = await start(test);
    await talk(port, 'hello\r\n\r\n');
    await talk(port, `GET /nowhere HTTP/1.1\r\n${close}\r\n`);
    assert.equal(bad(), 2);
  });

  it('may end in the middle without harm', async (test) => {
    const { port, seen } = await start(test);
    const { socket, ended } = connect(port);
    socket.end('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
    await ended;
    assert.equal(seen.length, 0);
    assert.equal(statusOf(await talk(port, `GET / HTTP/1.1\r\n${close}\r\n`)), 200);
  });
});

describe('a slow client', () => {
  const limits: ListenerLimits = {
    headersMillis: 100,
    requestMillis: 200,
    keepAliveMillis: 100,
    checkMillis: 20,
  };

  it('that never ends its headers is told so and cut off', async (test) => {
    const { port } = await start(test, { limits });
    assert.equal(statusOf(await talk(port, 'GET / HTTP/1.1\r\nHost: a\r\n')), 408);
  });

  it('that never ends its body is told so and cut off', async (test) => {
    const { port, seen } = await start(test, { limits });
    assert.equal(
      statusOf(await talk(port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc`)),
      408,
    );
    assert.equal(seen.length, 0);
  });

  it('that sends nothing more on a connection is cut off', async (test) => {
    const { port } = await start(test, { limits });
    assert.match(await talk(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 200 /);
  });
});

describe('a stop', () => {
  it('lets what was accepted finish, refuses what comes, and ends the connections', async (test) => {
    const { port, listener, letGo, seen } = await start(test);
    const [busy, idle] = [connect(port), connect(port)];
    idle.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await idle.until('GET /  0');
    busy.socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    const late = connect(port);
    late.socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    await late.until('100 Continue');
    late.socket.write('ab');
    while (seen.length < 2) await new Promise((next) => setImmediate(next));
    const started = performance.now();
    const stopped = listener.stop(5000);
    await idle.ended;
    const refused = connect(port);
    await refused.ended;
    busy.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    late.socket.write('cd');
    assert.match(await late.ended, /POST \/  4 false$/);
    letGo();
    const answer = await busy.ended;
    assert.match(answer, /^HTTP\/1\.1 200 [^]*GET \/slow  0 false/);
    assert.equal(seen.length, 3, 'the request that came after the stop was run');
    await stopped;
    assert.ok(performance.now() - started < 4000);
  });

  it('tells a client on a kept connection that the server goes', async (test) => {
    const { port, listener, letGo, seen } = await start(test);
    const { socket, ended } = connect(port);
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    while (seen.length < 1) await new Promise((next) => setImmediate(next));
    const stopped = listener.stop(5000);
    letGo();
    assert.match(await ended, /connection: close/i);
    await stopped;
  });

  it('does not wait for those who never end', async (test) => {
    const { port, listener, seen } = await start(test);
    const { socket, ended } = connect(port);
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    while (seen.length < 1) await new Promise((next) => setImmediate(next));
    await listener.stop(50);
    assert.equal(await ended, '');
  });
});

describe('a listener with TLS', () => {
  function certificate(test: TestContext): { certFile: string; keyFile: string } | null {
    const folder = temporaryFolder(test);
    const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost';
    try {
      execFileSync(
        'openssl',
        [...words.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile],
        { stdio: 'ignore' },
      );
    } catch {
      test.skip('openssl, which makes the certificate, is not on this machine');
      return null;
    }
    return { certFile, keyFile };
  }

  it('serves, says that it is secure, and takes nothing older than TLS 1.2', async (test) => {
    const tls = certificate(test);
    if (!tls) return;
    const { listener, port, seen } = await start(test, { tls });
    assert.match(listener.address, /^https:/);
    const ca = fs.readFileSync(tls.certFile);
    const get = (options: https.RequestOptions) =>
      new Promise<number>((resolve, reject) => {
        const request = https.get({ host: '127.0.0.1', port, ca, agent: false, ...options }, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        });
        request.on('error', reject);
      });
    assert.equal(await get({}), 200);
    assert.equal(seen[0]?.secure, true);
    await assert.rejects(get({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }));
    assert.equal(await talk(port, `GET / HTTP/1.1\r\n${close}\r\n`), '');
    assert.equal(await get({}), 200);
  });

  describe('that asks clients for a certificate', () => {
    const key = (name: string) =>
      `-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`;

    /** The certificates of a client and of who signed it, as a client sends them. */
    function clientOf(folder: string): { cert: string; key: string; chain: Buffer[] } {
      const at = (name: string): string => path.join(folder, name);
      const run = (words: string): unknown =>
        execFileSync('openssl', words.split(' '), { stdio: 'ignore', cwd: folder });
      run(`req -x509 ${key('signer')} -keyout signer.key -out signer.pem`);
      run(`req ${key('client').replace(' -days 2', '')} -keyout client.key -out client.csr`);
      run('x509 -req -in client.csr -CA signer.pem -CAkey signer.key -days 2 -set_serial 7 -out client.pem');
      const [own, signer] = ['client.pem', 'signer.pem'].map((name) => fs.readFileSync(at(name), 'utf8'));
      const chain = [own, signer].map((pem) => new X509Certificate(pem ?? '').raw);
      return { cert: `${own}${signer}`, key: fs.readFileSync(at('client.key'), 'utf8'), chain };
    }

    type Sent = {
      readonly session?: Buffer;
      readonly cert?: string;
      readonly key?: string;
      readonly text?: string;
    };

    /** One request on a connection of its own; the session that the server gave, if it did. */
    function ask(port: number, ca: Buffer, { text, ...options }: Sent, versions: tls.ConnectionOptions = {}) {
      return new Promise<{ answer: string; session: Buffer | null; reused: boolean }>((resolve, reject) => {
        let session: Buffer | null = null;
        let answer = '';
        let reused = false;
        const socket = tls.connect({ host: '127.0.0.1', port, ca, ...versions, ...options });
        socket.on('session', (given) => {
          session = given;
        });
        socket.on('data', (bytes) => {
          answer += bytes.toString();
        });
        socket.on('secureConnect', () => {
          reused = socket.isSessionReused();
        });
        socket.on('error', reject);
        socket.on('close', () => resolve({ answer, session, reused }));
        socket.write(text ?? `GET / HTTP/1.1\r\n${close}\r\n`);
      });
    }

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      it(`hands over what was shown, and serves who shows nothing (${version})`, async (test) => {
        const files = certificate(test);
        if (!files) return;
        const { port, shown } = await start(test, { tls: files });
        const ca = fs.readFileSync(files.certFile);
        const { chain, ...client } = clientOf(path.dirname(files.certFile));
        const versions = { minVersion: version, maxVersion: version };
        const first = await ask(port, ca, client, versions);
        assert.equal(statusOf(first.answer), 200);
        assert.deepEqual(shown[0], chain);
        // a session that is resumed would be without the signer
        const again = await ask(
          port,
          ca,
          { ...client, ...(first.session ? { session: first.session } : {}) },
          versions,
        );
        assert.equal(again.reused, false);
        assert.deepEqual(shown[1], chain);
        assert.equal(statusOf((await ask(port, ca, {}, versions)).answer), 200);
        assert.deepEqual(shown[2], []);
      });

    it('hands it over with a LIST, which goes another way', async (test) => {
      const files = certificate(test);
      if (!files) return;
      const { port, seen, shown } = await start(test, { tls: files });
      const { chain, ...client } = clientOf(path.dirname(files.certFile));
      const text = `LIST / HTTP/1.1\r\n${close}\r\n`;
      const { answer } = await ask(port, fs.readFileSync(files.certFile), { ...client, text });
      assert.equal(statusOf(answer), 200);
      assert.equal(seen[0]?.headers['x-claviger-method'], 'LIST');
      assert.deepEqual(shown[0], chain);
    });

    it('does not ask where it is told not to, and then sessions go on', async (test) => {
      const files = certificate(test);
      if (!files) return;
      const { port, shown } = await start(test, { tls: { ...files, clientCertificates: false } });
      const ca = fs.readFileSync(files.certFile);
      const client = clientOf(path.dirname(files.certFile));
      const { session } = await ask(port, ca, client);
      assert.deepEqual(shown[0], []);
      assert.equal((await ask(port, ca, { ...client, ...(session ? { session } : {}) })).reused, true);
    });

    it('has none without TLS', async (test) => {
      const { port, shown } = await start(test);
      await talk(port, `GET / HTTP/1.1\r\n${close}\r\n`);
      assert.deepEqual(shown[0], []);
    });
  });
});
