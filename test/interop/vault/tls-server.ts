import fs from 'node:fs';
import path from 'node:path';
import { make, server as serverPurpose, type Made } from '../../certificates.ts';
import { credentialsOf, spawnNode, until } from '../../faults/node.ts';
import { freePort, newHome, type TestServer } from '../../servers.ts';

/** A server with TLS, and clients with certificates that one authority signed. */
export type TlsServer = TestServer & {
  readonly root: Made;
  /** Writes what a client shows and its key into files. */
  readonly clientFiles: (
    name: string,
    chain: readonly Made[],
  ) => { readonly cert: string; readonly key: string };
  /** What a client in Node trusts. */
  readonly ca: string;
};

/** Starts one in processes of its own. Its environment names the authority of its own certificate as Vault's clients want it. */
export async function startTlsServer(env: Record<string, string> = {}): Promise<TlsServer> {
  const home = newHome();
  const own = make({
    name: 'claviger',
    names: [{ iPAddress: '127.0.0.1' }],
    purposes: [serverPurpose],
    usage: null,
    authority: true,
  });
  const write = (name: string, text: string): string => {
    const file = path.join(home, name);
    fs.writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const certFile = write('server.pem', own.pem);
  const port = await freePort();
  const node = spawnNode(home, port, {
    CLAVIGER_TLS_CERT_FILE: certFile,
    CLAVIGER_TLS_KEY_FILE: write('server-key.pem', own.keyPem),
    ...env,
  });
  await until(() => node.hasEnded() || node.output().includes('ready at https://'), 'it serves');
  if (node.hasEnded()) throw new Error(`the server did not get ready:\n${node.output()}`);
  const root = make({ name: 'clients', authority: true });
  const between = make({ name: 'clients between', authority: true, by: root });
  const web = make({ name: 'web', by: between });
  return {
    address: `https://127.0.0.1:${port}`,
    home,
    pid: node.pid,
    env: {
      ...credentialsOf(home),
      VAULT_CACERT: certFile,
      VAULT_TEST_CLIENTS_CA: write('clients-ca.pem', root.pem),
      VAULT_TEST_CLIENT_CERT: write('web.pem', web.pem + between.pem),
      VAULT_TEST_CLIENT_KEY: write('web-key.pem', web.keyPem),
    },
    output: node.output,
    stop: async (signal = 'SIGTERM') => {
      node.signal(signal);
      return node.ended;
    },
    root,
    ca: own.pem,
    clientFiles: (name, chain) => ({
      cert: write(`${name}.pem`, chain.map(({ pem }) => pem).join('')),
      key: write(`${name}-key.pem`, chain[0]?.keyPem ?? ''),
    }),
  };
}
