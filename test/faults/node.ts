import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { signedHeaders } from '../../bench/sign.ts';

const program = path.join(import.meta.dirname, '../../src/cli/main.mjs');

/** A server process with its workers, in a process group of its own. */
export type ServerNode = {
  readonly address: string;
  readonly pid: number;
  readonly output: () => string;
  readonly hasEnded: () => boolean;
  /** Resolves when it serves; rejects when it ends before. */
  readonly ready: () => Promise<void>;
  /** `kill -9` of the process and its workers. */
  readonly kill: () => Promise<void>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number | null>;
};

/** The readiness that a server tells: its checks by name; null: it does not answer. */
export async function readiness(address: string): Promise<Record<string, string> | null> {
  try {
    const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(8000) });
    return ((await answer.json()) as { checks: Record<string, string> }).checks;
  } catch {
    return null;
  }
}

export function isReady(checks: Record<string, string> | null): boolean {
  return checks !== null && Object.values(checks).every((state) => state === 'ok');
}

const running = new Set<ServerNode>();

/** Ends what a test that failed left behind. */
export async function killNodes(): Promise<void> {
  await Promise.all([...running].map((node) => node.kill()));
}

/** Resolves when the condition holds; rejects, saying what was waited for, when that takes too long. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`waited in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 5));
  }
}

/** Starts a server of this checkout, without waiting for it. */
export function spawnNode(home: string, port: number, env: Record<string, string> = {}): ServerNode {
  const address = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      CLAVIGER_HOME: home,
      CLAVIGER_LISTEN: `127.0.0.1:${port}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  let over = false;
  const pid = child.pid ?? 0;
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = true;
      running.delete(node);
      resolve(code);
    });
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // it has ended
    }
  };
  const node: ServerNode = {
    address,
    pid,
    output: () => output,
    hasEnded: () => over,
    ended,
    signal: (signal) => void child.kill(signal),
    async kill() {
      signalGroup('SIGKILL');
      await ended;
    },
    async ready() {
      const limit = performance.now() + 30_000;
      while (!isReady(await readiness(address))) {
        if (over || performance.now() > limit) {
          signalGroup('SIGKILL');
          throw new Error(`the server did not get ready:\n${output}`);
        }
        await new Promise((next) => setTimeout(next, 5));
      }
    },
  };
  running.add(node);
  return node;
}

/** The credentials of the first administrator of a home. */
export function credentialsOf(home: string): Record<string, string> {
  const text = fs.readFileSync(path.join(home, 'credentials.env'), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^export ([A-Z_]+)='([^']*)'$/gm)].map((match) => [match[1], match[2]]),
  );
}

/** What a server answered. */
export type Answer = {
  readonly status: number;
  readonly requestId: string;
  readonly body: Record<string, unknown>;
  readonly type: string;
};

/** Asks a server in both protocols; rejects where no whole answer comes. */
export type Asker = {
  readonly aws: (operation: string, input: object) => Promise<Answer>;
  readonly native: (method: string, place: string, body?: object) => Promise<Answer>;
};

async function answerOf(response: Response, idHeader: string): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    requestId: response.headers.get(idHeader) ?? '',
    type: response.headers.get('content-type') ?? '',
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

export function asker(
  address: string,
  credentials: Record<string, string>,
  send: typeof fetch = fetch,
): Asker {
  const pair = {
    id: credentials['AWS_ACCESS_KEY_ID'] ?? '',
    secret: credentials['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  const authorization = `Bearer ${credentials['CLAVIGER_TOKEN']}`;
  return {
    async aws(operation, input) {
      const body = JSON.stringify(input);
      const headers = signedHeaders(address, `TrentService.${operation}`, body, pair);
      return answerOf(await send(`${address}/`, { method: 'POST', headers, body }), 'x-amzn-requestid');
    },
    async native(method, place, body) {
      const wish = body === undefined ? {} : { body: JSON.stringify(body) };
      const headers = { authorization, 'content-type': 'application/json' };
      return answerOf(await send(`${address}/api/v1${place}`, { method, headers, ...wish }), 'x-request-id');
    },
  };
}
