import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createOutside } from './outside.ts';

function opensslVersion(): string | null {
  try {
    return execFileSync('openssl', ['version']).toString();
  } catch {
    return null;
  }
}

const whyNoOpenssl = opensslVersion() === null ? 'there is no command openssl to make a certificate' : false;

/** A certificate for 127.0.0.1 that is its own authority. */
function selfSigned(test: TestContext): { readonly key: string; readonly cert: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-outside-'));
  test.after(() => fs.rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const subject = ['-days', '2', '-subj', '/CN=outside', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-out', certFile], { stdio: 'ignore' });
  return { key: fs.readFileSync(keyFile, 'utf8'), cert: fs.readFileSync(certFile, 'utf8') };
}

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

  it('trust a certificate by the authority that is named, and no other', {
    skip: whyNoOpenssl,
  }, async (test) => {
    const [mine, other] = [selfSigned(test), selfSigned(test)];
    const server = https.createServer(mine, (_request, response) => response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    test.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const outside = createOutside();
    const url = `https://127.0.0.1:${port}/`;
    assert.equal((await outside.ask({ ...get, url, caPem: mine.cert })).status, 200);
    await assert.rejects(outside.ask({ ...get, url, caPem: other.cert }));
    await assert.rejects(outside.ask({ ...get, url }));
    // right authority, another name
    await assert.rejects(outside.ask({ ...get, url: `https://localhost:${port}/`, caPem: mine.cert }));
  });

  it('end where nobody listens', async () => {
    await assert.rejects(createOutside().ask({ ...get, url: 'http://127.0.0.1:1/' }));
  });
});
