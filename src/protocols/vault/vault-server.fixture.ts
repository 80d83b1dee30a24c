import { operations, type Door, type Operation } from '#operations';
import type { HttpProtocol } from '#ports';
import { startVault as startHouse } from './vault.fixture.ts';

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

/** Vault's API with transit mounted, for tests that ask in few words. */
export async function startVault(env: Record<string, string> = {}): Promise<VaultServer> {
  const vault = await startHouse({ env });
  const { door, newRequestId, config } = vault.composition;
  const call: VaultServer['call'] = async (method, where, body, token = vault.root) => {
    const raw = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await vault.send(method, where, undefined, { token, raw });
    return { status: answer.status, body: answer.body as Json, data: (answer.body.data ?? {}) as Json };
  };
  await call('POST', 'sys/mounts/transit', { type: 'transit' });
  const { principal, accountId } = vault.who;
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
    api: vault.protocol,
    token: vault.root,
    home: vault.home,
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
    close: vault.close,
  };
}

export const b64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64');
