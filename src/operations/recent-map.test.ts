import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RecentMap } from './recent-map.ts';

describe('the map of what was used lately', () => {
  it('never holds more than it may, and always what was set last', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('get', 'set', 'delete'), key }),
      fc.record({ kind: fc.constant('clear'), key }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const map = new RecentMap<number>(max);
        const last = new Map<string, number>();
        for (const [value, { kind, key: name }] of steps.entries()) {
          if (kind === 'set') {
            map.set(name, value);
            last.set(name, value);
            assert.equal(map.get(name), value);
          } else if (kind === 'delete') {
            map.delete(name);
            last.delete(name);
          } else if (kind === 'clear') {
            map.clear();
            last.clear();
          }
          const found = map.get(name);
          if (found !== undefined) assert.equal(found, last.get(name));
          assert.ok(map.size <= max && map.size <= last.size);
        }
      }),
    );
  });

  it('forgets what was used longest ago', () => {
    const map = new RecentMap<number>(3);
    for (const [value, name] of ['a', 'b', 'c'].entries()) map.set(name, value);
    map.get('a');
    map.set('d', 3);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => map.get(name)),
      [0, undefined, 2, 3],
    );
  });

  it('drops what a test picks out', () => {
    const map = new RecentMap<number>(5);
    for (const [value, name] of ['a', 'b', 'c', 'd'].entries()) map.set(name, value);
    map.deleteWhere((value) => value % 2 === 0);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => map.get(name)),
      [undefined, 1, undefined, 3],
    );
  });
});
