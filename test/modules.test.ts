import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const source = path.join(import.meta.dirname, '..', 'src');
/** A program, and what a test runs as one. */
const programs = /(^cli\/main\.ts|\.test\.ts|\.fixture\.ts)$/;

const probe = `
const kinds = /^(Timeout|Immediate|TCP|UDP|Worker|MessagePort|Process|TTY|FSEvent|Signal)/;
const open = () => process.getActiveResourcesInfo().filter((kind) => kinds.test(kind)).length;
// zod keeps its configuration where all copies of it find it
const named = () => Object.keys(globalThis).filter((name) => !name.startsWith('__zod')).length;
const before = open();
const names = named();
const listeners = process.eventNames().map((name) => process.listenerCount(name)).join();
let written = 0;
process.stdout.write = process.stderr.write = () => { written += 1; return true; };
const found = [];
for (const file of JSON.parse(process.argv[1])) {
  await import(file);
  if (open() > before) found.push(file + ' keeps something open');
  if (named() !== names) found.push(file + ' changes the global object');
  if (process.eventNames().map((name) => process.listenerCount(name)).join() !== listeners) found.push(file + ' listens to the process');
  if (written > 0) found.push(file + ' writes');
}
require('node:fs').writeSync(1, JSON.stringify(found));
`;

describe('every module', () => {
  it('can be imported without any effect', () => {
    const files = fs
      .readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !programs.test(name.replaceAll(path.sep, '/')))
      .map((name) => path.join(source, name));
    assert.ok(files.length > 100);
    const script = `const { createRequire } = await import('node:module'); const require = createRequire('/');${probe}`;
    const output = execFileSync(
      process.execPath,
      ['--input-type=module', '-e', script, JSON.stringify(files)],
      {
        encoding: 'utf8',
      },
    );
    assert.deepEqual(JSON.parse(output), []);
  });
});
