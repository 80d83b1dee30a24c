import fs from 'node:fs';
import type { Config } from '../config.ts';
import { fail, lookAt, type Check, type Finding } from './finding.ts';
import { houseChecks } from './house.ts';
import { listeningChecks } from './listening.ts';
import { homeChecks, machineChecks } from './machine.ts';

const notThere: Check = {
  name: 'home',
  look: ({ home }) =>
    fail(`${home} is not there`, 'claviger init (or npm start, which initialises and serves)'),
};

/** Looks at everything that a server needs, one thing after the other, and changes nothing. */
export async function* examine(config: Config): AsyncGenerator<Finding> {
  const inside = fs.existsSync(config.home) ? [...homeChecks, ...houseChecks] : [notThere];
  for (const check of [...machineChecks, ...inside, ...listeningChecks]) yield lookAt(check, config);
}
