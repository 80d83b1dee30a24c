import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-completion-'));
after(() => fs.rmSync(scratch, { recursive: true }));
const root = path.join(import.meta.dirname, '..');
const claviger = (...words: string[]) =>
  execFileSync(process.execPath, [path.join(root, 'src/cli/main.mjs'), ...words], { encoding: 'utf8' });

describe('the page of the command line', () => {
  it('lists the exit codes that the program has', () => {
    const page = fs.readFileSync(path.join(root, 'docs/command-line.md'), 'utf8');
    const told = [...page.matchAll(/^\| ([0-9]+) \| (.+) \|$/gm)].map((row) => `${row[1]}  ${row[2]}`);
    const lines = claviger('help', 'exit-codes').trimEnd().split('\n');
    assert.deepEqual(
      told,
      lines.map((line) => line.trimStart()),
    );
  });
});

describe('the completion scripts', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const isThere = spawnSync(shell, ['-c', 'true']).status === 0;
    it(`of ${shell} can be read by it`, { skip: isThere ? false : `${shell} is not there` }, () => {
      const file = path.join(scratch, shell);
      fs.writeFileSync(file, claviger('completion', shell));
      const read = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      assert.deepEqual([read.status, read.stderr], [0, '']);
    });
  }

  it('hold every command of the table', () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = claviger('completion', shell);
      for (const words of ['key rotation enable', 'audit verify', 'name move', 'principal revoke', 'doctor'])
        assert.ok(script.includes(`claviger ${words}`), `${shell}: ${words}`);
    }
  });
});
