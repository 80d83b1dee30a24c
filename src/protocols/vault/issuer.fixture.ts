import { createSign, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export type TestKey = {
  readonly kid: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly pem: string;
  /** A token of these claims; `header` in the place of the usual one. */
  readonly token: (claims: object, header?: object) => string;
};

function keyOf(
  kid: string,
  alg: string,
  {
    pair,
    signed,
  }: { pair: { publicKey: KeyObject; privateKey: KeyObject }; signed: (text: Buffer) => Buffer },
): TestKey {
  return {
    kid,
    jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    pem: pair.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    token(claims, header = { alg, kid, typ: 'JWT' }) {
      const text = `${part(header)}.${part(claims)}`;
      return `${text}.${signed(Buffer.from(text)).toString('base64url')}`;
    },
  };
}

export function rsaKey(kid: string): TestKey {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return keyOf(kid, 'RS256', {
    pair,
    signed: (text) => createSign('sha256').update(text).sign(pair.privateKey),
  });
}

export function ecKey(kid: string): TestKey {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = (text: Buffer): Buffer =>
    sign('sha256', text, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  return keyOf(kid, 'ES256', { pair, signed });
}

export function edwardsKey(kid: string): TestKey {
  const pair = generateKeyPairSync('ed25519');
  return keyOf(kid, 'EdDSA', { pair, signed: (text) => sign(null, text, pair.privateKey) });
}

export type TestServer = {
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: string[];
  readonly close: () => void;
};

/** A server on this machine; it answers what the function gives for a request and its body. */
export async function serveJson(
  answer: (
    request: http.IncomingMessage,
    body: string,
  ) => { readonly status?: number; readonly json?: unknown; readonly body?: Uint8Array },
): Promise<TestServer> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => parts.push(bytes));
    request.on('end', () => {
      const { status = 200, json, body } = answer(request, Buffer.concat(parts).toString());
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body ?? JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
