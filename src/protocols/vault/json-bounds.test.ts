import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './json-bounds.ts';

const tooDeep = { message: 'error parsing JSON: it is nested too deeply' };
const tooMany = { message: 'error parsing JSON: it has too many parts' };

function fasterThan(millis: number, act: () => void): void {
  const before = performance.now();
  act();
  const taken = performance.now() - before;
  assert.ok(taken < millis, `${taken} ms`);
}

describe('JSON of clients', () => {
  it('is read as it is written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseJson(text), JSON.parse(text));
      }),
    );
  });

  it('is refused where it is none, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', '1', 'a', ' ', '\n') }),
        ),
        (text) => {
          let expected: unknown;
          try {
            expected = JSON.parse(text);
          } catch {
            assert.throws(() => parseJson(text), { message: /^error parsing JSON/ });
            return;
          }
          assert.deepEqual(parseJson(text), expected);
        },
      ),
    );
  });

  it('may have brackets, commas and quotes in its strings', () => {
    const inside = `${'[{'.repeat(100_000)}${','.repeat(500_000)}${'\\"'.repeat(500_000)}`;
    assert.deepEqual(parseJson(`{"a":${JSON.stringify(inside)}}`), { a: inside });
  });

  it('has at most 64 levels, also where no string ends', () => {
    for (const deep of ['['.repeat(65), `{"a":"x","b":${'{"a":'.repeat(64)}`, `"\\\\"${'['.repeat(65)}`])
      assert.throws(() => parseJson(deep), tooDeep);
    const most = `${'['.repeat(64)}${']'.repeat(64)}`;
    assert.ok(Array.isArray(parseJson(most)));
    assert.throws(() => parseJson('"\\"[[['), { message: 'error parsing JSON' });
  });

  it('holds a batch of 10,000 items, and not very many parts, which are not even parsed', () => {
    const item = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`m${at}`, 'AAAA']));
    const batch = JSON.stringify({ batch_input: Array.from({ length: 10_000 }, () => item) });
    assert.equal((parseJson(batch) as { batch_input: unknown[] }).batch_input.length, 10_000);
    for (const many of ['{},', '"",', '0,', '"a":0,', '"" ', '[],'])
      fasterThan(1000, () =>
        assert.throws(() => parseJson(`[${many.repeat(Math.floor(30e6 / many.length))}0]`), tooMany),
      );
    fasterThan(1000, () => assert.throws(() => parseJson(`"${'\\'.repeat(30e6)}`), /error parsing JSON/));
  });
});
