import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { keyReference } from './inputs.ts';

const common = {
  accountId: z
    .string()
    .regex(/^[0-9]{12}$/)
    .optional(),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .optional(),
};
/** The same, said slowly. */
const model = z.union([
  z.strictObject({
    kind: z.literal('id'),
    id: z.string().min(1).max(2048),
    fromCiphertext: z.boolean().optional(),
    ...common,
  }),
  z.strictObject({ kind: z.literal('name'), name: z.string().min(1).max(2048), ...common }),
]);

const text = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom('', 'x'.repeat(2048), 'x'.repeat(2049), '123456789012', 'eu-west-1', 'EU'),
);
const wild = fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null), fc.constant({}));
const reference = fc.record(
  {
    kind: fc.oneof({ weight: 6, arbitrary: fc.constantFrom('id', 'name') }, { weight: 1, arbitrary: wild }),
    id: fc.oneof(text, wild),
    name: fc.oneof(text, wild),
    accountId: fc.oneof(fc.constant('123456789012'), wild),
    region: fc.oneof(fc.constant('eu-west-1'), wild),
    fromCiphertext: fc.oneof(fc.boolean(), wild),
    more: wild,
  },
  { requiredKeys: ['kind'] },
);

describe('a reference to a key', () => {
  it('is taken and refused as its schema would', () => {
    fc.assert(
      fc.property(fc.oneof(reference, wild), (value) => {
        assert.equal(keyReference.safeParse(value).success, model.safeParse(value).success);
      }),
      { numRuns: 5000 },
    );
  });
});
