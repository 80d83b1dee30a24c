import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why tests against the command `openssl` are skipped here; false: they are not. */
export function opensslMissing(): string | false {
  return spawnSync('openssl', ['version']).status === 0 ? false : 'the command openssl is not installed';
}

/** Runs `openssl` in a folder of its own that holds the files; gives what it wrote to the file `out`. */
export function opensslMakes(args: readonly string[], files: Readonly<Record<string, Uint8Array>>): Buffer {
  return inFolder(files, (folder) => {
    const [command = '', ...options] = args;
    execFileSync('openssl', [command, '-out', 'out', ...options], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return readFileSync(join(folder, 'out'));
  });
}

/** Whether `openssl` ends well in a folder that holds the files. */
export function opensslAccepts(
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
): boolean {
  return inFolder(files, (folder) => spawnSync('openssl', args, { cwd: folder }).status === 0);
}

function inFolder<T>(files: Readonly<Record<string, Uint8Array>>, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-openssl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
