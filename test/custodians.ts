import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const program = path.join(import.meta.dirname, '../src/cli/main.mjs');

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
type Wish = { readonly env?: Record<string, string>; readonly input?: string; readonly killAfter?: number };

/** Runs the command line on a home in shares; `killAfter` is `kill -9` after so many milliseconds. */
export async function claviger(home: string, args: readonly string[], wish: Wish = {}): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      CLAVIGER_HOME: home,
      CLAVIGER_ROOT: 'shamir:',
      ...wish.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  // who does not read what it is given ends before
  child.stdin.on('error', () => undefined);
  child.stdin.end(wish.input ?? '');
  const limit = setTimeout(() => child.kill('SIGKILL'), wish.killAfter ?? 60_000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  return { code, ...said };
}

/** Makes a home whose root key is in five shares, of which three unseal it. */
export async function initShares(home: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await claviger(home, ['init', '--shares', '5', '--threshold', '3']);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { texts: string[] }).texts;
}

/** The shares of each set that a folder has files of, by set. */
export function sharesIn(folder: string): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const share = fs.readFileSync(path.join(folder, name), 'utf8').trim();
    const setId = share.split(':')[1] ?? '';
    sets.set(setId, [...(sets.get(setId) ?? []), share]);
  }
  return sets;
}

export type SealStatus = { readonly sealed: boolean; readonly setId: string; readonly given: number };

/** What a server says of its seal; null: it does not answer. */
export async function sealStatus(address: string): Promise<SealStatus | null> {
  try {
    return (await (await fetch(`${address}/api/v1/seal-status`)).json()) as SealStatus;
  } catch {
    return null;
  }
}

/** Gives shares, one after another; the last answer. */
export async function giveShares(address: string, shares: readonly (string | undefined)[]) {
  let last: { status: number; body: Record<string, unknown> } = { status: 0, body: {} };
  for (const share of shares) {
    const answer = await fetch(`${address}/api/v1/unseal`, {
      method: 'POST',
      body: JSON.stringify({ share }),
    });
    last = { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
  return last;
}
