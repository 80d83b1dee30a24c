import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arrivalName } from './sign-in.ts';

describe('the names of those who came by an auth method', () => {
  it('hold nothing that a log or a path could misread, and are bounded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (name) => {
        const made = arrivalName('jwt/', name);
        assert.match(made, /^jwt\/[A-Za-z0-9+=,.@_:|/%~-]*$/);
        assert.ok(made.length <= 177);
      }),
    );
  });

  it('differ where the names differ', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '%', '/', '~', 'é', '2', '5'), maxLength: 6 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        assert.equal(arrivalName('m/', a) === arrivalName('m/', b), a === b);
      }),
    );
    assert.notEqual(arrivalName('m/', 'x'.repeat(500)), arrivalName('m/', 'x'.repeat(501)));
  });
});
