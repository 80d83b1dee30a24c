import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';

function measure(mebibytes: number): { bytes: number; rssMax: number } {
  const fixture = path.join(import.meta.dirname, 'memory.fixture.ts');
  const text = execFileSync(process.execPath, ['--max-old-space-size=64', fixture, String(mebibytes)], {
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

describe('the memory of file encryption', () => {
  it('does not grow with the file', () => {
    const [small, large] = [measure(8), measure(512)];
    assert.equal(large.bytes, 512 * 2 ** 20);
    const grown = (large.rssMax - small.rssMax) / 2 ** 20;
    assert.ok(grown < 128, `${grown.toFixed(0)} MiB more for 512 MiB than for 8 MiB`);
  });
});
