import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { dayMillis, judgedAt } from '../population.fixture.ts';
import { filterFields, filterOf, orderOf } from './filter.ts';

const read = (fields: Record<string, string>) => filterOf('production', fields, judgedAt);

describe('a filter of the inventory', () => {
  it('reads every field', () => {
    assert.deepEqual(
      read({
        owner: 'payments, inc',
        state: 'active,suspended',
        tier: 'hsm',
        origin: 'imported',
        classification: 'pan,internal',
        rotation: 'none',
        destruction: 'scheduled',
        region: 'eu',
        'created-from': '2026-01-31',
        'created-before': '2026-02-01T12:00:00Z',
        'ends-before': '+90d',
        'ends-from': '-1d',
      }),
      {
        environment: 'production',
        owner: 'payments, inc',
        states: ['active', 'suspended'],
        tiers: ['hsm'],
        origins: ['imported'],
        classifications: ['pan', 'internal'],
        isRotated: false,
        isDestructionScheduled: true,
        regions: ['eu'],
        created: { from: Date.UTC(2026, 0, 31), before: Date.UTC(2026, 1, 1, 12) },
        ends: { before: judgedAt + 90 * dayMillis, from: judgedAt - dayMillis },
      },
    );
    assert.deepEqual(read({ owner: 'pay*' }), { environment: 'production', ownerPrefix: 'pay' });
    assert.deepEqual(read({ name: 'card*' }), { environment: 'production', namePrefix: 'card' });
  });

  it('lets those specs and usages pass for which everything holds', () => {
    const { kinds = [] } = read({ purpose: 'signature', quantum: 'vulnerable', 'strength-below': '128' });
    assert.deepEqual(kinds, [{ spec: 'RSA_2048', usage: 'sign' }]);
    assert.deepEqual(read({ algorithm: 'aes', quantum: 'vulnerable' }).kinds, []);
    assert.ok(read({ quantum: 'ready' }).kinds?.some(({ spec }) => spec === 'ML_DSA_65'));
  });

  it('refuses what it does not understand, and names the field', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['colour', 'red'],
      ['__proto__', 'x'],
      ['constructor', 'x'],
      ['state', 'actve'],
      ['state', ''],
      ['spec', 'AES_256,'],
      ['name', 'whole'],
      ['ends-before', 'soon'],
      ['ends-before', '2026-13-01'],
      ['ends-before', '+999999d'],
      ['strength-below', '1e3'],
      ['owner', 'x'.repeat(1025)],
      ['classification', ','],
    ];
    for (const [field, text] of wrong)
      assert.throws(
        () => read(Object.fromEntries([[field, text]])),
        (error) => hasCode(error, 'input-invalid') && error.details['field'] === field,
        field,
      );
  });

  it('is a filter or a refusal whatever is asked', () => {
    const fields = fc.dictionary(fc.oneof(fc.constantFrom(...filterFields), fc.string()), fc.string());
    fc.assert(
      fc.property(fields, (asked) => {
        try {
          assert.equal(read(asked).environment, 'production');
        } catch (error) {
          assert.ok(hasCode(error, 'input-invalid'));
        }
      }),
    );
  });

  it('is ordered as it is asked, or as it suits', () => {
    assert.deepEqual(orderOf(null, read({})), { by: 'created', descending: false });
    assert.deepEqual(orderOf(null, read({ name: 'a*' })), { by: 'name', descending: false });
    assert.deepEqual(orderOf('-ends', read({})), { by: 'ends', descending: true });
    for (const sort of ['', '-', 'last-use', '--ends', 'toString'])
      assert.throws(() => orderOf(sort, read({})), { code: 'input-invalid' });
  });
});
