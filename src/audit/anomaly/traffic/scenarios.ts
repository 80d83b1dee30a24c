import { sweeps } from './scenarios-sweep.ts';
import { misuses } from './scenarios-misuse.ts';
import { volumes } from './scenarios-volume.ts';
import type { Scenario } from './scenario.ts';

/** Every scenario, by its name; C, U, D and S follow known incidents (Capital One, Uber, Codecov, SolarWinds). */
export const scenarios: readonly Scenario[] = Object.freeze([...sweeps, ...misuses, ...volumes]);
