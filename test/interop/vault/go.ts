import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isRequired, vaultWords, type TestServer } from '../../servers.ts';

const environment = {
  ...process.env,
  GOPROXY: 'off',
  GOTOOLCHAIN: 'local',
  GOFLAGS: '-mod=readonly -buildvcs=false',
};

export type Program = {
  /** Why it can't be built here; false: it can. */
  readonly skip: string | false;
  /** Builds it: the folder that holds nothing else, and the program in it. */
  readonly build: () => { readonly folder: string; readonly file: string };
};

/** The version of this machine's Go, as its minor number; null where there is none. */
function goVersion(): number | null {
  try {
    const version = execFileSync('go', ['env', 'GOVERSION'], { env: environment }).toString();
    return Number(/^go1\.([0-9]+)/.exec(version)?.[1]);
  } catch {
    return null;
  }
}

/**
 * A program in Go of a folder beside this file, with the files that list its modules: for each the oldest Go (the minor
 * number) that builds it, best first. It is built from modules that are on this machine already.
 */
export function goProgram(name: string, modules: Readonly<Record<string, number>>): Program {
  const folder = path.join(import.meta.dirname, name);
  const version = goVersion();
  const file = Object.entries(modules).find(([, oldest]) => (version ?? 0) >= oldest)?.[0];

  function whyNot(): string | false {
    if (version !== null && file === undefined) return `Go 1.${version} is too old for it`;
    if (isRequired('go')) return false;
    if (version === null) return 'the go command is not installed';
    try {
      const args = ['list', `-modfile=${file}`, '-deps', '.'];
      execFileSync('go', args, { cwd: folder, env: environment, stdio: 'ignore' });
      return false;
    } catch {
      return `its modules are not here; run: cd test/interop/vault/${name} && go build -modfile=${file} -o /dev/null .`;
    }
  }

  return {
    skip: whyNot(),
    build: () => {
      const made = fs.mkdtempSync(path.join(os.tmpdir(), `claviger-${name}-`));
      const built = path.join(made, name);
      const args = ['build', `-modfile=${file}`, '-o', built, '.'];
      execFileSync('go', args, { cwd: folder, env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
      return { folder: made, file: built };
    },
  };
}

/** Vault's own client for Go under a command line like that of `vault`. */
export const vaultCommand: Program = goProgram('go-client', { 'go.mod': 24, 'go-1.19.mod': 19 });

export type Secret = {
  readonly data: Record<string, unknown>;
  readonly auth?: Record<string, unknown>;
  readonly wrap_info?: Record<string, unknown>;
};

/** Runs a program against a server: what it prints as JSON (null where the server answers nothing); it throws what it says. */
export function runProgram(
  file: string,
  server: TestServer,
  {
    args,
    token,
    env = {},
  }: { args: readonly string[]; token?: string; env?: Readonly<Record<string, string>> },
): Promise<Secret> {
  const all = {
    HOME: server.home,
    ...vaultWords(server),
    ...env,
    VAULT_ADDR: server.address,
    VAULT_TOKEN: token ?? server.env['VAULT_TOKEN'],
    VAULT_MAX_RETRIES: '0',
  };
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { env: all }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim(), { cause: error }));
      else resolve(JSON.parse(stdout) as Secret);
    });
  });
}
