import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { algorithmUsage, keyUsages, type AlgorithmName } from './algorithm.ts';
import { algorithmsFor, factsOf, keySpecNames, keySpecs, operationsMaxFor } from './key-spec.ts';

const yearSeconds = 31_536_000;

describe('the table of key specs', () => {
  it('gives each algorithm one usage, which each of its specs offers', () => {
    for (const spec of keySpecNames) {
      const { algorithms, usages } = factsOf(spec);
      assert.equal(new Set(algorithms).size, algorithms.length, spec);
      for (const algorithm of algorithms) {
        assert.ok(usages.includes(algorithmUsage(algorithm)), `${spec} ${algorithm}`);
        const offering = keyUsages.filter((usage) => algorithmsFor(spec, usage).includes(algorithm));
        assert.deepEqual(offering, [algorithmUsage(algorithm)], `${spec} ${algorithm}`);
      }
    }
  });

  it('offers at least one algorithm for each usage of a spec', () => {
    for (const spec of keySpecNames)
      for (const usage of factsOf(spec).usages)
        assert.ok(algorithmsFor(spec, usage).length > 0, `${spec} ${usage}`);
  });

  it('gives an unknown name neither facts nor a usage', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'AES']) {
      assert.equal((keySpecs as Record<string, unknown>)[name], undefined);
      assert.equal(algorithmUsage(name as AlgorithmName), undefined);
    }
  });

  it('keeps to the originator periods of SP 800-57, and lets keys process as long as they are needed', () => {
    for (const spec of keySpecNames) {
      const { cryptoPeriod, usages } = factsOf(spec);
      const years = usages.includes('derive') ? 1 : usages.includes('sign') ? 3 : 2;
      assert.ok(cryptoPeriod.originatorSeconds <= years * yearSeconds, spec);
      assert.ok(cryptoPeriod.originatorSeconds >= yearSeconds, spec);
      assert.equal(cryptoPeriod.recipientSeconds, null);
    }
  });

  it('is at least as strong as 112 bits, and knows what a quantum computer breaks', () => {
    for (const spec of keySpecNames) {
      const { strengthBits, quantumCategory, family } = factsOf(spec);
      assert.ok(strengthBits >= 112 && strengthBits <= 256, spec);
      const classical = ['rsa', 'ec', 'edwards', 'montgomery'].includes(family);
      assert.equal(quantumCategory === 0, classical, spec);
    }
  });

  it('bounds every cipher with random 96-bit nonces to 2^32 messages under one key', () => {
    for (const spec of keySpecNames) {
      const { algorithms, cryptoPeriod } = factsOf(spec);
      for (const algorithm of algorithms) {
        const most = operationsMaxFor(cryptoPeriod, algorithm);
        if (algorithm === 'AES_GCM' || algorithm === 'CHACHA20_POLY1305') assert.equal(most, 2 ** 32, spec);
        else assert.equal(most, cryptoPeriod.operationsMax, spec);
      }
    }
    const narrow = { ...factsOf('AES_256').cryptoPeriod, operationsMax: 7 };
    assert.equal(operationsMaxFor(narrow, 'AES_GCM'), 7);
    assert.equal(operationsMaxFor(narrow, null), 7);
  });
});
