import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { errorCodes } from '#domain';

const text = fs.readFileSync(path.join(import.meta.dirname, '..', 'docs', 'errors.md'), 'utf8');

describe('the catalogue of errors', () => {
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (.+) \| (.+) \|$/gm)];

  it('has every code, and no ghost', () => {
    assert.deepEqual(rows.map((row) => row[1]).sort(), [...errorCodes].sort());
  });

  it('says what happened and what to do', () => {
    for (const [, code = '', what, next] of rows) {
      assert.ok((what ?? '').length > 15 && (next ?? '').length > 5, code);
    }
  });
});
