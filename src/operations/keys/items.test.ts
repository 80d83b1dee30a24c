import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClavigerError } from '#domain';
import { eachItem, hasFailed, type ItemResult } from './items.ts';

type Opened = { readonly plaintext: Buffer };
const wipe = (results: readonly ItemResult<Opened>[]) => {
  for (const result of results) if (!hasFailed(result)) result.plaintext.fill(0);
};

describe('items of a batch', () => {
  it('fail one by one, and what was done for the others is kept', async () => {
    const results = await eachItem(
      [1, 2],
      (item) => {
        if (item === 2) throw new ClavigerError('ciphertext-invalid', 'no');
        return { plaintext: Buffer.from('open') };
      },
      wipe,
    );
    const [first, second] = results;
    assert.ok(first && !hasFailed(first) && first.plaintext.toString() === 'open');
    assert.ok(second && hasFailed(second));
  });

  it('are wiped where the house fails in the midst of them', async () => {
    for (const reason of [new ClavigerError('integrity-failed', 'broken'), new Error('unknown')]) {
      const made: Buffer[] = [];
      const failing = eachItem(
        [1, 2, 3],
        async (item) => {
          if (item === 3) throw reason;
          const plaintext = Buffer.from('open');
          made.push(plaintext);
          return { plaintext };
        },
        wipe,
      );
      await assert.rejects(failing, reason);
      assert.deepEqual(made, [Buffer.alloc(4), Buffer.alloc(4)]);
    }
  });
});
