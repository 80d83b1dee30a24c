import assert from 'node:assert/strict';
import { it } from 'node:test';
import { detect, mistakes, type KeyFacts, type Population, type PrincipalFacts } from '#governance';
import { operations, runDetectors } from '#operations';
import { seedCompany, startCompany, type CompanyHouse } from './company.fixture.ts';
import { temporaryFolder } from './home.fixture.ts';

/** What the stores of a house know, as far as detectors ask for it. */
async function populationOf({ node, now }: CompanyHouse): Promise<Population> {
  const { store } = node.house;
  const principals: PrincipalFacts[] = [];
  const keys: KeyFacts[] = [];
  const environments = [];
  for (const { environment, kekGeneration } of await store.environments()) {
    const caller = { environment: environment.name };
    const { policy } = await node.door.runAsSystem(operations.readPeriodPolicy, caller.environment, {});
    environments.push({ ...environment, periodPolicy: policy, kekGeneration });
    for (const principal of await store.principals(environment.name)) {
      const credentials = (await store.credentialsOf(principal.id)).map(
        ({ kind, id, createdAt, expiresAt }) => ({
          kind,
          id,
          createdAt,
          expiresAt,
        }),
      );
      principals.push({ principal, credentials });
    }
    const found = await store.keys(environment.name, null, { after: null, limit: 1000 });
    const relations = await store.relations.of(found.map(({ id }) => id));
    for (const key of found) {
      const related = relations.get(key.id);
      assert.ok(related);
      keys.push({ key, ...related, wrappedBy: [] });
    }
  }
  return {
    head: {
      format: 'claviger-population/1',
      at: now(),
      software: 'test',
      environments,
      principals,
      root: node.house.root.describe().kind,
      fips: null,
      copies: (await store.copies.copies(null)).filter(({ keyId }) => keyId === null),
      attestations: [],
      quorum: [],
      log: null,
    },
    async *keys() {
      yield keys;
    },
    async *events() {
      // nothing that is asked for
    },
  };
}

it('a company that was made through its server has each of its flaws found, and nothing else', async (test) => {
  const company = await startCompany(test, temporaryFolder(test));
  const planted = await seedCompany(company);
  const population = await populationOf(company);
  const found = await detect(population);
  const named = ({ detector, subject }: { detector: string; subject: string }) => `${detector} ${subject}`;
  assert.deepEqual(
    found.map(named).sort(),
    planted
      .flatMap((plant) => plant.found)
      .map(named)
      .sort(),
  );
  const seen = new Set(found.map(({ mistake }) => mistake));
  assert.deepEqual(
    mistakes.filter((mistake) => !seen.has(mistake)),
    ['shared-across-environments'],
  );

  const { house, door } = company.node;
  const first = await runDetectors(house, door, population);
  assert.deepEqual(
    [...first.values()].map(({ opened }) => opened).reduce((a, b) => a + b),
    found.length,
  );
  const again = await runDetectors(house, door, population);
  assert.deepEqual(
    [...again.values()].map(({ opened, resolved }) => opened + resolved),
    [0, 0, 0],
  );
});
