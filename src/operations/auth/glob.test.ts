import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { matchesGlob } from './glob.ts';

function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*'))
    return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)));
  return text !== '' && text[0] === pattern[0] && naive(pattern.slice(1), text.slice(1));
}

it('a glob matches what a naive reading of it matches', () => {
  const text = (of: string) =>
    fc.array(fc.constantFrom(...of.split('')), { maxLength: 8 }).map((all) => all.join(''));
  fc.assert(
    fc.property(text('ab*'), text('ab'), (pattern, wanted) => {
      assert.equal(matchesGlob(pattern, wanted), naive(pattern, wanted), `${pattern} ${wanted}`);
    }),
    { numRuns: 2000 },
  );
});

it('nothing but the star is special', () => {
  assert.ok(!matchesGlob('a.c', 'abc'));
  assert.ok(!matchesGlob('a?c', 'abc'));
  assert.ok(matchesGlob('[a]', '[a]'));
});
