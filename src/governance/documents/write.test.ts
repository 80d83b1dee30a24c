import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AttestationSubject } from '../checks/index.ts';
import {
  dayMillis,
  factsOfKey,
  headOf,
  judgedAt,
  keyOf,
  populationOf,
  principalOf,
} from '../population.fixture.ts';
import type { Attestation, KeyFacts, Population, PopulationHead } from '../population.ts';
import type { Block, WrittenDocument } from './document.ts';
import { htmlOf } from './html.ts';
import { markdownOf } from './markdown.ts';
import { documentKinds, documentOf, keysListedMax } from './write.ts';

function statement(subject: AttestationSubject, about: Partial<Attestation> = {}): Attestation {
  return {
    id: `id-of-${subject}`,
    subject,
    statement: 'It is so.',
    reference: 'the wiki, page 7',
    by: 'ada',
    at: judgedAt - dayMillis,
    until: judgedAt + 300 * dayMillis,
    sha256: 'ab'.repeat(32),
    ...about,
  };
}

const allStatements: readonly Attestation[] = (
  [
    'crypto-policy',
    'key-management-procedures',
    'custodian-acknowledgement',
    'key-distribution',
    'certificate-inventory',
    'key-ceremony',
    'incident-procedure',
    'account-data-protection',
    'crypto-architecture',
    'crypto-inventory-review',
    'system-boundary',
  ] as const
).map((subject) => statement(subject));

/** A house of which everything is known. */
const whole: Partial<PopulationHead> = {
  attestations: allStatements,
  principals: [
    { principal: principalOf({ name: 'ada', kind: 'user', roles: ['administrator'] }), credentials: [] },
  ],
  copies: [
    {
      id: 'b',
      kind: 'backup',
      keyId: null,
      createdAt: judgedAt,
      place: 'vault 7',
      holder: 'ops',
      status: 'live',
      detail: {},
    },
  ],
  certificates: [],
  protocols: [{ name: 'native API', protection: 'TLS 1.3' }],
  devices: [{ type: 'KMS', name: 'node-1', model: 'claviger 0.0.0', place: 'rack 4, Stockholm' }],
};

const key = (id: string, about: Partial<Parameters<typeof keyOf>[0]> = {}): KeyFacts =>
  factsOfKey(keyOf({ id, ...about }), { names: [`name-of-${id}`] });

function wordsOf({ sections }: WrittenDocument, title: string): string {
  const found = sections.find((section) => section.title === title);
  assert.ok(found, `there is no section ${title}`);
  return JSON.stringify(found.blocks);
}

function tableOf({ sections }: WrittenDocument, title: string): Extract<Block, { kind: 'table' }> {
  const block = sections
    .find((section) => section.title === title)
    ?.blocks.find(({ kind }) => kind === 'table');
  if (block?.kind !== 'table') throw new Error(`there is no table in ${title}`);
  return block;
}

describe('the documents that are written of a population', () => {
  it('are the same, byte for byte, for the same population', async () => {
    for (const kind of documentKinds) {
      const population = populationOf(headOf(whole), [
        key('a'),
        key('b', { spec: 'RSA_3072', usage: 'sign' }),
      ]);
      const [first, second] = [await documentOf(population, kind), await documentOf(population, kind)];
      assert.equal(markdownOf(first), markdownOf(second));
      assert.equal(htmlOf(first), htmlOf(second));
    }
  });

  it('have no gap where everything is known', async () => {
    for (const kind of documentKinds) {
      const written = await documentOf(populationOf(headOf(whole), [key('a')]), kind);
      assert.deepEqual(written.missing, [], kind);
      assert.doesNotMatch(markdownOf(written), /missing/);
    }
  });

  it('list what nobody has told, and leave no blank for it', async () => {
    const statementOf = await documentOf(populationOf(headOf({ log: null }), []), 'practice-statement');
    for (const what of [
      /audit log/,
      /policy of cryptography/,
      /written procedures/,
      /person who is responsible for environment production/,
      /acknowledgements of the key custodians/,
      /registered backup/,
      /in wrong hands/,
    ])
      assert.ok(
        statementOf.missing.some((line) => what.test(line)),
        String(what),
      );
    const blank = key('a', { owner: ' ', description: '' });
    const head = headOf({ devices: [{ type: 'HSM', name: 'luna', model: null, place: null }] });
    const architecture = await documentOf(populationOf(head, [blank]), 'crypto-architecture');
    for (const what of [
      'The owner of key a',
      'What key a is for',
      'Where luna stands',
      'What luna is (maker, model, firmware, validation)',
    ])
      assert.ok(architecture.missing.includes(what), what);
    for (const { blocks } of architecture.sections)
      for (const block of blocks)
        if (block.kind === 'table')
          for (const row of block.rows) for (const cell of row) assert.notEqual(cell.trim(), '');
    assert.match(markdownOf(architecture), /\\\[missing\\\]/);
  });

  it('take no statement for one that holds no longer', async () => {
    const attestations = allStatements.map((each) => ({ ...each, until: judgedAt }));
    const written = await documentOf(
      populationOf(headOf({ ...whole, attestations }), []),
      'practice-statement',
    );
    assert.ok(written.missing.length >= 7);
    assert.doesNotMatch(markdownOf(written), /the wiki/);
  });
});

describe('the description of the architecture', () => {
  it('has each key with its strength, usage and end', async () => {
    const rsa = key('r', { spec: 'RSA_2048', usage: 'sign', environment: 'test' });
    const written = await documentOf(populationOf(headOf(whole), [key('a'), rsa]), 'crypto-architecture');
    const { rows } = tableOf(written, 'Keys, their strength, usage and end');
    assert.equal(rows.length, 2);
    assert.deepEqual(rows[1]?.slice(0, 2), ['name-of-r (r)', 'test']);
    assert.equal(rows[1]?.[4], 'RSA_2048, 112 bits');
    assert.match(rows[1]?.[6] ?? '', /^20\d\d-\d\d-\d\d$/);
    const algorithms = tableOf(written, 'Algorithms and strengths');
    assert.deepEqual(
      algorithms.rows.map((row) => [row[0], row[3], row[5], row[6]]),
      [
        ['AES_256', '256', '1', 'production'],
        ['RSA_2048', '112', '1', 'test'],
      ],
    );
  });

  it('has the server and what holds its root key among the devices, though nobody listed them', async () => {
    const head = headOf({ root: 'pkcs11' });
    const written = await documentOf(populationOf(head, []), 'crypto-architecture');
    assert.deepEqual(
      tableOf(written, 'Devices that hold keys').rows.map((row) => row.slice(0, 3)),
      [
        ['KMS', 'the server (node-1)', 'claviger 0.0.0'],
        ['HSM', 'the PKCS #11 token of the root key', '[missing]'],
      ],
    );
    assert.ok(written.missing.includes('Where the server (node-1) stands'));
    assert.equal(tableOf(written, 'Protocols').rows.length, 3);
  });

  it('leaves out keys that are destroyed', async () => {
    const gone = keyOf({ id: 'g' });
    const versions = gone.versions.map((version) => ({ ...version, state: 'destroyed' as const }));
    const population = populationOf(headOf(whole), [factsOfKey({ ...gone, versions }), key('a')]);
    const written = await documentOf(population, 'crypto-architecture');
    assert.equal(tableOf(written, 'Keys, their strength, usage and end').rows.length, 1);
  });

  it('says so where a key of production is in test too', async () => {
    const title = 'No key in production and in test';
    const clean = await documentOf(populationOf(headOf(whole), [key('a')]), 'crypto-architecture');
    assert.match(wordsOf(clean, title), /None has its material/);
    const shared = factsOfKey(keyOf({ id: 'a' }), { sameMaterial: [{ keyId: 'b', environment: 'test' }] });
    const same = factsOfKey(keyOf({ id: 'c' }), {
      sameMaterial: [{ keyId: 'd', environment: 'production' }],
    });
    const written = await documentOf(populationOf(headOf(whole), [shared, same]), 'crypto-architecture');
    assert.match(wordsOf(written, title), /NOT SO: 1 keys .*a of production has that of b of test/);
  });
});

describe('the practice statement', () => {
  it('counts what there is', async () => {
    const suspended = key('s', { suspendedAt: judgedAt });
    const scheduled = key('d', {
      destruction: { requestedAt: judgedAt, dueAt: judgedAt + dayMillis, waitingDays: 7 },
    });
    const old = key('o', { createdAt: judgedAt - 3000 * dayMillis });
    const written = await documentOf(
      populationOf(headOf(whole), [key('a'), suspended, scheduled, old]),
      'practice-statement',
    );
    assert.deepEqual(tableOf(written, 'States, suspension and revocation').rows, [
      ['active', '2'],
      ['destruction-scheduled', '1'],
      ['suspended', '1'],
    ]);
    assert.match(wordsOf(written, 'Crypto-periods and rotation'), /refused to protect since: 1 \(o\)/);
    assert.match(wordsOf(written, 'Destruction'), /Scheduled: 1; destroyed: 0/);
  });

  it('names the exceptions from the policy that are in force', async () => {
    const title = 'Crypto-periods and rotation';
    const extension = {
      id: 'x',
      version: 1,
      act: 'protect',
      until: judgedAt + dayMillis,
      otherwise: 60,
    } as const;
    const [one, many] = [[extension], Array.from({ length: 60 }, () => extension)];
    const written = async (periodExtensions: typeof many) =>
      wordsOf(
        await documentOf(populationOf(headOf(whole), [key('a', { periodExtensions })]), 'practice-statement'),
        title,
      );
    assert.match(await written(one), /"a","1","production","payments","protect","2026-06-02","x"/);
    assert.match(await written(many), /And 10 further exceptions/);
  });

  it('names the custodians who have acknowledged, and who has which role', async () => {
    const written = await documentOf(populationOf(headOf(whole), []), 'practice-statement');
    const words = wordsOf(written, 'Who answers for what');
    assert.match(words, /"administrator","production","ada \(user\)"/);
    assert.match(words, /"ada","2026-05-31","2027-03-28","the wiki, page 7 \(SHA-256 abab/);
  });
});

/** Keys without end, in pages of a thousand, made while they are walked through. */
function manyKeys(count: number): Population {
  async function* keys(): AsyncIterable<readonly KeyFacts[]> {
    for (let at = 0; at < count; at += 1000)
      yield Array.from({ length: 1000 }, (_all, inner) =>
        key(`key-${at + inner}`, inner % 2 === 0 ? { owner: '', description: '' } : {}),
      );
  }
  // oxlint-disable-next-line require-await
  async function* none() {}
  return { head: headOf(whole), keys, events: none };
}

describe('a document of very many keys', () => {
  it('lists the first ones, counts all, and says where the rest stands', async () => {
    for (const kind of documentKinds) {
      const written = await documentOf(manyKeys(100_000), kind);
      const text = markdownOf(written);
      assert.ok(text.length < 500_000, `${kind}: ${text.length}`);
      assert.ok(written.missing.some((line) => line.includes('50000 keys')));
      if (kind !== 'crypto-architecture') continue;
      assert.equal(tableOf(written, 'Keys, their strength, usage and end').rows.length, keysListedMax);
      assert.match(text, /first 500 of 100000 keys.*inventory/);
    }
  });
});
