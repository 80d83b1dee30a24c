import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { areWithin, isCidr, isWithin } from './cidr.ts';

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));

function numberOf([a, b, c, d]: readonly [number, number, number, number]): bigint {
  return (BigInt(a) << 24n) | (BigInt(b) << 16n) | (BigInt(c) << 8n) | BigInt(d);
}

function shares(a: bigint, b: bigint, bits: number): boolean {
  return a >> BigInt(32 - bits) === b >> BigInt(32 - bits);
}

describe('address ranges', () => {
  it('take addresses and ranges of both families, and nothing else', () => {
    for (const good of ['10.0.0.0/8', '10.1.2.3', '0.0.0.0/0', '::1', '2001:db8::/32', '::/0'])
      assert.ok(isCidr(good), good);
    for (const bad of [
      '',
      '10.0.0.0/33',
      '10.0.0/8',
      '10.0.0.0/08',
      '::/129',
      'fe80::1%eth0',
      'a',
      '/8',
      '1.1.1.1/',
    ])
      assert.ok(!isCidr(bad), bad);
  });

  it('never throw, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        assert.equal(typeof isWithin(a, [b]), 'boolean');
        assert.equal(typeof areWithin([a], [b]), 'boolean');
      }),
    );
  });

  it('hold the addresses that share the prefix, and no others', () => {
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (a, b, bits) => {
        const expected = shares(numberOf(a), numberOf(b), bits);
        assert.equal(isWithin(a.join('.'), [`${b.join('.')}/${bits}`]), expected);
        assert.equal(isWithin(`::ffff:${a.join('.')}`, [`${b.join('.')}/${bits}`]), expected);
      }),
    );
  });

  it('are parts of ranges that are as wide or wider and begin with the same bits', () => {
    fc.assert(
      fc.property(octets, fc.nat(32), octets, fc.nat(32), (a, aBits, b, bBits) => {
        const expected = bBits <= aBits && shares(numberOf(a), numberOf(b), bBits);
        assert.equal(areWithin([`${a.join('.')}/${aBits}`], [`${b.join('.')}/${bBits}`]), expected);
      }),
    );
  });

  it('do not mix the families', () => {
    assert.ok(!isWithin('10.0.0.1', ['::/0']));
    assert.ok(!isWithin('::1', ['0.0.0.0/0']));
    assert.ok(isWithin('2001:db8::7', ['2001:db8::/32']));
    assert.ok(!isWithin('10.0.0.0/8', ['0.0.0.0/0']));
  });
});
