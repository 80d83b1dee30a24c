import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { rotationDue, type Key } from '#domain';
import {
  dayMillis,
  factsOfKey,
  headOf,
  judgedAt,
  keyOf,
  populationOf,
  principalOf,
  versionOf,
} from '../population.fixture.ts';
import type { KeyFacts, Population, PopulationHead } from '../population.ts';
import { dueOf, type Due } from './due.ts';
import { soonest } from './soonest.ts';

const year = 365 * dayMillis;
const everything = { withinMillis: 100 * year, limit: 1000 };
/** Of keys that nobody rotates but people. */
const byHand = { rotates: false, destroysAtEnd: false };
const limits = { originatorSeconds: 31_536_000, recipientSeconds: null, operationsMax: null, bytesMax: null };

function withVersion(
  about: Partial<Key> & Pick<Key, 'id'>,
  change: Partial<Key['versions'][number]>,
): KeyFacts {
  const key = keyOf({ periodTerms: byHand, ...about });
  const versions = key.versions.map((version) => ({ ...version, ...change }));
  return factsOfKey({ ...key, versions });
}

const dueIn = (head: Partial<PopulationHead>, keys: readonly KeyFacts[] = []): Promise<Due> =>
  dueOf(populationOf(headOf(head), keys), everything);

const told = ({ deadlines }: Due) => deadlines.map(({ kind, at, subject }) => [kind, at, subject]);

describe('what falls due in keys', () => {
  it('is the end of the originator period, where nobody rotates the key', async () => {
    const at = judgedAt - 30 * dayMillis;
    const facts = withVersion({ id: 'k' }, { cryptoPeriod: limits, activatedAt: at });
    const due = await dueIn({}, [facts]);
    assert.deepEqual(told(due), [['originator-period-ends', at + year, 'key:k/1']]);
    const [deadline] = due.deadlines;
    assert.equal(deadline?.owner, 'payments');
    assert.equal(deadline?.command, 'claviger key rotate k');
    assert.match(deadline?.byItself ?? '', /may not encrypt/);
  });

  it('is the rotation before it, where the key has a schedule', async () => {
    const rotation = { periodDays: 90, since: judgedAt, nextAt: judgedAt + 60 * dayMillis };
    const facts = withVersion({ id: 'k', rotation }, { cryptoPeriod: limits });
    const due = await dueIn({}, [facts]);
    assert.deepEqual(told(due), [['rotation', judgedAt + 60 * dayMillis, 'key:k/1']]);
    assert.equal(due.deadlines[0]?.todo, null);
  });

  it('is the rotation by the policy, on the day on which the server does it', async () => {
    const facts = withVersion({ id: 'k', periodTerms: undefined as never }, { cryptoPeriod: limits });
    const due = await dueIn({}, [facts]);
    assert.deepEqual(told(due), [['rotation', rotationDue(facts.key), 'key:k/1']]);
  });

  it('is an exception from the policy that ends', async () => {
    const extension = { id: 'x', version: 1, act: 'protect', until: judgedAt + 3, otherwise: 60 } as const;
    const due = await dueIn({}, [
      withVersion({ id: 'k', periodExtensions: [extension] }, { cryptoPeriod: limits }),
    ]);
    assert.deepEqual(told(due)[0], ['period-exception-ends', judgedAt + 3, 'period-exception:x']);
  });

  it('is the destruction of versions that open nothing any more, where the policy has it so', async () => {
    const cryptoPeriod = { ...limits, recipientSeconds: 31_536_000 };
    const versions = [1.05, 0].map((years, at) => ({
      ...versionOf({
        spec: 'AES_256',
        usage: 'encrypt',
        number: at + 1,
        activatedAt: judgedAt - years * year,
      }),
      cryptoPeriod,
    }));
    const periodTerms = { rotates: false, destroysAtEnd: true };
    const due = await dueIn({}, [factsOfKey(keyOf({ id: 'k', versions, periodTerms }))]);
    const at = judgedAt - 0.05 * year + 30 * dayMillis;
    assert.deepEqual(told(due)[0], ['destruction', at, 'key:k/1']);
  });

  it('is the end again, where the key is suspended: a suspended key is not rotated', async () => {
    const rotation = { periodDays: 90, since: judgedAt, nextAt: judgedAt + 60 * dayMillis };
    const facts = withVersion(
      { id: 'k', rotation, suspendedAt: judgedAt },
      { cryptoPeriod: limits, state: 'suspended' },
    );
    const due = await dueIn({}, [facts]);
    assert.deepEqual(
      due.deadlines.map(({ kind }) => kind),
      ['originator-period-ends'],
    );
    assert.match(due.deadlines[0]?.what ?? '', /suspended/);
  });

  it('is an end that passed too, as long as the key is there, and nothing of one that is destroyed', async () => {
    const old = { cryptoPeriod: limits, activatedAt: judgedAt - 2 * year };
    const due = await dueIn({}, [
      withVersion({ id: 'a' }, old),
      withVersion({ id: 'b' }, { ...old, state: 'destroyed' }),
      withVersion({ id: 'c' }, { ...old, state: 'deactivated' }),
      withVersion({ id: 'd' }, { ...old, state: 'compromised' }),
    ]);
    assert.deepEqual(told(due), [['originator-period-ends', judgedAt - year, 'key:a/1']]);
    assert.equal(due.overdue, 1);
  });

  it('is the end of each recipient period that lies ahead', async () => {
    const cryptoPeriod = { ...limits, recipientSeconds: 2 * 31_536_000 };
    const versions = [3, 1.5, 0].map((years, at) => ({
      ...versionOf({
        spec: 'AES_256',
        usage: 'encrypt',
        number: at + 1,
        activatedAt: judgedAt - years * year,
      }),
      state: at === 2 ? ('active' as const) : ('deactivated' as const),
      cryptoPeriod,
    }));
    const due = await dueIn({}, [factsOfKey(keyOf({ id: 'k', versions, periodTerms: byHand }))]);
    assert.deepEqual(told(due), [
      ['recipient-period-ends', judgedAt + 0.5 * year, 'key:k/2'],
      ['originator-period-ends', judgedAt + year, 'key:k/3'],
      ['recipient-period-ends', judgedAt + 2 * year, 'key:k/3'],
    ]);
  });

  it('is the destruction alone, where one is scheduled', async () => {
    const destruction = { requestedAt: judgedAt, dueAt: judgedAt + 7 * dayMillis, waitingDays: 7 };
    const due = await dueIn({}, [factsOfKey(keyOf({ id: 'k', destruction }), { names: ['cards'] })]);
    assert.deepEqual(told(due), [['destruction', judgedAt + 7 * dayMillis, 'key:k']]);
    assert.equal(due.deadlines[0]?.name, 'cards');
    assert.equal(due.deadlines[0]?.command, 'claviger key cancel-destroy k');
  });

  it('is imported material that expires, also one that waits for its rotation', async () => {
    const expiresAt = judgedAt + 10 * dayMillis;
    const key = keyOf({
      id: 'k',
      origin: 'imported',
      imported: { isPresent: true, expiresAt },
      pending: { number: 2, materialId: '0'.repeat(64), importedAt: judgedAt, expiresAt: expiresAt + 1 },
    });
    const due = await dueIn({}, [factsOfKey(key)]);
    assert.deepEqual(told(due).slice(0, 2), [
      ['imported-material-expires', expiresAt, 'key:k/1'],
      ['imported-material-expires', expiresAt + 1, 'key:k/2'],
    ]);
    assert.equal(due.deadlines[2]?.command, 'claviger key import FILE --into k --next');
    const gone = keyOf({ id: 'k', origin: 'imported', imported: { isPresent: false, expiresAt } });
    assert.equal((await dueIn({}, [factsOfKey(gone)])).byKind['imported-material-expires'], 0);
  });

  it('names nobody where nobody is named', async () => {
    const due = await dueIn({}, [factsOfKey(keyOf({ id: 'k', owner: '' }))]);
    assert.equal(due.deadlines[0]?.owner, null);
  });
});

describe('what falls due besides keys', () => {
  it('is a credential that expires, and none that is over, stays, or is of somebody who is out', async () => {
    const credential = (id: string, expiresAt: number | null) => ({
      kind: 'token' as const,
      id,
      createdAt: judgedAt,
      expiresAt,
    });
    const due = await dueIn({
      principals: [
        {
          principal: principalOf({ name: "o'hara $(x)" }),
          credentials: [credential('a', judgedAt + 5), credential('b', null), credential('c', judgedAt)],
        },
        {
          principal: principalOf({ name: 'out', disabled: true }),
          credentials: [credential('d', judgedAt + 5)],
        },
      ],
    });
    assert.deepEqual(told(due), [['credential-expires', judgedAt + 5, 'credential:a']]);
    assert.equal(due.deadlines[0]?.command, String.raw`claviger principal token 'o'\''hara $(x)'`);
  });

  it('is an attestation for which no later one stands, though it is over', async () => {
    const attestation = (id: string, by: string, until: number) => ({
      id,
      subject: 'custodian-acknowledgement',
      statement: 'I know',
      reference: null,
      by,
      at: judgedAt - year,
      until,
    });
    const due = await dueIn({
      attestations: [
        attestation('1', 'ada', judgedAt + 9),
        attestation('2', 'ada', judgedAt + 90),
        attestation('3', 'bob', judgedAt - 1),
      ],
    });
    assert.deepEqual(told(due), [
      ['attestation-ends', judgedAt - 1, 'attestation:3'],
      ['attestation-ends', judgedAt + 90, 'attestation:2'],
    ]);
    assert.equal(due.overdue, 1);
    assert.equal(due.deadlines[0]?.owner, 'bob');
  });

  it('is a certificate that ends', async () => {
    const certificate = { id: 'f', purpose: 'listener', environment: null, subject: 'CN=keys', owner: null };
    const due = await dueIn({ certificates: [{ ...certificate, notAfter: judgedAt + 4 }] });
    assert.deepEqual(told(due), [['certificate-ends', judgedAt + 4, 'certificate:f']]);
  });
});

/** Keys without end of different ages, in pages of a thousand, made while they are walked through. */
function manyKeys(count: number): Population {
  async function* keys(): AsyncIterable<readonly KeyFacts[]> {
    for (let at = 0; at < count; at += 1000) {
      yield Array.from({ length: Math.min(1000, count - at) }, (_all, inner) => {
        const number = at + inner;
        const createdAt = judgedAt - ((number * 7919) % count) * 1000;
        return factsOfKey(
          keyOf({
            id: `key-${String(number).padStart(7, '0')}`,
            environment: number % 2 === 0 ? 'production' : 'test',
            createdAt,
            periodTerms: byHand,
          }),
        );
      });
    }
  }
  // oxlint-disable-next-line require-await
  async function* none() {}
  return { head: headOf(), keys, events: none };
}

describe('a long list', () => {
  it('is told by its first ones, with how many there are in all', async () => {
    const count = 100_000;
    const before = process.memoryUsage().heapUsed;
    const due = await dueOf(manyKeys(count), { withinMillis: 100 * year, limit: 50 });
    assert.equal(due.total, count);
    assert.equal(due.byKind['originator-period-ends'], count);
    assert.equal(due.deadlines.length, 50);
    // the oldest ones, each a second younger than the one before
    const times = due.deadlines.map(({ at }) => at);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.equal((times.at(-1) ?? 0) - (times[0] ?? 0), 49_000);
    assert.ok(process.memoryUsage().heapUsed - before < 200 * 2 ** 20);
  });

  it('looks no farther than is asked for', async () => {
    const near = await dueOf(manyKeys(1000), { withinMillis: dayMillis, limit: 50 });
    assert.equal(near.total, 0);
  });

  it('is the same whatever order the keys come in', async () => {
    const keys = ['a', 'b', 'c', 'd'].map((id) => factsOfKey(keyOf({ id })));
    const [there, back] = [await dueIn({}, keys), await dueIn({}, keys.toReversed())];
    assert.deepEqual(there, back);
  });

  it('keeps exactly the first ones of any stream', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 0, max: 20 }), (all, limit) => {
        const kept = soonest<number>(limit, (a, b) => a - b);
        for (const each of all) kept.add(each);
        assert.deepEqual(kept.sorted(), all.toSorted((a, b) => a - b).slice(0, limit));
      }),
    );
  });
});
