import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

// Runs scripts that read like a terminal:
//
//   # a comment
//   $ command                 run by bash, in a folder of its own; `claviger` is this checkout's, `tty COMMAND` gives it a terminal,
//                             `typed KEYS COMMAND` types there when it is asked
//   what it prints            one line each, empty ones left out; `<...>` stands for anything, `<id>`, `<time>`, `<n>`, `<hex>` for what they say
//   ...                       any lines
//   ! what it says on stderr
//   ? 3                       its exit code; 0 where none is given

export type Step = {
  readonly line: number;
  readonly command: string;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly code: number;
};

export function parseScript(text: string): Step[] {
  const steps: { line: number; command: string; stdout: string[]; stderr: string[]; code: number }[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const step = steps.at(-1);
    if (line.startsWith('$ ')) {
      steps.push({ line: at + 1, command: line.slice(2), stdout: [], stderr: [], code: 0 });
    } else if (line.startsWith('# ') || line === '') continue;
    else if (!step) throw new Error(`line ${at + 1} stands before the first command`);
    else if (line.startsWith('! ')) step.stderr.push(line.slice(2));
    else if (line.startsWith('? ')) step.code = Number(line.slice(2));
    else step.stdout.push(line);
  }
  return steps;
}

const placeholders: Readonly<Record<string, string>> = {
  '<...>': '.*',
  '<id>': '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  '<time>': '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z',
  '<n>': '[0-9.]+',
  '<hex>': '[0-9a-f]+',
};

function patternOf(line: string): string {
  return line
    .split(/(<[a-z.]+>)/)
    .map((part) => placeholders[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('');
}

/** Whether lines are what a script expects of them. */
export function matches(expected: readonly string[], text: string): boolean {
  const pattern = expected
    .map((line) => (line === '...' ? '(?:.*\\n)*' : `${patternOf(line)} *\\n`))
    .join('');
  const said = text.split('\n').filter((line) => line.trim() !== '');
  return new RegExp(`^${pattern}$`).test(said.map((line) => `${line}\n`).join(''));
}

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function run(command: string, folder: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    cwd: folder,
    env: { ...env, PATH: `${path.join(folder, 'bin')}:${env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

const main = path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.mjs');

const typed = `keys=$1; shift
fifo=$(mktemp -u) && mkfifo -m 600 "$fifo" && exec 3<>"$fifo" && rm "$fifo"
script -qec "$*" /dev/null <&3 | {
  said=
  while IFS= read -r -d '' -n 1 character; do
    printf %s "$character"
    said+=$character
    case $said in *'to go on: '|*'Share: ') printf "$keys" >&3; said= ;; esac
  done
} | sed -u 's/\\r$//'`;

/** Puts `claviger`, `tty` and `typed` into a folder's `bin`. */
export function makeCommands(folder: string): void {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  const write = (name: string, text: string) =>
    fs.writeFileSync(path.join(bin, name), `#!/bin/bash\nset -o pipefail\n${text}\n`, { mode: 0o700 });
  write('claviger', `exec "${process.execPath}" "${main}" "$@"`);
  // a terminal says \r\n
  write('tty', `script -qec "$*" /dev/null | sed -u 's/\\r$//'`);
  write('typed', typed);
}

/** Why scripts that need a terminal can't run here, or null. */
export function whyNoTerminal(): string | null {
  try {
    execFileSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'script (util-linux) is not there to make a terminal';
  }
}

function isLost({ command, stdout, code }: Step, ran: Ran): boolean {
  return command.startsWith('tty ') && stdout.length > 0 && ran.stdout === '' && ran.code === code;
}

/** Runs one step and compares; a difference shows everything that was said. */
export async function play(step: Step, folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  let ran = await run(step.command, folder, env);
  // on a busy machine script(1) loses what was printed just before the end; nothing that a tty only shows is done twice
  for (let again = 0; again < 3 && isLost(step, ran); again += 1) ran = await run(step.command, folder, env);
  const good = ran.code === step.code && matches(step.stdout, ran.stdout) && matches(step.stderr, ran.stderr);
  if (good) return;
  const expected = [...step.stdout, ...step.stderr.map((line) => `! ${line}`), `? ${step.code}`].join('\n');
  const said = ran.stderr.split('\n').filter(Boolean);
  const actual = `${ran.stdout}${said.map((line) => `! ${line}\n`).join('')}? ${ran.code}`;
  assert.fail(`line ${step.line}: $ ${step.command}\n--- expected\n${expected}\n--- said\n${actual}`);
}
