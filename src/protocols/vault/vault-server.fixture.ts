import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { operations, type Door, type Operation } from '#operations';
import type { HttpProtocol } from '#ports';
import { compose, createLogger, loadConfig, protocolsOf } from '#server';

// oxlint-disable-next-line no-explicit-any -- tests reach into answers, which are any JSON
type Json = Record<string, any>;
export type VaultAnswer = { readonly status: number; readonly body: Json; readonly data: Json };

export type VaultServer = {
  readonly api: HttpProtocol;
  readonly token: string;
  /** The folder of everything that the server keeps. */
  readonly home: string;
  readonly door: Door;
  /** Asks under `/v1/`; the body is JSON, or the query of a GET. */
  readonly call: (method: string, path: string, body?: unknown, token?: string) => Promise<VaultAnswer>;
  /** The same, for what must succeed: its data. */
  readonly done: (method: string, path: string, body?: unknown) => Promise<Json>;
  /** A token of a new principal with these roles. */
  readonly tokenFor: (name: string, roles: readonly string[]) => Promise<string>;
  /** Runs an operation as the first administrator. */
  readonly asAdministrator: <I, O>(operation: Operation<I, O>, input: NoInfer<I>) => Promise<O>;
  readonly close: () => Promise<void>;
};

/** Vault's API over a real house in a temporary home, without a socket. */
export async function startVault(env: Record<string, string> = {}): Promise<VaultServer> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-vault-'));
  const composition = await compose({
    config: loadConfig({ env: { CLAVIGER_HOME: home, ...env } }),
    logger: createLogger('silent'),
    worker: 0,
  });
  const { door, newRequestId, authenticator, config } = composition;
  const api = protocolsOf(composition, () => false).find(({ name }) => name === 'vault') as HttpProtocol;
  const credentials = fs.readFileSync(composition.report.credentialsFile, 'utf8');
  const root = /VAULT_TOKEN='([^']+)'/.exec(credentials)?.[1] ?? '';
  const call: VaultServer['call'] = async (method, where, body, token = root) => {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await api.handle({
      method,
      path: `/v1/${where.split('?')[0]}`,
      query: where.split('?')[1] ?? '',
      rawHeaders: [],
      headers: { 'x-vault-token': token },
      body: Buffer.from(text),
      remoteAddress: '127.0.0.1',
      secure: false,
      receivedAt: Date.now(),
    });
    const raw = Buffer.from(answer.body as string).toString('utf8');
    const parsed = (raw === '' ? {} : JSON.parse(raw)) as Json;
    return { status: answer.status, body: parsed, data: (parsed['data'] ?? {}) as Json };
  };
  await call('POST', 'sys/mounts/transit', { type: 'transit' });
  const { principal, accountId } = await authenticator.token(root);
  const caller = () => ({
    principal,
    accountId,
    region: config.region,
    protocol: 'native',
    protocolOperation: '-',
    sourceAddress: '-',
    userAgent: '-',
    secureTransport: true,
    requestId: newRequestId(),
  });
  return {
    api,
    token: root,
    home,
    door,
    call,
    async done(method, where, body) {
      const answer = await call(method, where, body);
      if (answer.status >= 300)
        throw new Error(`${method} ${where}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.data;
    },
    async tokenFor(name, roles) {
      await door.run(operations.createPrincipal, caller(), {
        name,
        kind: 'service',
        roles: [...roles] as never,
      });
      return (await door.run(operations.createToken, caller(), { principal: name })).token;
    },
    asAdministrator: (operation, input) => door.run(operation, caller(), input),
    async close() {
      await composition.close();
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

export const b64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64');
