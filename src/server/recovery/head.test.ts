import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError } from '#domain';
import { prefixBytes, readHead, readPrefix, writeHead, type FileHead } from './head.ts';

const holder = (digit: string) => ({ name: digit, fingerprint: digit.repeat(64), share: 'a.b.c.d.e' });
const sample: FileHead = {
  format: 1,
  kind: 'backup',
  id: randomUUID(),
  createdAt: '2026-11-26T00:00:00.000Z',
  node: 'one',
  store: randomUUID(),
  root: { kind: 'file', where: 'a file' },
  schema: 2,
  generation: 0,
  threshold: 2,
  commitment: 'ab'.repeat(32),
  holders: [holder('1'), holder('2')],
};

const ours = (error: unknown) => error instanceof ClavigerError;

describe('the head of a backup', () => {
  it('comes back as it went in', () => {
    const bytes = writeHead(sample);
    assert.equal(readPrefix(bytes), bytes.length - prefixBytes);
    assert.deepEqual(readHead(bytes.subarray(prefixBytes)), sample);
  });

  it('is refused in every other form, with an error of ours', () => {
    const wrong: object[] = [
      { ...sample, format: 2 },
      { ...sample, threshold: 3 },
      { ...sample, threshold: 1 },
      { ...sample, holders: [holder('1'), holder('1')] },
      { ...sample, more: 1 },
      { ...sample, id: '../../etc' },
      { ...sample, commitment: 'short' },
    ];
    for (const value of wrong) assert.throws(() => readHead(Buffer.from(JSON.stringify(value))), ours);
    assert.throws(() => readPrefix(Buffer.from('CLVGREC\x02\0\0\0\x01', 'latin1')), /does not know/);
    assert.throws(() => readPrefix(Buffer.from('CLVGREC\x01\xff\xff\xff\xff', 'latin1')), ours);
    assert.throws(() => readPrefix(Buffer.from('CLVGREC\x01\0\0\0\0', 'latin1')), ours);
  });

  it('never fails otherwise than with an error of ours, whatever comes', () => {
    const bytes = writeHead(sample);
    const changed = fc
      .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 })
      .map((changes) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) copy[at] = value;
        return copy;
      });
    const input = fc.oneof(
      changed,
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    );
    fc.assert(
      fc.property(input, (file) => {
        try {
          readPrefix(file);
          readHead(file.subarray(prefixBytes));
        } catch (error) {
          assert.ok(ours(error), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
