import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Custody, Door } from '#operations';
import type { HttpProtocol, HttpRequest } from '#ports';
import { compose, createLogger, loadConfig } from '#server';
import { createNativeApi } from './index.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
};

export type Wish = {
  readonly body?: unknown;
  /** The bytes of the body as they are. */
  readonly raw?: string | Uint8Array;
  readonly query?: string;
  /** Null: no Authorization header. */
  readonly token?: string | null;
};

export type NativeApi = {
  readonly api: HttpProtocol;
  readonly token: string;
  readonly door: Door;
  readonly call: (method: string, path: string, wish?: Wish) => Promise<Answer>;
  /** Lets time pass, and the house do what is due then. */
  readonly pass: (millis: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

function requestOf(method: string, url: string, wish: Wish, token: string | null): HttpRequest {
  const text = wish.raw ?? (wish.body === undefined ? '' : JSON.stringify(wish.body));
  return {
    method,
    path: url,
    query: wish.query ?? '',
    rawHeaders: token === null ? [] : ['Authorization', `Bearer ${token}`],
    headers: {},
    body: typeof text === 'string' ? Buffer.from(text) : text,
    remoteAddress: '127.0.0.1',
    secure: false,
    receivedAt: Date.now(),
  };
}

/** The whole API over a real house in a temporary home, without a socket. */
export async function startNativeApi(custody?: Custody): Promise<NativeApi> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-native-'));
  let ahead = 0;
  const house = await compose({
    config: loadConfig({ env: { CLAVIGER_HOME: home } }),
    logger: createLogger('silent'),
    worker: 0,
    clock: { now: () => Date.now() + ahead },
    ...(custody ? { custody } : {}),
  });
  const api = createNativeApi({
    door: house.door,
    newRequestId: house.newRequestId,
    region: house.config.region,
    fips: house.house.fips,
    authenticate: (request) => house.authenticator.bearer(request),
  });
  const credentials = fs.readFileSync(house.report.credentialsFile, 'utf8');
  const token = /CLAVIGER_TOKEN='([^']+)'/.exec(credentials)?.[1] ?? '';
  return {
    api,
    token,
    door: house.door,
    async call(method, url, wish = {}) {
      const asked = requestOf(method, `/api/v1${url}`, wish, wish.token === undefined ? token : wish.token);
      const answer = await api.handle(asked);
      const { status, headers, stream } = answer;
      if (stream) {
        const text = Buffer.concat(await Array.fromAsync(stream)).toString('utf8');
        const lines = text.trimEnd().split('\n');
        return { status, headers, body: { lines: lines.map((line) => JSON.parse(line) as unknown) } };
      }
      const body = Buffer.from(answer.body as string).toString('utf8');
      return { status, headers, body: JSON.parse(body) };
    },
    async pass(millis) {
      ahead += millis;
      // the first round may be one that began before
      await house.maintenance.tick();
      await house.maintenance.tick();
    },
    async close() {
      await house.close();
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}
