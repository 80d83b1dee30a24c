import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headOf, populationOf, principalOf } from '../population.fixture.ts';
import type { KeyFacts, PopulationHead } from '../population.ts';
import { detect } from './index.ts';
import { ago, copy, facts, people, quiet } from './one-key.fixture.ts';

describe('the detectors of the house', () => {
  const subjects = async (head: PopulationHead, keys: readonly KeyFacts[] = []) =>
    (await detect(populationOf(head, keys))).map(
      ({ detector, severity, subject }) => `${detector} ${severity} ${subject}`,
    );
  const credential = { kind: 'access-key', id: 'AKIA1', createdAt: ago(100), expiresAt: null } as const;
  const having = (
    about: Partial<PopulationHead['principals'][number]['credentials'][number]>,
    who: Partial<Parameters<typeof principalOf>[0]> = {},
  ) =>
    headOf({
      root: 'pkcs11',
      principals: [
        { principal: principalOf({ name: 'ci', ...who }), credentials: [{ ...credential, ...about }] },
      ],
    });

  it('long-lived-credential: what has no end, and is old', async () => {
    assert.deepEqual(await subjects(having({})), ['long-lived-credential medium credential:AKIA1']);
    assert.deepEqual(await subjects(having({ createdAt: ago(80) })), []);
    assert.deepEqual(await subjects(having({ expiresAt: ago(-200) })), []);
    assert.deepEqual(await subjects(having({ expiresAt: ago(-2000) })), [
      'long-lived-credential medium credential:AKIA1',
    ]);
    assert.deepEqual(await subjects(having({ expiresAt: ago(1) })), []);
    assert.deepEqual(await subjects(having({}, { disabled: true })), []);
  });

  it('long-lived-credential: what the first administrator got may be a year old', async () => {
    const first = (days: number, made = 0) => {
      const { environments, principals } = having(
        { createdAt: ago(days - made) },
        { roles: ['administrator'], createdAt: ago(days) },
      );
      return headOf({
        root: 'pkcs11',
        principals,
        environments: environments.map((each) => ({ ...each, createdAt: ago(days) })),
      });
    };
    assert.deepEqual(await subjects(first(300)), []);
    assert.deepEqual(await subjects(first(400)), ['long-lived-credential low credential:AKIA1']);
    assert.deepEqual(await subjects(first(300, 100)), ['long-lived-credential medium credential:AKIA1']);
  });

  it('escrow-beside-backup: what was not parted in a week', async () => {
    const at = (days: number, place: string) =>
      headOf({
        root: 'pkcs11',
        copies: [
          copy({ id: 'b', kind: 'backup', place: '/mnt/usb/b', createdAt: ago(days) }),
          copy({ id: 'e', kind: 'escrow', place, createdAt: ago(days) }),
        ],
      });
    assert.deepEqual(await subjects(at(8, '/mnt/usb/e')), ['escrow-beside-backup medium copy:e']);
    assert.deepEqual(await subjects(at(6, '/mnt/usb/e')), []);
    assert.deepEqual(await subjects(at(8, '/mnt/safe/e')), []);
  });

  it('root-beside-data: only in production', async () => {
    const under = (name: string, root = 'file') =>
      headOf({ root, environments: quiet.environments.map((each) => ({ ...each, name })) });
    for (const name of ['production', 'eu-prod', 'live'])
      assert.deepEqual(await subjects(under(name)), [`root-beside-data high environment:${name}`]);
    for (const name of ['default', 'staging', 'pre-prod', 'non-production'])
      assert.deepEqual(await subjects(under(name)), []);
    assert.deepEqual(await subjects(under('production', 'shamir')), []);
  });

  it('unclassified and owner-by-default: once for an environment, with how many', async () => {
    const keys = Array.from({ length: 20 }, (_, at) =>
      facts({
        id: `k${at}`,
        ...(at < 2 ? { dataClassification: 'unclassified' } : {}),
        ...(at < 3 ? { owner: 'admin', createdBy: 'admin' } : {}),
      }),
    );
    const found = await detect(populationOf(people, keys));
    assert.deepEqual(
      found.map(({ detector, subject }) => `${detector} ${subject}`),
      ['owner-by-default environment:production', 'unclassified environment:production'],
    );
    assert.match(found[0]?.what ?? '', /^3 of 20 keys .* k0, k1, k2\.$/);
    assert.match(found[1]?.what ?? '', /^2 of 20 keys/);
    // one in twenty may
    const few = [
      ...keys.slice(3),
      facts({ id: 'a' }),
      facts({ id: 'b' }),
      facts({ id: 'c', dataClassification: '' }),
    ];
    assert.deepEqual(await subjects(people, few), []);
  });
});
