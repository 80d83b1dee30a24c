import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { conditionOperator, type ConditionValues, holds } from './condition.ts';
import { matchesWildcard } from './wildcard.ts';

type Row = readonly [
  operator: string,
  wanted: string | readonly string[],
  actual: readonly string[],
  holds: boolean,
];

function evaluate(
  operator: string,
  wanted: string | readonly string[],
  actual: readonly string[] | undefined,
) {
  const values = typeof wanted === 'string' ? [wanted] : wanted;
  return holds({ operator, key: 'k', values, variables: false }, (key) => (key === 'k' ? actual : undefined));
}

const rows: readonly Row[] = [
  ['StringEquals', 'a', ['a'], true],
  ['StringEquals', 'a', ['A'], false],
  ['StringEquals', ['b', 'a'], ['a'], true],
  ['StringEquals', '*', ['a'], false],
  ['StringEqualsIgnoreCase', 'Ab', ['aB'], true],
  ['StringEqualsIgnoreCase', 'Ab', ['b'], false],
  ['StringNotEqualsIgnoreCase', 'Ab', ['aB'], false],
  ['StringLike', 'a*c?', ['abbcd'], true],
  ['StringLike', 'a*c?', ['abbc'], false],
  ['NumericEquals', '7', ['7.0'], true],
  ['NumericEquals', '7', ['8'], false],
  ['NumericEquals', '16', ['0x10'], false],
  ['NumericEquals', '0', [''], false],
  ['NumericLessThan', '7', ['6.5'], true],
  ['NumericLessThan', '7', ['7'], false],
  ['NumericLessThanEquals', '7', ['7'], true],
  ['NumericLessThanEquals', '7', ['7.5'], false],
  ['NumericGreaterThan', '-7', ['-6'], true],
  ['NumericGreaterThan', '7', ['7'], false],
  ['NumericGreaterThanEquals', '7', ['7'], true],
  ['NumericGreaterThanEquals', '7', ['Infinity'], false],
  ['DateEquals', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00.000Z'], true],
  ['DateEquals', '2026-01-01T01:00:00+01:00', ['2026-01-01T00:00:00Z'], true],
  ['DateEquals', '2026-01-01', ['1767225600'], true],
  ['DateEquals', '1767225600', ['2026-01-01T00:00:01Z'], false],
  ['DateLessThan', '2026-01-01T00:00:00Z', ['2025-12-31T23:59:59.999Z'], true],
  ['DateLessThan', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00Z'], false],
  ['DateLessThanEquals', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00Z'], true],
  ['DateLessThanEquals', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:01Z'], false],
  ['DateGreaterThan', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:01Z'], true],
  ['DateGreaterThan', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00Z'], false],
  ['DateGreaterThanEquals', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00Z'], true],
  ['DateGreaterThanEquals', '2026-01-01T00:00:00Z', ['1 January 2027'], false],
  ['Bool', 'true', ['true'], true],
  ['Bool', 'True', ['true'], true],
  ['Bool', 'true', ['false'], false],
  ['BinaryEquals', 'AAA=', ['AAA='], true],
  ['BinaryEquals', 'AAA=', ['AAE='], false],
  ['IpAddress', '10.0.0.0/8', ['10.255.0.1'], true],
  ['IpAddress', '10.0.0.0/8', ['11.0.0.1'], false],
  ['IpAddress', '10.1.2.3', ['10.1.2.3'], true],
  ['IpAddress', '10.1.2.3', ['10.1.2.4'], false],
  ['IpAddress', '0.0.0.0/0', ['8.8.8.8'], true],
  ['IpAddress', '0.0.0.0/0', ['::1'], false],
  ['IpAddress', '10.0.0.0/8', ['::ffff:10.1.1.1'], true],
  ['IpAddress', '2001:db8::/32', ['2001:db8:1::1'], true],
  ['IpAddress', '2001:db8::/32', ['2001:db9::1'], false],
  ['IpAddress', 'fe80::/10', ['fe80::1%eth0'], true],
  ['IpAddress', '::/0', ['10.0.0.1'], false],
  ['IpAddress', '10.0.0.0/8', ['-'], false],
  ['IpAddress', ['10.0.0.0/8', '192.168.0.0/16'], ['192.168.9.9'], true],
  ['ArnEquals', 'arn:aws:iam::1:user/*', ['arn:aws:iam::1:user/ci'], true],
  ['ArnLike', 'arn:aws:iam::*:user/c?', ['arn:aws:iam::1:user/ci'], true],
  ['ArnLike', 'arn:aws:iam::1:user/ci', ['arn:aws:iam::2:user/ci'], false],
  // a star does not reach over the colon between two parts
  ['ArnLike', 'arn:aws:*:user/ci', ['arn:aws:iam::1:user/ci'], false],
  ['ArnLike', 'arn:aws:iam::1:*', ['arn:aws:iam::1:a:b'], true],
  ['ArnLike', '*', ['arn:aws:iam::1:user/ci'], false],
  ['ArnLike', 'arn:aws:iam::1:user/ci', ['ci'], false],
];

const negations: readonly (readonly [string, string])[] = [
  ['StringEquals', 'StringNotEquals'],
  ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
  ['StringLike', 'StringNotLike'],
  ['NumericEquals', 'NumericNotEquals'],
  ['DateEquals', 'DateNotEquals'],
  ['IpAddress', 'NotIpAddress'],
  ['ArnEquals', 'ArnNotEquals'],
  ['ArnLike', 'ArnNotLike'],
];

describe('condition operators', () => {
  for (const [operator, wanted, actual, expected] of rows) {
    it(`${operator} ${JSON.stringify(wanted)} ${expected ? 'holds' : 'does not hold'} for ${actual.join()}`, () => {
      assert.equal(evaluate(operator, wanted, actual), expected);
      const negated = negations.find(([name]) => name === operator)?.[1];
      if (negated) assert.equal(evaluate(negated, wanted, actual), !expected);
    });
  }

  it('that are positive do not hold for a key that is missing, negated ones do', () => {
    const positive = [...new Set(rows.map(([operator]) => operator))].filter((name) => !/Not/.test(name));
    assert.ok(positive.length >= 18);
    for (const operator of positive) {
      const wanted = rows.find(([name]) => name === operator)?.[1] ?? '';
      assert.equal(evaluate(operator, wanted, undefined), false, operator);
      assert.equal(evaluate(`${operator}IfExists`, wanted, undefined), true, operator);
      assert.equal(evaluate(`ForAllValues:${operator}`, wanted, undefined), true, operator);
      assert.equal(evaluate(`ForAnyValue:${operator}`, wanted, undefined), false, operator);
      assert.equal(evaluate(`ForAnyValue:${operator}IfExists`, wanted, undefined), true, operator);
    }
    for (const [operator, negated] of negations) {
      const wanted = rows.find(([name]) => name === operator)?.[1] ?? '';
      assert.equal(evaluate(negated, wanted, undefined), true, negated);
      assert.equal(evaluate(`${negated}IfExists`, wanted, undefined), true, negated);
      assert.equal(evaluate(`ForAllValues:${negated}`, wanted, undefined), true, negated);
      assert.equal(evaluate(`ForAnyValue:${negated}`, wanted, undefined), false, negated);
    }
  });

  it('IfExists changes nothing for a key that is there', () => {
    for (const [operator, wanted, actual, expected] of rows)
      assert.equal(evaluate(`${operator}IfExists`, wanted, actual), expected);
  });

  it('of sets: all and any of several values', () => {
    const table: readonly Row[] = [
      ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
      ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
      ['ForAllValues:StringEquals', ['a'], [], true],
      ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'a'], true],
      ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'd'], false],
      ['ForAnyValue:StringEquals', ['a'], [], false],
      ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
      ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], false],
      ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
      ['ForAnyValue:StringNotEquals', ['a'], ['a'], false],
      ['ForAnyValue:StringLike', ['x*'], ['ax', 'xa'], true],
    ];
    for (const [operator, wanted, actual, expected] of table)
      assert.equal(evaluate(operator, wanted, actual), expected, `${operator} ${actual.join()}`);
  });

  it('Null asks whether the key is absent', () => {
    assert.equal(evaluate('Null', 'true', undefined), true);
    assert.equal(evaluate('Null', 'true', ['a']), false);
    assert.equal(evaluate('Null', 'false', undefined), false);
    assert.equal(evaluate('Null', 'false', ['a']), true);
  });

  it('that do not exist are none', () => {
    for (const name of [
      '',
      'StringSame',
      'stringequals',
      'NullIfExists',
      'ForAnyValue:Null',
      'ForSome:Bool',
      '__proto__',
      'constructor',
      'StringEqualsIfExistsIfExists',
      'BoolNot',
      'NumericNotLessThan',
      'IfExists',
    ])
      assert.equal(conditionOperator(name), null, name);
    assert.equal(evaluate('constructor', 'a', ['a']), false);
  });

  it('accept only values that they can compare', () => {
    const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      [
        'IpAddress',
        ['10.0.0.0/8', '::1', '2001:DB8::/32'],
        [
          '10.0.0.0/',
          '10.0.0.0/33',
          '10.0.0.0/8/9',
          '10.0.0.0/1e1',
          '10.0.0.0/ 8',
          '10.0.0',
          '::1/129',
          'fe80::1%eth0',
          '*',
          '',
          '10.0.0.0/-1',
          '${aws:SourceIp}',
        ],
      ],
      ['NumericEquals', ['1', '-1.5'], ['', ' ', '0x10', '1e3', 'NaN', 'Infinity', 'a']],
      [
        'DateEquals',
        ['2026-01-01', '2026-01-01T00:00:00Z', '0'],
        ['', 'tomorrow', '2026-01-01T00:00:00', '2026-13-01', '1 January 2026'],
      ],
      ['Bool', ['true', 'FALSE'], ['', 'yes', '1']],
      ['Null', ['true', 'false'], ['', 'maybe']],
      ['BinaryEquals', ['AAA=', ''], ['AAA', '!']],
    ];
    for (const [name, good, bad] of table) {
      for (const value of good)
        assert.equal(conditionOperator(name)?.accepts(value), true, `${name} ${value}`);
      for (const value of bad)
        assert.equal(conditionOperator(name)?.accepts(value), false, `${name} ${value}`);
    }
  });

  it('never crash, whatever is compared', () => {
    const names = [...new Set(rows.map(([operator]) => operator))];
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.date().map(String),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(text),
        fc.array(text),
        fc.boolean(),
        (name, wanted, actual, variables) => {
          const values: ConditionValues = () => actual;
          assert.equal(
            typeof holds({ operator: name, key: 'k', values: wanted, variables }, values),
            'boolean',
          );
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('wildcards', () => {
  it('match as a regular expression would', () => {
    const sign = fc.constantFrom('a', 'b', '*', '?', ':');
    const pattern = fc.array(sign, { maxLength: 8 }).map((signs) => signs.join(''));
    fc.assert(
      fc.property(pattern, pattern, (wild, text) => {
        const source = wild.replaceAll('*', '[^]*').replaceAll('?', '[^]');
        assert.equal(matchesWildcard(wild, text), new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('are not led astray by many stars', () => {
    const started = performance.now();
    assert.equal(matchesWildcard('*a'.repeat(10_000), 'a'.repeat(2000)), false);
    assert.equal(matchesWildcard(`${'*a'.repeat(1000)}b`, 'a'.repeat(5000)), false);
    assert.ok(performance.now() - started < 2000);
  });
});
