import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A throw-away PostgreSQL cluster in a temporary folder, on a port of the loopback interface. */
export type Cluster = {
  /** Address of its database `postgres`, for a superuser. */
  readonly url: string;
  readonly folder: string;
  /** Ends the server at once, as a crash does, and starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends the server and removes the folder. */
  stop(): Promise<void>;
};

/** The folder of the server's programs: in PATH, else the newest under `/usr/lib/postgresql`; null: none. */
export function findPostgres(): string | null {
  const inPath = (process.env['PATH'] ?? '').split(':').find((folder) => existsSync(join(folder, 'initdb')));
  if (inPath !== undefined) return inPath;
  const packages = '/usr/lib/postgresql';
  if (!existsSync(packages)) return null;
  const versions = readdirSync(packages).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => join(packages, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** The user that runs the server: PostgreSQL refuses root. */
function serverUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const { status, stdout } = spawnSync('id', ['-u', name], { encoding: 'utf8' });
    if (status !== 0) continue;
    const gid = execFileSync('id', ['-g', name], { encoding: 'utf8' });
    return { uid: Number(stdout), gid: Number(gid) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no user postgres or nobody.');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Makes a cluster and starts it. Throws where PostgreSQL is not installed. */
export async function startPostgres(): Promise<Cluster> {
  const programs = findPostgres();
  if (programs === null)
    throw new Error('PostgreSQL is not installed: no initdb in PATH or /usr/lib/postgresql.');
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), 'claviger-postgres-'));
  const data = join(folder, 'data');
  const port = await freePort();
  if (user) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);

  const run = async (program: string, ...args: string[]): Promise<void> => {
    // no pipes: the server inherits them, and would keep them open
    const child = spawn(join(programs, program), args, {
      cwd: folder,
      stdio: 'ignore',
      timeout: 60_000,
      ...user,
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${program} ${args.at(-1)} failed with ${code}.`);
  };
  const settings = [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    `-c unix_socket_directories=${folder}`,
    '-c shared_buffers=32MB',
  ].join(' ');
  const start = (): Promise<void> =>
    run('pg_ctl', '-D', data, '-w', '-t', '30', '-l', join(folder, 'log'), '-o', settings, 'start');

  try {
    await run(
      'initdb',
      '-D',
      data,
      '-U',
      'claviger',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    );
    await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `postgres://claviger@127.0.0.1:${port}/postgres`,
    folder,
    async restart() {
      await run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      await start();
    },
    async stop() {
      try {
        await run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Runs a command that finds a throw-away cluster in CLAVIGER_TEST_POSTGRES; exits as it does. */
async function runWith(command: readonly string[]): Promise<void> {
  const cluster = await startPostgres();
  const [file = '', ...args] = command;
  const env = { ...process.env, CLAVIGER_TEST_POSTGRES: cluster.url };
  const child = spawn(file, args, { env, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  await cluster.stop();
  process.exit(code ?? 1);
}

async function runUntilStopped(): Promise<void> {
  const cluster = await startPostgres();
  const stop = async (): Promise<void> => {
    await cluster.stop();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
  process.stdin.once('end', () => void stop()).resume();
  console.log(cluster.url);
}

// as a program: `postgres.ts run -- COMMAND`, or alone: it prints its address and stops at the end of its input or by a signal
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [verb, dashes, ...command] = process.argv.slice(2);
  await (verb === 'run' && dashes === '--' ? runWith(command) : runUntilStopped());
}
