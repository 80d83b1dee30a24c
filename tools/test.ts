import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// Runs every test file (or those whose path holds one of the given words), and lists at the end what was skipped, and why.

const root = path.join(import.meta.dirname, '..');
const words = process.argv.slice(2);

function testFiles(): string[] {
  return ['src', 'test', 'tools']
    .flatMap((folder) =>
      fs
        .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((name) => path.join(folder, name)),
    )
    .filter(
      (name) =>
        name.endsWith('.test.ts') && (words.length === 0 || words.some((word) => name.includes(word))),
    )
    .sort();
}

const files = testFiles();
if (files.length === 0) {
  process.stderr.write('No test file matches.\n');
  process.exit(1);
}

const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-test-')), 'report.tap');
// a test that turns in a circle fails, and the others are told; whoever asks for more rounds has the time
const isLong = Object.keys(process.env).some((name) => /^CLAVIGER_.*_(ROUNDS|FLIPS)$/.test(name));
const limit = isLong ? [] : ['--test-timeout=600000'];
const screen = process.stdout.isTTY ? 'spec' : 'dot';
const child = spawn(
  process.execPath,
  [
    '--test',
    ...limit,
    `--test-concurrency=${Math.max(2, os.availableParallelism())}`,
    `--test-reporter=${screen}`,
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${report}`,
    ...files,
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);

child.on('close', (code) => {
  const lines = fs.readFileSync(report, 'utf8').split('\n');
  fs.rmSync(path.dirname(report), { recursive: true, force: true });
  const count = (name: string): number =>
    Number(lines.findLast((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3));
  const failed = lines.filter((line) => /^ *not ok /.test(line));
  const skipped = lines.filter((line) => /^ *ok .* # SKIP/.test(line));
  for (const line of failed) process.stdout.write(`failed: ${line.trim()}\n`);
  for (const line of skipped) process.stdout.write(`skipped: ${line.trim().replace(/^ok [0-9]+ - /, '')}\n`);
  const [passed, failures] = [count('pass'), count('fail') + count('cancelled')];
  process.stdout.write(
    `# tests ${count('tests')}\n${passed} passed, ${failures} failed, ${count('skipped')} skipped\n`,
  );
  process.exit(code === 0 && passed > 0 ? 0 : 1);
});
