import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { keyedFingerprint, SecretBytes } from '#crypto';
import { someDay } from '../house.fixture.ts';
import type { KeyReference } from '../operation.ts';
import { digestOfStatement, statementOf, type Asked } from './statement.ts';

const key = SecretBytes.random(32);
const house = { fingerprintOf: (secret: SecretBytes) => keyedFingerprint(key, 'test', secret) };

function asked(input: unknown, change: Partial<Asked> = {}): Asked {
  const principal = {
    id: 'p-1',
    environment: 'alpha',
    name: 'ada',
    kind: 'user',
    roles: [],
    createdAt: someDay,
    disabled: false,
  } as const;
  return {
    operation: 'keys.trim',
    caller: { principal, region: 'eu-north-1' },
    input,
    keys: [],
    ...change,
  };
}

const said = (input: unknown, change: Partial<Asked> = {}) => statementOf(house, asked(input, change));

/** Values as inputs have them, with members that look like what statements say of secrets. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('', 'a', '$key', null, true, false, 0, 1, 7n, 8n),
    fc.uint8Array({ maxLength: 2 }),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(
      fc.constantFrom('a', 'password', '$bytes', '$fingerprint', '$secret', '$$secret', '$number', '$key'),
      tie('value'),
      { maxKeys: 2, noNullPrototype: true },
    ),
  ),
}));

describe('a statement', () => {
  it('tells no two inputs alike, and one always the same', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        assert.equal(said({ one }), said({ one: structuredClone(one) }));
        assert.equal(said({ one }) === said({ one: other }), isDeepStrictEqual(one, other));
      }),
      { numRuns: 2000 },
    );
  });

  it('is not told apart by the order of members, and is by everything else', () => {
    assert.equal(said({ a: 1, b: 2 }), said({ b: 2, a: 1 }));
    const base = said({});
    const { caller } = asked({});
    for (const change of [
      { operation: 'keys.export' },
      { caller: { ...caller, region: 'us-east-1' } },
      { caller: { ...caller, principal: { ...caller.principal, id: 'p-2' } } },
      { caller: { ...caller, principal: { ...caller.principal, environment: 'beta' } } },
    ])
      assert.notEqual(said({}, change), base);
  });

  it('names keys by what they are, not by what they were called', () => {
    const target = { id: 'k-1', createdAt: someDay };
    const by = (reference: KeyReference, number = 1) =>
      said({ key: reference }, { keys: [{ reference, key: target, version: { number } }] });
    const plain = by({ kind: 'name', name: 'ledger' });
    assert.equal(plain, by({ kind: 'id', id: 'k-1', accountId: '111122223333' }));
    assert.notEqual(plain, by({ kind: 'id', id: 'k-1' }, 2));
    assert.doesNotMatch(plain, /ledger/);
  });

  it('holds no secret, and its digest is that of its bytes', () => {
    const text = said({
      password: 'hunter2',
      secret: 'hunter2',
      wrapped: Buffer.from('hunter2'),
      d: 123_456n,
    });
    assert.doesNotMatch(text, /hunter2|68756e74657232|aHVudGVyMg|123456|1e240/);
    assert.equal(digestOfStatement('{}'), '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });
});
