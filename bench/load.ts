import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export type Load = {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
};

/** Whether the load generator is there. */
export function hasWrk(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v wrk'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function lua(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

function millis(text: string): number {
  const match = /^([0-9.]+)(us|ms|s)$/.exec(text);
  const factor = match?.[2] === 'us' ? 0.001 : match?.[2] === 's' ? 1000 : 1;
  return Number(match?.[1] ?? 0) * factor;
}

export type LoadRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly seconds: number;
  /** Absent: POST. */
  readonly method?: 'GET' | 'POST';
  /** Each request goes to a path of its own: this many, one after the other, with the number behind the URL. */
  readonly paths?: number;
};

/** Lua that counts requests, and begins anew after so many. */
function counting(paths: number): string {
  return [
    'local count = 0',
    'request = function()',
    `  count = count % ${paths} + 1`,
    '  return wrk.format(nil, wrk.path .. count)',
    'end',
  ].join('\n');
}

/** Sends one request again and again over 64 connections. */
export async function wrk({
  url,
  headers,
  body,
  seconds,
  method = 'POST',
  paths,
}: LoadRequest): Promise<Load> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-bench-'));
  const script = path.join(folder, 'load.lua');
  // wrk writes its own Host: it is not sent twice
  const lines = Object.entries(headers)
    .filter(([name]) => name !== 'host')
    .map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`);
  fs.writeFileSync(
    script,
    [`wrk.method = "${method}"`, ...lines, `wrk.body = ${lua(body)}`, paths ? counting(paths) : ''].join(
      '\n',
    ),
    {
      mode: 0o600,
    },
  );
  const output = await new Promise<string>((resolve, reject) => {
    const args = ['-t1', '-c64', `-d${seconds}s`, '--latency', '-s', script, url];
    execFile('wrk', args, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
  fs.rmSync(folder, { recursive: true, force: true });
  const find = (pattern: RegExp): string => pattern.exec(output)?.[1] ?? '0';
  return {
    rps: Number(find(/Requests\/sec: +([0-9.]+)/)),
    p50: millis(find(/50% +(\S+)/)),
    p99: millis(find(/99% +(\S+)/)),
    errors:
      Number(find(/Non-2xx or 3xx responses: ([0-9]+)/)) + Number(find(/Socket errors: connect ([0-9]+)/)),
  };
}
