import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { packContext, readContext } from './context.ts';

const pair = (name: string, value: string) =>
  [name, value].map((text) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
  });
const bytesOf = (...pairs: [string, string][]) => Buffer.concat(pairs.flatMap(([n, v]) => pair(n, v)));

describe('the context in the head of a file', () => {
  it('comes back as it went in, whatever the order of its names', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), (pairs) => {
        const context = Object.fromEntries(pairs);
        const bytes = packContext(context);
        assert.deepEqual({ ...readContext(bytes) }, context);
        assert.deepEqual(packContext(Object.fromEntries(Object.entries(context).reverse())), bytes);
      }),
    );
  });

  it('orders by bytes, where numbers and surrogates would order otherwise', () => {
    const context = { '9': 'a', '10': 'b', '\u{1f511}': 'c', '\uffee': 'd' };
    assert.deepEqual(
      packContext(context),
      bytesOf(['10', 'b'], ['9', 'a'], ['\uffee', 'd'], ['\u{1f511}', 'c']),
    );
  });

  const wrong: readonly (readonly [string, Buffer])[] = [
    ['names out of order', bytesOf(['b', '1'], ['a', '2'])],
    ['a name twice', bytesOf(['a', '1'], ['a', '2'])],
    ['half a pair', bytesOf(['a', '1']).subarray(0, 3)],
    ['a cut value', bytesOf(['a', '12']).subarray(0, -1)],
    ['half a length', Buffer.concat([bytesOf(['a', '1']), Buffer.of(0)])],
    ['a length that leads outside', Buffer.from('ffff61', 'hex')],
    ['no UTF-8', Buffer.from('0001ff000161', 'hex')],
    ['UTF-8 of a surrogate', Buffer.from('0003eda080000161', 'hex')],
    ['UTF-8 that is too long', Buffer.from('0002c1a1000161', 'hex')],
  ];
  for (const [name, bytes] of wrong) {
    it(`refuses ${name}`, () => {
      assert.throws(() => readContext(bytes), { name: 'EnvelopeError', code: 'damaged' });
    });
  }

  it('has no names that mean something to JavaScript', () => {
    const context = readContext(bytesOf(['__proto__', 'a'], ['constructor', 'b']));
    assert.deepEqual(Object.entries(context), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it('refuses what has no bytes of its own, or too many', () => {
    assert.throws(() => packContext({ a: '\ud800' }), RangeError);
    assert.throws(() => packContext({ a: 'x'.repeat(70_000) }), RangeError);
    assert.throws(() => packContext({ a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) }), RangeError);
  });
});
