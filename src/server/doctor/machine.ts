import fs from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.ts';
import { requireFips } from '../fips.ts';
import { fail, ok, warn, type Check, type Found } from './finding.ts';

const nodeMajorMin = 26;
const mebi = 2 ** 20;
const freeMin = 100 * mebi;
const freeGood = 1024 * mebi;
const syncMillisGood = 50;

function runtime(): Found {
  const { node, openssl } = process.versions;
  return Number(node.split('.')[0]) >= nodeMajorMin
    ? ok(`Node ${node}, OpenSSL ${openssl}`)
    : fail(`Node ${node} is too old`, 'start ./claviger or npm start, which bring their own');
}

/** A crash must not write memory to a disk. */
function coreDumps(): Found {
  let text: string;
  try {
    text = fs.readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return warn(
      'this system does not tell whether core files are written',
      'switch core files off for the server',
    );
  }
  const limit = /^Max core file size\s+(\S+)/m.exec(text)?.[1];
  return limit === '0'
    ? ok('no core files are written')
    : warn(
        `a crash may write keys into a core file (limit ${limit ?? 'unknown'})`,
        'ulimit -c 0, or LimitCORE=0 in the unit',
      );
}

/** Free space where the server writes, and how long one durable write takes: every answer waits for one. */
function disk({ home, auditFolder }: Config): Found {
  const folder = fs.existsSync(auditFolder) ? auditFolder : home;
  const { bavail, bsize } = fs.statfsSync(folder);
  const free = bavail * bsize;
  const space = `${(free / 2 ** 30).toFixed(1)} GiB free in ${folder}`;
  if (free < freeMin) return fail(space, 'free space on this disk: without it the server refuses everything');
  const millis = syncMillis(folder);
  const facts = `${space}; a durable write takes ${millis.toFixed(1)} ms`;
  if (free < freeGood) return warn(facts, 'free space on this disk');
  return millis < syncMillisGood ? ok(facts) : warn(facts, 'move the home to a quicker disk');
}

function syncMillis(folder: string): number {
  const file = path.join(folder, `.doctor-${process.pid}`);
  const fd = fs.openSync(file, 'wx', 0o600);
  try {
    const begin = performance.now();
    fs.writeSync(fd, Buffer.alloc(4096));
    fs.fsyncSync(fd);
    return performance.now() - begin;
  } finally {
    fs.closeSync(fd);
    fs.rmSync(file, { force: true });
  }
}

function homeFolder({ home }: Config): Found {
  const facts = fs.statSync(home);
  if (process.platform === 'win32') return ok(home);
  if ((facts.mode & 0o077) !== 0) return fail(`others can enter ${home}`, `chmod 700 ${home}`);
  if (facts.uid !== process.getuid?.() && process.getuid?.() !== 0)
    return fail(`${home} belongs to another user`, 'run claviger as the user of the server');
  return ok(home);
}

const shownMax = 3;

function filePermissions({ home }: Config): Found {
  if (process.platform === 'win32') return ok('not looked at on Windows');
  const files = fs.readdirSync(home, { recursive: true, encoding: 'utf8' });
  const open = files.filter((name) => {
    const facts = fs.statSync(path.join(home, name), { throwIfNoEntry: false });
    return facts?.isFile() && (facts.mode & 0o077) !== 0;
  });
  if (open.length === 0) return ok(`${files.length} files and folders, none open to others`);
  const shown = open.slice(0, shownMax).join(', ');
  return fail(
    `others can read or write ${shown}${open.length > shownMax ? ` and ${open.length - shownMax} more` : ''}`,
    `chmod -R go-rwx ${home}`,
  );
}

const cryptography = ({ fips }: Config): Found =>
  fips ? ok(requireFips()) : ok('all algorithms (CLAVIGER_FIPS is not 1)');

export const machineChecks: readonly Check[] = [
  { name: 'cryptography', look: cryptography },
  { name: 'runtime', look: runtime },
  { name: 'core dumps', look: coreDumps },
];

export const homeChecks: readonly Check[] = [
  { name: 'home', look: homeFolder },
  { name: 'files', look: filePermissions },
  { name: 'disk', look: disk },
];
