import { compose, createLogger, loadConfig } from '#server';
import { gatherPopulation, createDoor, runDetectors } from '#operations';
import { runFramework, frameworks } from '#governance';
const home = process.argv[2] ?? '';
const config = loadConfig({ env: { CLAVIGER_HOME: home } });
const { house, close } = await compose({ config, logger: createLogger('error'), worker: 0 });
const scope = { environments: ['default'], isWholeHouse: true };
const t0 = performance.now();
const { population } = await gatherPopulation(house, scope, Date.now());
const t1 = performance.now();
let n = 0;
for await (const page of population.keys()) n += page.length;
const t2 = performance.now();
let e = 0;
for await (const page of population.events()) e += page.length;
const t3 = performance.now();
console.log({
  n,
  e,
  head: t1 - t0,
  keys: t2 - t1,
  events: t3 - t2,
  perKey: ((t2 - t1) / n) * 1000,
  perEvent: ((t3 - t2) / e) * 1000,
});
const t4 = performance.now();
await runFramework(population, frameworks.find(({ id }) => id === 'nist-sp-800-57') as never);
console.log({ run: performance.now() - t4 });
const t5 = performance.now();
const found = await runDetectors(house, createDoor(house), population);
console.log({ detect: performance.now() - t5, found: JSON.stringify([...found]) });
const t6 = performance.now();
await runDetectors(house, createDoor(house), population);
console.log({ again: performance.now() - t6 });
await close();
