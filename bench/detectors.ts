import { ask, detectors, type KeyFacts } from '#governance';
import { company } from '../src/governance/company.fixture.ts';
import { median, tell } from './report.ts';

const pageSize = 1000;

/** How much processor time all detectors together take for a key: those of the seeded company, a third of them with flaws, over and over. */
export async function benchDetectors(keys: number): Promise<void> {
  const { population } = company();
  const few: KeyFacts[] = [];
  for await (const page of population.keys()) few.push(...page);
  async function* pages(): AsyncGenerator<readonly KeyFacts[]> {
    for (let at = 0; at < keys; at += pageSize)
      yield Array.from({ length: pageSize }, (_, index) => few[(at + index) % few.length] as KeyFacts);
  }
  const micros: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const begin = process.cpuUsage();
    await ask({ ...population, keys: pages }, detectors);
    const { user, system } = process.cpuUsage(begin);
    micros.push((user + system) / keys);
  }
  const number = median(micros);
  tell({
    name: `all ${detectors.length} detectors, ${keys} keys`,
    value: `${number.toFixed(1)} us of processor time a key`,
    number,
    bar: 'under 10 us',
    holds: number < 10,
  });
}
