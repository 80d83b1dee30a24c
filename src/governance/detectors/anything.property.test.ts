import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryFacts, arbitraryPopulation } from '../arbitrary.fixture.ts';
import { findingId, mistakes } from '../finding.ts';
import { factsOfKey, headOf, keyOf, populationOf } from '../population.fixture.ts';
import { catalogue, detect, detectors, findingsMax } from './index.ts';

describe('detectors of anything', () => {
  it('never throw, and name what they find: one id for a detector and subject', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPopulation, async (population) => {
        const seen = new Set<string>();
        for (const finding of await detect(population)) {
          const { id, detector, subject, environment, what, remedy, since } = finding;
          assert.equal(id, findingId(detector, subject));
          assert.ok(!seen.has(`${environment} ${id}`), `${detector} ${subject} is there twice`);
          seen.add(`${environment} ${id}`);
          assert.ok(what.length < 1500 && remedy.length < 600 && !what.includes('undefined'), what);
          assert.ok(since === null || Number.isFinite(since));
          assert.doesNotMatch(what, /\p{Cc}/u);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('find the same in the same order, however the population is paged', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPopulation, fc.integer({ min: 1, max: 5 }), async (population, size) => {
        const all: unknown[] = [];
        for await (const page of population.keys()) all.push(...page);
        const otherwise = {
          ...population,
          async *keys() {
            for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size) as never;
          },
        };
        assert.deepEqual(await detect(otherwise), await detect(population));
      }),
      { numRuns: 100 },
    );
  });

  it('find in a key what they find in it among others', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryFacts, arbitraryFacts, async (one, other) => {
        const ofOne = (all: Awaited<ReturnType<typeof detect>>) =>
          all.filter(({ subject }) => subject === `key:${one.key.id}`);
        const alone = await detect(populationOf(headOf(), [one]));
        const both = await detect(populationOf(headOf(), [other, one]));
        assert.deepEqual(ofOne(both), ofOne(alone));
      }),
      { numRuns: 100 },
    );
  });

  it('keep a bounded number of findings, and say how many more there are', async () => {
    const keys = Array.from({ length: 1000 }, (_, at) =>
      factsOfKey(keyOf({ id: `key-${String(at).padStart(4, '0')}`, owner: '' }), { names: ['n'] }),
    );
    const found = (await detect(populationOf(headOf({ root: 'pkcs11' }), keys))).filter(
      ({ detector }) => detector === 'owner-missing',
    );
    assert.equal(found.length, findingsMax + 1);
    assert.deepEqual(
      found.slice(0, findingsMax).map(({ subject }) => subject),
      keys.slice(0, findingsMax).map(({ key }) => `key:${key.id}`),
    );
    const last = found.at(-1);
    assert.equal(last?.subject, 'detector:owner-missing');
    assert.equal(last.more, 1000 - findingsMax);
    assert.match(last.what, /800 more/);
  });

  it('are those of the catalogue, and each of the seven mistakes has one', () => {
    assert.deepEqual(detectors.map(({ id }) => id).sort(), Object.keys(catalogue).sort());
    assert.deepEqual([...new Set(detectors.map(({ mistake }) => mistake))], [...mistakes]);
  });
});
