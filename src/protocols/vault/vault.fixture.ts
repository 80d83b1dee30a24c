import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Authenticated } from '#access';
import type { Clock, HttpProtocol } from '#ports';
import { compose, createLogger, loadConfig, protocolsOf, type Composition } from '#server';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly data: Readonly<Record<string, unknown>> | null;
    readonly auth: Readonly<Record<string, unknown>> | null;
    readonly wrap_info: Readonly<Record<string, unknown>> | null;
    readonly warnings: readonly string[] | null;
    readonly errors?: readonly string[];
    readonly [name: string]: unknown;
  };
};

type Options = {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly raw?: string;
  /** What the client showed when it connected over TLS, DER; absent: it did not come over TLS. */
  readonly certificates?: readonly Uint8Array[];
};

/** The protocol over a real door, with stores in a folder of its own. */
export type VaultHouse = {
  readonly composition: Composition;
  readonly protocol: HttpProtocol;
  readonly who: Authenticated;
  /** The token of the first administrator. */
  readonly root: string;
  readonly home: string;
  /** Sends a request as clients do; with the administrator's token where nothing else is said. */
  readonly send: (method: string, path: string, body?: unknown, options?: Options) => Promise<Answer>;
  /** One that must succeed; its data, auth, or whole body. */
  readonly ask: (method: string, path: string, body?: unknown, options?: Options) => Promise<Answer['body']>;
  /** One that must be refused: `STATUS first error`. */
  readonly refusal: (method: string, path: string, body?: unknown, options?: Options) => Promise<string>;
  readonly close: () => Promise<void>;
};

const none = Object.freeze({ data: null, auth: null, wrap_info: null, warnings: null });

/** Starts one; the clock is the test's, and so may settings be. */
export async function startVault({
  env = {},
  ...options
}: {
  clock?: Clock;
  env?: Readonly<Record<string, string>>;
} = {}): Promise<VaultHouse> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-vault-'));
  const config = loadConfig({ env: { CLAVIGER_HOME: home, CLAVIGER_LOG_LEVEL: 'silent', ...env } });
  const composition = await compose({ config, logger: createLogger('silent'), worker: 0, ...options });
  const protocol = protocolsOf(composition, () => false).find(({ name }) => name === 'vault');
  if (!protocol) throw new Error('there is no vault protocol');
  const credentials = fs.readFileSync(path.join(home, 'credentials.env'), 'utf8');
  const root = /VAULT_TOKEN='?([^'\n]+)'?/.exec(credentials)?.[1] ?? '';
  const who = await composition.authenticator.token(root);

  const send: VaultHouse['send'] = async (
    method,
    where,
    body,
    { token = root, headers = {}, raw, certificates } = {},
  ) => {
    const [pathPart = '', query = ''] = where.split('?');
    const sent = {
      ...(token === null ? {} : { 'x-vault-token': token }),
      ...(method === 'LIST' ? { 'x-claviger-method': 'LIST' } : {}),
      ...headers,
    };
    const text = raw ?? (body === undefined ? '' : JSON.stringify(body));
    const answer = await protocol.handle({
      method: method === 'LIST' ? 'GET' : method,
      path: `/v1/${pathPart}`,
      query,
      headers: sent,
      rawHeaders: Object.entries(sent).flat(),
      body: Buffer.from(text),
      remoteAddress: '127.0.0.1',
      secure: certificates !== undefined,
      ...(certificates ? { clientCertificates: certificates } : {}),
      receivedAt: composition.house.clock.now(),
    });
    const read = answer.body.length === 0 ? none : (JSON.parse(String(answer.body)) as Answer['body']);
    return { status: answer.status, headers: answer.headers, body: read };
  };

  return {
    composition,
    protocol,
    who,
    root,
    home,
    send,
    async ask(...request) {
      const { status, body } = await send(...request);
      if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    async refusal(...request) {
      const { status, body } = await send(...request);
      return `${status} ${body.errors?.[0] ?? ''}`;
    },
    async close() {
      await composition.close();
      fs.rmSync(home, { recursive: true });
    },
  };
}
