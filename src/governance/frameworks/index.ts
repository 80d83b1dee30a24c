import type { Framework } from '../framework.ts';
import { csaCcm } from './csa-ccm.ts';
import { fips1403 } from './fips-140-3.ts';
import { hipaa } from './hipaa.ts';
import { iso270012013, iso270012022 } from './iso-27001.ts';
import { nistSp80057 } from './nist-sp-800-57.ts';
import { pciDss } from './pci-dss.ts';
import { soc2 } from './soc2.ts';

/** Every framework that there is, ordered by id. */
export const frameworks: readonly Framework[] = Object.freeze([
  csaCcm,
  fips1403,
  hipaa,
  iso270012013,
  iso270012022,
  nistSp80057,
  pciDss,
  soc2,
]);

/** The framework of an id, e.g. `pci-dss-4.0.1`; null: there is none. */
export function frameworkOf(id: string): Framework | null {
  return frameworks.find((framework) => framework.id === id) ?? null;
}
