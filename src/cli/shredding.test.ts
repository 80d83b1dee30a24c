import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { shredFile } from './shredding.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-shred-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => path.join(folder, name);

describe('shredding a file', () => {
  it('overwrites what stands on the disk under it before its name goes', () => {
    for (const size of [0, 1, 4096, 3_000_001]) {
      const file = place('key.pem');
      const content = randomBytes(size);
      fs.writeFileSync(file, content);
      // whoever had it open sees what became of it
      const fd = fs.openSync(file, 'r');
      const seen: Buffer[] = [];
      const rename = fs.renameSync;
      fs.renameSync = (from, to) => {
        const now = Buffer.alloc(size);
        fs.readSync(fd, now, 0, size, 0);
        seen.push(now);
        rename(from, to);
      };
      try {
        const done = shredFile(file);
        assert.deepEqual([done.file, done.bytes, done.passes], [file, size, 2]);
        assert.ok(done.limits.length >= 2);
      } finally {
        fs.renameSync = rename;
      }
      assert.deepEqual(seen, [Buffer.alloc(size)]);
      assert.equal(fs.fstatSync(fd).size, 0);
      fs.closeSync(fd);
      assert.deepEqual(fs.readdirSync(folder), []);
    }
  });

  it('refuses what is not one file of this name, and leaves it as it is', () => {
    fs.writeFileSync(place('real'), 'a key');
    fs.symlinkSync('real', place('link'));
    fs.linkSync(place('real'), place('second'));
    fs.mkdirSync(place('folder'));
    for (const [name, why] of [
      ['link', /is a link/],
      ['second', /2 names/],
      ['real', /2 names/],
      ['folder', /no plain file/],
      ['nothing', /is not there/],
    ] as const)
      assert.throws(() => shredFile(place(name)), why);
    assert.equal(fs.readFileSync(place('real'), 'utf8'), 'a key');
  });
});
