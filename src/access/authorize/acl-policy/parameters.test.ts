import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeRules } from './merge.ts';
import { allowsParameters } from './parameters.ts';
import { parseAclPolicy } from './policy.ts';

type Given = Readonly<Record<string, unknown>>;

/** What the bodies of path blocks of one path say together of parameters. */
function allows(bodies: string | readonly string[], given: Given): boolean {
  const text = [bodies].flat().map((body) => `path "p" { capabilities = ["update"]\n${body} }`);
  const { parameters } = mergeRules(parseAclPolicy(text.join('\n')).rules);
  return !parameters || allowsParameters(parameters, given);
}

describe('parameters', () => {
  it('are all allowed where nothing is said of them, or nothing in particular', () => {
    for (const body of ['', 'allowed_parameters = {}', 'denied_parameters = {}', 'required_parameters = []'])
      assert.equal(allows(body, { a: 'x', b: 1 }), true);
  });

  it('that are listed are the only ones allowed, with the values that are listed', () => {
    const body = 'allowed_parameters = { "bar" = ["zip", "zap"], "any" = [] }';
    assert.equal(allows(body, {}), true);
    assert.equal(allows(body, { bar: 'zip' }), true);
    assert.equal(allows(body, { bar: 'zap', any: { x: [1] } }), true);
    assert.equal(allows(body, { bar: 'zop' }), false);
    assert.equal(allows(body, { bar: 'zip', other: 'x' }), false);
    assert.equal(allows(body, { bar: null }), false);
    assert.equal(allows(body, { bar: { zip: 'zip' } }), false);
  });

  it('are all allowed by a star, and a listed one still has its values', () => {
    const body = 'allowed_parameters = { "bar" = ["baz"], "*" = [] }';
    assert.equal(allows(body, { foo: 'x', bar: 'baz' }), true);
    assert.equal(allows(body, { foo: 'x', bar: 'qux' }), false);
  });

  it('that are denied win over those that are allowed', () => {
    const both =
      'allowed_parameters = { "*" = [], "a" = ["x"] }\n denied_parameters = { "a" = ["x"], "b" = [] }';
    assert.equal(allows(both, { a: 'x' }), false);
    assert.equal(allows(both, { b: 'anything' }), false);
    assert.equal(allows(both, { c: 'x' }), true);
    const all = 'denied_parameters = { "*" = [] }';
    assert.equal(allows(all, { a: 1 }), false);
    assert.equal(allows(all, {}), true);
    assert.equal(allows('denied_parameters = { "*" = ["x"] }', { a: 'y' }), false);
  });

  it('that are required must be there', () => {
    const body = 'required_parameters = ["A", "b"]';
    assert.equal(allows(body, { a: '', B: null }), true);
    assert.equal(allows(body, { a: 1 }), false);
    assert.equal(allows(body, {}), false);
    assert.equal(allows('required_parameters = ["constructor"]', {}), false);
  });

  it('are compared without regard to case, by name but not by value', () => {
    assert.equal(allows('denied_parameters = { TTL = [] }', { ttl: 1 }), false);
    assert.equal(allows('denied_parameters = { ttl = [] }', { Ttl: 1 }), false);
    assert.equal(allows('allowed_parameters = { Ttl = ["1h"] }', { tTL: '1h' }), true);
    assert.equal(allows('allowed_parameters = { Ttl = ["1h"] }', { ttl: '1H' }), false);
  });

  it('may be listed with a star at either end', () => {
    const body = 'allowed_parameters = { p = ["pre*", "*post", "*mid*"] }';
    for (const p of ['pre', 'prefix', 'post', 'a post', 'amidst', 'mid'])
      assert.equal(allows(body, { p }), true, p);
    for (const p of ['apre', 'posts', 'm-i-d', '']) assert.equal(allows(body, { p }), false, p);
    assert.equal(allows('allowed_parameters = { p = ["a*b"] }', { p: 'axb' }), false);
    assert.equal(allows('allowed_parameters = { p = ["a*b"] }', { p: 'a*b' }), true);
    assert.equal(allows('allowed_parameters = { p = ["**"] }', { p: 'x' }), true);
  });

  it('with a star alone are allowed as they stand, and denied whatever they are', () => {
    assert.equal(allows('allowed_parameters = { p = ["*"] }', { p: 'x' }), false);
    assert.equal(allows('allowed_parameters = { p = ["*"] }', { p: '*' }), true);
    assert.equal(allows('denied_parameters = { p = ["*"] }', { p: 'x' }), false);
    assert.equal(allows('denied_parameters = { p = ["*"] }', { p: [1] }), false);
  });

  it('of a list are allowed if all are, and denied if one is, with commas too', () => {
    const allowed = 'allowed_parameters = { p = ["a", "b*"] }';
    for (const p of [['a'], ['a', 'bc'], 'a,b', 'a, bcd', []])
      assert.equal(allows(allowed, { p }), true, String(p));
    for (const p of [['a', 'x'], [['a']], 'a,x', ',a', ''])
      assert.equal(allows(allowed, { p }), false, String(p));
    const denied = 'denied_parameters = { p = ["a", "b*"] }';
    for (const p of [['x', 'a'], 'x,bc', 'x, a', 'a']) assert.equal(allows(denied, { p }), false, String(p));
    for (const p of [['x'], [], '', 'x,y', 'xa']) assert.equal(allows(denied, { p }), true, String(p));
    const whole = 'allowed_parameters = { p = [["a", "b"]] }';
    assert.equal(allows(whole, { p: ['a', 'b'] }), true);
    assert.equal(allows(whole, { p: ['b', 'a'] }), false);
    assert.equal(allows(whole, { p: ['a'] }), false);
  });

  it('are one whether a client sends them as strings or not', () => {
    const body = 'denied_parameters = { n = [3], yes = [true], s = ["1"], o = [{ "k" = "v" }] }';
    const same: Given[] = [
      { n: 3 },
      { n: '3' },
      { n: '3.0' },
      { n: ' 3' },
      { yes: true },
      { yes: 'true' },
      { yes: 'T' },
    ];
    for (const given of [...same, { yes: 1 }, { yes: '1' }, { s: 1 }, { s: '1' }, { o: { k: 'v' } }])
      assert.equal(allows(body, given), false, JSON.stringify(given));
    const other: Given[] = [
      { n: 4 },
      { n: '' },
      { n: true },
      { n: null },
      { yes: false },
      { yes: 'no' },
      { s: true },
    ];
    for (const given of [...other, { o: { k: 'w' } }, { o: { k: 'v', l: 1 } }, { o: ['v'] }, { o: {} }])
      assert.equal(allows(body, given), true, JSON.stringify(given));
    assert.equal(allows('allowed_parameters = { n = [3], b = [false] }', { n: '3', b: 'false' }), true);
  });

  it('know null from everything else', () => {
    const rules = parseAclPolicy('{"path":{"p":{"denied_parameters":{"a":[null]}}}}').rules;
    const { parameters } = mergeRules(rules);
    assert.ok(parameters);
    assert.equal(allowsParameters(parameters, { a: null }), false);
    for (const a of ['', 'null', 0, false, [], {}]) assert.equal(allowsParameters(parameters, { a }), true);
  });

  it('do not take what every object has for a parameter', () => {
    const given = JSON.parse('{"__proto__":{"a":1},"toString":"x"}') as Given;
    assert.equal(allows('allowed_parameters = { a = [] }', given), false);
    assert.equal(allows('denied_parameters = { "__proto__" = [] }', given), false);
    assert.equal(allows('denied_parameters = { "tostring" = ["x"] }', given), false);
    assert.equal(allows('denied_parameters = { o = [{ "toString" = 1 }] }', { o: {} }), true);
  });

  it('of the rules of one path add up', () => {
    const [x, y] = ['allowed_parameters = { a = ["x"] }', 'allowed_parameters = { A = ["y"], b = [] }'];
    for (const bodies of [
      [x, y],
      [y, x],
    ]) {
      for (const a of ['x', 'y']) assert.equal(allows(bodies, { a, b: 1 }), true);
      assert.equal(allows(bodies, { a: 'z' }), false);
    }
    const any = 'allowed_parameters = { a = [] }';
    for (const bodies of [
      [x, any],
      [any, x],
    ])
      assert.equal(allows(bodies, { a: 'z' }), true);
    // as in Vault, a rule that is silent does not lift what another rule says
    for (const bodies of [
      [x, ''],
      ['', x],
    ])
      assert.equal(allows(bodies, { b: 1 }), false);
    const denials = ['denied_parameters = { a = ["x"] }', 'denied_parameters = { a = ["y"] }'];
    for (const a of ['x', 'y']) assert.equal(allows(denials, { a }), false);
    assert.equal(allows(denials, { a: 'z' }), true);
    assert.equal(allows(['required_parameters = ["a"]', 'required_parameters = ["b"]'], { a: 1 }), false);
  });
});
