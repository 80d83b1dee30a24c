import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { lockFolder } from './folder-lock.ts';

describe('the lock of a log', () => {
  it('keeps others out, and leaves no file that others can read', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-lock-'));
    try {
      const lock = lockFolder(folder);
      assert.throws(() => lockFolder(folder), { code: 'conflict' });
      for (const name of fs.readdirSync(folder))
        assert.equal(fs.statSync(path.join(folder, name)).mode & 0o077, 0, name);
      lock.release();
      lockFolder(folder).release();
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
