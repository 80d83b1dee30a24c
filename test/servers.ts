import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

export type TestServer = {
  readonly address: string;
  readonly home: string;
  readonly pid: number;
  /** What `credentials.env` holds, and where the home is. */
  readonly env: Readonly<Record<string, string>>;
  readonly output: () => string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
};

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

export function newHome(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-home-'));
}

function readEnvironment(home: string): Record<string, string> {
  const text = fs.readFileSync(path.join(home, 'credentials.env'), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^export ([A-Z_]+)='([^']*)'$/gm)].map((match) => [match[1], match[2]]),
  );
}

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** Starts a real server process of this checkout and waits until it is ready. The home is kept when it stops. */
export async function startTestServer(
  options: { home?: string; port?: number; env?: Record<string, string> } = {},
): Promise<TestServer> {
  const home = options.home ?? newHome();
  const port = options.port ?? (await freePort());
  const address = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(process.execPath, [path.join(root, 'src/cli/main.mjs'), 'serve'], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      CLAVIGER_HOME: home,
      CLAVIGER_LISTEN: `127.0.0.1:${port}`,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const { promise: said, resolve: heard } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      // who polls all the while takes the processor from a server that starts
      if (output.includes('claviger ready at') || output.includes('claviger sealed at')) heard();
    });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  let exited = false;
  void ended.then(() => {
    exited = true;
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await Promise.race([said, ended]);
  while (!(await isReady(address))) {
    if (exited) {
      clearTimeout(limit);
      throw new Error(`the server did not get ready:\n${output}`);
    }
    await new Promise((next) => setImmediate(next));
  }
  clearTimeout(limit);
  return {
    address,
    home,
    pid: child.pid ?? 0,
    env: { ...readEnvironment(home), CLAVIGER_HOME: home, PATH: process.env['PATH'] ?? '', HOME: home },
    output: () => output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** What the environment of a server says to clients of Vault. */
export function vaultWords({ env }: Pick<TestServer, 'env'>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('VAULT_')));
}

/** Removes a home. */
export function removeHome(home: string): void {
  fs.rmSync(home, { recursive: true, force: true });
}

/** Whether a client must be there (CLAVIGER_REQUIRE lists them), so that its absence is a failure and not a skip. */
export function isRequired(name: string): boolean {
  return (process.env['CLAVIGER_REQUIRE'] ?? '').split(',').includes(name);
}
