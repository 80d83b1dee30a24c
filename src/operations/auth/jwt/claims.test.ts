import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  claimAt,
  ClaimError,
  groupsOf,
  metadataOf,
  requireAudience,
  requireBoundClaims,
  requireInTime,
  userOf,
} from './claims.ts';
import { usualJwtRole, type JwtRole } from './settings.ts';

const role = (change: Partial<JwtRole> = {}): JwtRole => ({
  ...usualJwtRole,
  name: 'r',
  userClaim: 'sub',
  ...change,
});

function isTaken(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    assert.ok(error instanceof ClaimError, String(error));
    return false;
  }
}

describe('claims', () => {
  it('are found by a pointer in the same place as by walking there', () => {
    const name = fc.string({ minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.jsonValue(), (path, value) => {
        const inside = path.reduceRight<unknown>((inner, step) => Object.fromEntries([[step, inner]]), value);
        const pointer = `/${path.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
        assert.deepEqual(claimAt(inside as Record<string, unknown>, pointer), value);
        assert.equal(claimAt(inside as Record<string, unknown>, `${pointer}/nothing here`), undefined);
      }),
    );
  });

  it('that every object has are nobody’s', () => {
    for (const name of ['constructor', '__proto__', 'toString', '/constructor/name', '/__proto__'])
      assert.equal(claimAt({}, name), undefined);
    assert.ok(!isTaken(() => userOf({}, role({ userClaim: 'constructor' }))));
    assert.ok(!isTaken(() => userOf({}, role({ userClaim: 'toString', userClaimJsonPointer: true }))));
  });

  it('of time are taken exactly from the beginning to the end, with the skew on both sides', () => {
    const second = fc.nat(100_000);
    fc.assert(
      fc.property(second, second, fc.nat(600), second, (nbf, exp, skew, now) => {
        const own = skew === 0 ? 60 : skew;
        const expected = now >= nbf - own && now < exp + own;
        const check = () => requireInTime({ nbf, exp }, role({ clockSkewLeeway: skew }), now * 1000);
        assert.equal(isTaken(check), expected);
      }),
    );
    const none = role({ clockSkewLeeway: -1 });
    assert.ok(isTaken(() => requireInTime({ nbf: 5, exp: 6 }, none, 5000)));
    assert.ok(!isTaken(() => requireInTime({ nbf: 5, exp: 6 }, none, 6000)));
    assert.ok(!isTaken(() => requireInTime({ nbf: 5, exp: 6 }, none, 4999)));
  });

  it('of time that are none are refused', () => {
    for (const exp of ['9999999999', NaN, Infinity, -1, [], true])
      assert.ok(!isTaken(() => requireInTime({ exp, iat: 0 }, role(), 1000)), String(exp));
    assert.ok(!isTaken(() => requireInTime({ exp: null, nbf: null }, role(), 1000)));
  });

  it('of audience share one with the role, or both have none', () => {
    const words = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 });
    fc.assert(
      fc.property(words, words, (aud, bound) => {
        const expected = bound.length === 0 ? aud.length === 0 : aud.some((each) => bound.includes(each));
        assert.equal(
          isTaken(() => requireAudience({ aud }, bound)),
          expected,
        );
        const [only] = aud;
        if (aud.length === 1)
          assert.equal(
            isTaken(() => requireAudience({ aud: only }, bound)),
            expected,
          );
      }),
    );
  });

  it('that are bound compare by type and value', () => {
    const bound = role({ boundClaims: { n: [1], b: [true], s: ['1'] } });
    assert.ok(isTaken(() => requireBoundClaims({ n: 1, b: true, s: '1' }, bound)));
    for (const change of [{ n: '1' }, { b: 'true' }, { s: 1 }, { n: {} }, { n: null }, { s: [] }])
      assert.ok(!isTaken(() => requireBoundClaims({ n: 1, b: true, s: '1', ...change }, bound)));
  });

  it('of groups are a bounded list, where they are wanted', () => {
    const wanted = role({ groupsClaim: 'g' });
    assert.deepEqual(groupsOf({ g: ['a'] }, role()), []);
    assert.deepEqual(groupsOf({ g: ['a', '', 'B'] }, wanted), ['a', 'B']);
    assert.deepEqual(groupsOf({ g: 'a' }, wanted), ['a']);
    const many = Array.from({ length: 1001 }, (_, index) => `g${index}`);
    for (const g of [undefined, 7, [1], {}, many, ['x'.repeat(513)], ['\ud800']])
      assert.ok(!isTaken(() => groupsOf({ g }, wanted)));
  });

  it('become metadata as text, and those that are not there are left out', () => {
    const mapped = role({ claimMappings: { a: 'x', b: 'y', c: 'z' } });
    assert.deepEqual(metadataOf({ a: 1, b: 'two' }, mapped), { x: '1', y: 'two' });
    assert.ok(!isTaken(() => metadataOf({ a: 'x'.repeat(4097) }, mapped)));
  });
});
