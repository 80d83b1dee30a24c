import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { samples } from '#ports/contract';
import {
  allowsSpec,
  currentVersion,
  extended,
  factsOf,
  heldTo,
  limitsFor,
  originatorEnd,
  periodFor,
  profileNames,
  purposeClasses,
  purposeOf,
  recipientEnd,
  requireAllowedSpec,
  requireUsableVersion,
  requireUsageLeft,
  rotatesUnseen,
  usualPolicy,
  withoutExtension,
  keySpecNames,
  type Key,
  type PeriodPolicy,
} from './index.ts';

const seconds = fc.integer({ min: 60, max: 200_000_000 });
const amount = fc.option(fc.integer({ min: 1, max: 2 ** 34 }));
const limits = fc.record(
  {
    originatorSeconds: fc.option(seconds),
    recipientSeconds: fc.option(seconds),
    operationsMax: amount,
    bytesMax: amount,
  },
  { requiredKeys: [] },
);
const policies: fc.Arbitrary<PeriodPolicy> = fc.record({
  profile: fc.constantFrom(...profileNames),
  classes: fc.dictionary(fc.constantFrom(...purposeClasses), limits),
  rotates: fc.boolean(),
  destroysAtEnd: fc.boolean(),
});
const traits = fc.constantFrom(
  ...keySpecNames.flatMap((spec) => factsOf(spec).usages.map((usage) => ({ spec, usage }))),
);
const made = (policy: PeriodPolicy, change: Partial<Key>): Key => {
  const key = samples.sampleKey('production', change);
  const cryptoPeriod = periodFor(policy, { ...key, isUnseen: rotatesUnseen(key) });
  return { ...key, versions: [{ ...currentVersion(key), cryptoPeriod }] };
};

const fails = (act: () => void): boolean => {
  try {
    act();
    return false;
  } catch {
    return true;
  }
};

describe('a crypto-period policy', () => {
  it('lets no version protect after the narrowest of all bounds, whatever policies come one after the other', () => {
    fc.assert(
      fc.property(
        traits,
        fc.array(policies, { minLength: 1, maxLength: 5 }),
        seconds,
        (wish, said, after) => {
          const [first = usualPolicy, ...later] = said;
          let key = made(first, wish);
          let before = currentVersion(key).cryptoPeriod;
          for (const policy of later) {
            key = heldTo(policy, key);
            const now = currentVersion(key).cryptoPeriod;
            assert.ok(now.originatorSeconds <= before.originatorSeconds);
            assert.ok((now.recipientSeconds ?? Infinity) <= (before.recipientSeconds ?? Infinity));
            before = now;
            assert.equal(heldTo(policy, key), key, 'held twice');
          }
          const version = currentVersion(key);
          const born = version.activatedAt ?? 0;
          const at = born + after * 1000;
          const bounds = [
            factsOf(key.spec).cryptoPeriod,
            ...said.map((policy) => limitsFor(policy, purposeOf(key))),
          ];
          const least = (values: readonly (number | null)[]) =>
            Math.min(...values.map((value) => value ?? Infinity));
          const protects = least(bounds.map(({ originatorSeconds }) => originatorSeconds));
          const processes = least(bounds.map(({ recipientSeconds }) => recipientSeconds));
          const isOver = (act: 'protect' | 'process') =>
            fails(() => requireUsableVersion(key, version, act, at));
          // a key that was there is stopped by the last policy, where that does not let it be made
          const last = said.at(-1) ?? usualPolicy;
          const isStopped = later.length > 0 && !allowsSpec(last, key.spec);
          assert.equal(isOver('protect'), isStopped || after >= protects);
          assert.equal(isOver('process'), after >= processes);
          const operations = least(bounds.map(({ operationsMax }) => operationsMax));
          const isSpent = (count: number) =>
            fails(() => requireUsageLeft(key, version, { operations: count, bytes: 0 }));
          if (Number.isFinite(operations))
            assert.deepEqual([isSpent(operations), isSpent(operations + 1)], [false, true]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('grants an exception until its own end, and not a second longer', () => {
    fc.assert(
      fc.property(
        policies,
        policies,
        fc.constantFrom('protect' as const, 'process' as const),
        (one, other, act) => {
          const key = made(one, {});
          const version = currentVersion(key);
          const endOf = (of: Key) => (act === 'protect' ? originatorEnd : recipientEnd)(currentVersion(of));
          const granted = (endOf(key) ?? version.activatedAt ?? 0) + 5000;
          const wish = { id: 'x', version: 1, act, until: granted };
          const longer = extended(key, wish, (granted - (version.activatedAt ?? 0)) / 1000);
          assert.equal(endOf(longer), granted);
          const held = heldTo(other, longer);
          assert.equal(endOf(held), granted, 'it stands over a policy that is written meanwhile');
          assert.deepEqual(
            withoutExtension(held, ({ id }) => id === 'x').versions,
            heldTo(other, key).versions,
          );
        },
      ),
    );
  });

  it('of an environment that says nothing narrows only what is rotated in its place', () => {
    for (const spec of keySpecNames)
      for (const usage of factsOf(spec).usages)
        for (const change of [{}, { exportable: true }, { origin: 'imported' }] as const) {
          const key = made(usualPolicy, { spec, usage, ...change });
          const { cryptoPeriod } = currentVersion(key);
          if (!rotatesUnseen(key)) assert.deepEqual(cryptoPeriod, factsOf(spec).cryptoPeriod);
          assert.equal(cryptoPeriod.recipientSeconds, null, 'it ends nothing that opens data');
          requireAllowedSpec(usualPolicy, spec);
        }
    assert.equal(originatorEnd(currentVersion(made(usualPolicy, {}))), samples.someDay + 31_536_000_000);
  });

  it('names the specs that may be made', () => {
    const cnsa: PeriodPolicy = { ...usualPolicy, profile: 'cnsa-2.0' };
    requireAllowedSpec(cnsa, 'AES_256');
    for (const spec of ['AES_128', 'RSA_4096', 'EC_P384', 'ML_KEM_768'] as const)
      assert.throws(() => requireAllowedSpec(cnsa, spec), { code: 'period-policy-forbids' });
  });
});
