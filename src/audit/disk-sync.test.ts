import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDiskSync } from './disk-sync.ts';
import { realFiles } from './files.ts';

describe('a sync of the journal', () => {
  /** Notes how each sync was made; one that the loop waits for takes so long. */
  function disk(millis: number) {
    const made: string[] = [];
    const files = {
      ...realFiles,
      sync: async () => void made.push('beside'),
      syncNow: () => {
        made.push('at once');
        const end = performance.now() + millis;
        while (performance.now() < end);
      },
    };
    return { made, files };
  }

  it('is waited for where the disk is quick', async () => {
    const { made, files } = disk(0);
    const sync = createDiskSync(files);
    for (let at = 0; at < 50; at += 1) await sync(1);
    assert.deepEqual(new Set(made), new Set(['at once']));
  });

  it('goes on beside where it has been slow for long', async () => {
    const { made, files } = disk(12);
    const sync = createDiskSync(files);
    for (let at = 0; at < 20; at += 1) await sync(1);
    assert.equal(made[0], 'at once');
    assert.equal(made.at(-1), 'beside');
  });

  it('is never waited for where that is said', async () => {
    const { made, files } = disk(0);
    const sync = createDiskSync(files, 0);
    await sync(1);
    assert.deepEqual(made, ['beside']);
  });

  it('tells of a disk that fails', async () => {
    const { files } = disk(0);
    const broken = {
      ...files,
      syncNow: () => {
        throw new Error('EIO');
      },
    };
    await assert.rejects(createDiskSync(broken)(1), /EIO/);
  });
});
