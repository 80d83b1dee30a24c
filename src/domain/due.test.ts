import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { samples } from '#ports/contract';
import {
  changeState,
  currentVersion,
  dueAt,
  nextRotation,
  originatorEnd,
  periodTaskDue,
  replaceVersion,
  rotatesItself,
  rotatesUnseen,
  rotationDue,
  type Key,
} from './index.ts';

const day = 86_400_000;

describe('what the house has to do for a key', () => {
  const rotation = { periodDays: 1, since: 0, nextAt: 5 };
  const destruction = { requestedAt: 0, dueAt: 30, waitingDays: 7 };
  const pair = { spec: 'EC_P256', usage: 'sign' } as const;
  const sample = (change: Partial<Key> = {}): Key => samples.sampleKey('production', change);

  it('is its destruction before its rotation', () => {
    assert.equal(dueAt(sample({ rotation })), 5);
    assert.equal(dueAt(sample({ destruction })), 30);
    assert.equal(dueAt(sample({ rotation, destruction })), 30);
  });

  it('is nothing while it is suspended, so that it stands in nobody’s way', () => {
    const suspended = sample({ rotation, suspendedAt: 1 });
    assert.equal(dueAt(suspended), null);
    assert.equal(dueAt({ ...suspended, destruction }), 30);
  });

  it('is its rotation in the last tenth of the originator period, on a day of its own', () => {
    const shares = Array.from({ length: 2000 }, () => {
      const key = sample();
      const end = originatorEnd(currentVersion(key)) ?? 0;
      const due = rotationDue(key) ?? 0;
      assert.equal(dueAt(key), due);
      assert.equal(rotationDue(key), due);
      return (end - due) / (currentVersion(key).cryptoPeriod.originatorSeconds * 100);
    });
    assert.ok(shares.every((share) => share >= 0 && share <= 1));
    const tenths = Array.from({ length: 10 }, (_, at) =>
      shares.filter((share) => Math.floor(share * 10) === at),
    );
    for (const tenth of tenths) assert.ok(tenth.length > 120 && tenth.length < 280, String(tenth.length));
  });

  it('is no rotation where users would notice, or where the policy holds it off', () => {
    assert.ok(rotatesUnseen(sample()) && rotatesUnseen(sample({ origin: 'hsm' })));
    const others: Partial<Key>[] = [
      pair,
      { spec: 'HMAC_256', usage: 'mac' },
      { spec: 'AES_256', usage: 'wrap' },
      { spec: 'RSA_2048', usage: 'encrypt' },
      { origin: 'imported' },
      { exportable: true },
      { derivation: { convergent: true } },
      { secondUsage: 'sign' },
      { periodTerms: { rotates: false, destroysAtEnd: false } },
    ];
    for (const change of others) {
      const key = sample(change);
      assert.equal(rotatesItself(key), false, JSON.stringify(change));
      assert.equal(rotationDue(key), null);
      const version = currentVersion(key);
      const near = (version.activatedAt ?? 0) + version.cryptoPeriod.originatorSeconds * 800;
      assert.equal(dueAt(key), near);
      const told = { ...key, periodNotice: 1 };
      assert.equal(dueAt(told), originatorEnd(version));
      const over = { at: originatorEnd(version) ?? 0, cause: 'originator-period-over' } as const;
      assert.equal(dueAt(replaceVersion(told, changeState(version, 'deactivated', over))), null);
    }
  });

  it('is the date of a schedule, or shortly before the end where that comes first', () => {
    const end = originatorEnd(currentVersion(sample())) ?? 0;
    const at = (nextAt: number) => nextRotation(sample({ rotation: { ...rotation, nextAt } }));
    assert.deepEqual([at(end - 1), at(end)], [end - 1, end]);
    assert.ok((at(end + 1) ?? 0) < end);
    assert.equal(at(end + 1), at(end + 1000 * day));
    assert.equal(nextRotation(sample()), null);
  });

  it('is the destruction of what may not even process any more, only where the policy says so', () => {
    const cryptoPeriod = {
      originatorSeconds: 100,
      recipientSeconds: 400,
      operationsMax: null,
      bytesMax: null,
    };
    const first = { ...currentVersion(sample()), cryptoPeriod };
    const born = first.activatedAt ?? 0;
    const retired = changeState(first, 'deactivated', { at: born, cause: 'rotated' });
    const versions = [retired, { ...first, number: 2, activatedAt: born + 50_000 }];
    const terms = { rotates: false, destroysAtEnd: true };
    const key = sample({ versions, periodTerms: terms, periodNotice: 2 });
    assert.equal(periodTaskDue(key, 'destroy-versions'), born + 400_000 + 30 * day);
    assert.equal(periodTaskDue(key, 'destroy-key'), born + 450_000);
    for (const periodTerms of [
      { ...terms, destroysAtEnd: false },
      { rotates: true, destroysAtEnd: false },
    ]) {
      assert.equal(periodTaskDue({ ...key, periodTerms }, 'destroy-versions'), null);
      assert.equal(periodTaskDue({ ...key, periodTerms }, 'destroy-key'), null);
    }
    // a newest version that is rotated never comes to its end
    assert.equal(periodTaskDue({ ...key, periodTerms: { ...terms, rotates: true } }, 'destroy-key'), null);
  });
});
