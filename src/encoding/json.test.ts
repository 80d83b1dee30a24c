import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readJsonObject } from './json.ts';

const read = (text: string | Uint8Array, depthMax = 16) =>
  readJsonObject(typeof text === 'string' ? Buffer.from(text) : text, depthMax);

describe('the strict JSON reader', () => {
  it('reads every object as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 4 })), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(read(text), { value: JSON.parse(text), fault: null });
      }),
      { numRuns: 300 },
    );
  });

  it('takes no bytes for an empty object', () => {
    assert.deepEqual(read(''), { value: {}, fault: null });
  });

  const refused: readonly (readonly [string, string | Uint8Array])[] = [
    ['not-json', '{'],
    ['not-json', '{"a":1}x'],
    ['not-json', '\ufeff{}'],
    ['not-json', "{'a':1}"],
    ['not-json', '{"a":NaN}'],
    ['not-json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['not-json', Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1')],
    ['not-an-object', '[]'],
    ['not-an-object', 'null'],
    ['not-an-object', '"a"'],
    ['member-twice', '{"a":1,"a":1}'],
    ['member-twice', '{"a":1,"\\u0061":2}'],
    ['member-twice', '{"b":{"a\\"":1,"a\\"":2}}'],
    ['member-twice', '{"b":[{"x":"\\\\","x":1}]}'],
    ['member-twice', '{"__proto__":1,"__proto__":2}'],
    ['member-twice', '{"a":{"x":1},"b":[1,{"y":2}],"a":3}'],
    ['ill-formed-text', '{"a":"\\ud800"}'],
    ['ill-formed-text', '{"\\uDC00":1}'],
    ['ill-formed-text', '{"a":[{"b":"x\\ud83dy"}]}'],
  ];
  for (const [fault, text] of refused) {
    it(`refuses ${JSON.stringify(Buffer.from(text).toString('latin1'))}: ${fault}`, () => {
      assert.deepEqual(read(text), { value: null, fault });
    });
  }

  it('lets a member stand in two objects, and its name in values', () => {
    for (const text of [
      '{"a":{"a":1},"b":{"a":"a"}}',
      '{"a":["a","a"],"b":"a\\",\\"a"}',
      '{"a":"\\ud83d\\ude00"}',
    ]) {
      assert.equal(read(text).fault, null, text);
    }
  });

  it('bounds the nesting, also where that is far too deep', () => {
    const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    assert.equal(read(nested(8), 8).fault, null);
    assert.equal(read(nested(9), 8).fault, 'too-deep');
    assert.match(String(read(nested(200_000), 8).fault), /^(too-deep|not-json)$/);
  });

  it('finds a member that stands twice, wherever that is', () => {
    const member = fc.string({ unit: 'grapheme', maxLength: 5 });
    fc.assert(
      fc.property(fc.uniqueArray(member, { minLength: 1, maxLength: 6 }), fc.nat(), (names, pick) => {
        const again = names[pick % names.length] ?? '';
        const members = [...names, again].map((name) => `${JSON.stringify(name)}:${JSON.stringify(name)}`);
        assert.equal(read(`{${members.join(',')}}`).fault, 'member-twice');
        assert.equal(read(`{${members.slice(0, -1).join(',')}}`).fault, null);
      }),
    );
  });
});
