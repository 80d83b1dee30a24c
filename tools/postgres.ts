import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

// `node tools/postgres.ts run -- COMMAND`: a throw-away PostgreSQL for one command, which finds it in CLAVIGER_TEST_POSTGRES.

function binaries(): string | null {
  const base = '/usr/lib/postgresql';
  if (!fs.existsSync(base)) return null;
  const folders = fs.readdirSync(base).map((version) => path.join(base, version, 'bin'));
  return folders.find((folder) => fs.existsSync(path.join(folder, 'initdb'))) ?? null;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** PostgreSQL refuses to run as root. */
function asServerUser(command: string, args: readonly string[]): [string, string[]] {
  return process.getuid?.() === 0
    ? ['runuser', ['-u', 'postgres', '--', command, ...args]]
    : [command, [...args]];
}

function run(command: string, args: readonly string[]): void {
  const [file, all] = asServerUser(command, args);
  execFileSync(file, all, { stdio: ['ignore', 'ignore', 'inherit'] });
}

const [verb, dashes, ...command] = process.argv.slice(2);
const bin = binaries();
if (verb !== 'run' || dashes !== '--' || command.length === 0) {
  process.stderr.write('usage: node tools/postgres.ts run -- COMMAND ...\n');
  process.exit(2);
}
if (!bin) {
  process.stderr.write('PostgreSQL is not installed (apt-get install postgresql).\n');
  process.exit(1);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-postgres-'));
const data = path.join(folder, 'data');
if (process.getuid?.() === 0) {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  );
  fs.chownSync(folder, uid ?? 0, gid ?? 0);
}
const port = await freePort();
run(path.join(bin, 'initdb'), [
  '-D',
  data,
  '-U',
  'claviger',
  '-A',
  'trust',
  '--no-sync',
  '-E',
  'UTF8',
  '--locale=C',
]);
const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}`;
const control = (...args: string[]) =>
  run(path.join(bin, 'pg_ctl'), ['-D', data, '-w', '-l', path.join(folder, 'log'), ...args]);
control('-o', options, 'start');
const env = {
  ...process.env,
  CLAVIGER_TEST_POSTGRES: `postgres://claviger@127.0.0.1:${port}/postgres`,
  CLAVIGER_TEST_POSTGRES_RESTART: JSON.stringify(
    asServerUser(path.join(bin, 'pg_ctl'), [
      '-D',
      data,
      '-w',
      '-m',
      'immediate',
      '-l',
      path.join(folder, 'log'),
      '-o',
      options,
      'restart',
    ]).flat(),
  ),
};
const [file = '', ...args] = command;
const child = spawn(file, args, { env, stdio: 'inherit' });
child.on('close', (code) => {
  try {
    control('-m', 'immediate', 'stop');
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  process.exit(code ?? 1);
});
