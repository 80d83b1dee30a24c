import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { algorithmsFor, factsOf, keySpecNames } from '#domain';
import {
  awsAlgorithmName,
  awsAlgorithms,
  awsSpecName,
  awsSpecs,
  awsUsageName,
  awsUsages,
} from './aws-words.ts';

describe('the words of AWS', () => {
  it('lead back to where they came from', () => {
    for (const [word, spec] of Object.entries(awsSpecs)) assert.equal(awsSpecName(spec), word);
    for (const [word, usage] of Object.entries(awsUsages)) assert.equal(awsUsageName(usage), word);
    for (const [word, algorithm] of Object.entries(awsAlgorithms))
      assert.equal(awsAlgorithmName(algorithm), word);
  });

  it('answer nothing for words that are not in a table', () => {
    for (const table of [awsSpecs, awsUsages, awsAlgorithms])
      for (const word of ['constructor', '__proto__', 'toString', 'AES_256'])
        assert.equal(table[word], undefined);
  });

  it('call what encrypts with a secret key SYMMETRIC_DEFAULT, and nothing else so', () => {
    for (const spec of keySpecNames) {
      for (const usage of factsOf(spec).usages) {
        for (const algorithm of algorithmsFor(spec, usage)) {
          const symmetric = usage === 'encrypt' && !factsOf(spec).asymmetric;
          assert.equal(awsAlgorithmName(algorithm) === 'SYMMETRIC_DEFAULT', symmetric, algorithm);
        }
      }
    }
  });

  it('cover all that a spec of AWS offers here', () => {
    const own = new Set(Object.values(awsAlgorithms));
    for (const spec of Object.values(awsSpecs)) {
      if (spec === 'AES_256') continue;
      for (const algorithm of factsOf(spec).algorithms) assert.ok(own.has(algorithm), `${spec} ${algorithm}`);
    }
  });
});
