import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { company } from './company.fixture.ts';
import { detect } from './detectors/index.ts';
import { mistakes } from './finding.ts';

const named = ({ detector, subject }: { detector: string; subject: string }) => `${detector} ${subject}`;

describe('the seeded company', () => {
  it('has three environments, forty keys, and fifteen flaws of all seven mistakes', async () => {
    const { population, planted } = company();
    const ids = new Set<string>();
    for await (const page of population.keys()) for (const { key } of page) ids.add(key.id);
    assert.equal(ids.size, 40);
    assert.equal(population.head.environments.length, 3);
    assert.equal(planted.length, 15);
    assert.equal(new Set((await detect(population)).map(({ mistake }) => mistake)).size, mistakes.length);
  });

  it('has each of its flaws found and named, and nothing else', async () => {
    const { population, planted } = company();
    const found = await detect(population);
    const wanted = planted.flatMap((plant) => plant.found.map(named));
    assert.deepEqual(found.map(named).sort(), wanted.sort());
  });

  it('says of each what is wrong, where, and what to do', async () => {
    const { population } = company();
    for (const { what, remedy, subject, severity, id, environment } of await detect(population)) {
      assert.match(what, /^[A-Z"].{20,}\.$/s, subject);
      assert.ok(remedy.length > 10, subject);
      assert.match(id, /^[0-9a-f]{64}$/);
      assert.ok(
        population.head.environments.some(({ name }) => name === environment),
        environment,
      );
      assert.ok(['low', 'medium', 'high', 'critical'].includes(severity));
    }
  });

  it('is judged the same every time', async () => {
    assert.deepEqual(await detect(company().population), await detect(company().population));
  });
});
