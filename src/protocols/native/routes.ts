import type { Route } from './route.ts';
import { anomalyRoutes } from './routes/anomaly.ts';
import { encryptionRoutes } from './routes/encryption.ts';
import { complianceRoutes } from './routes/compliance.ts';
import { custodyRoutes } from './routes/custody.ts';
import { destructionRoutes } from './routes/destruction.ts';
import { exportRoutes } from './routes/export.ts';
import { findingRoutes } from './routes/findings.ts';
import { houseRoutes } from './routes/house.ts';
import { importRoutes } from './routes/import.ts';
import { inventoryRoutes } from './routes/inventory.ts';
import { attributeRoutes, keyRoutes } from './routes/keys.ts';
import { nameRoutes } from './routes/names.ts';
import { quorumRoutes } from './routes/quorum.ts';
import { periodRoutes } from './routes/periods.ts';
import { rootRoutes } from './routes/roots.ts';
import { recoveryRoutes } from './routes/recovery.ts';
import { signingRoutes } from './routes/signing.ts';
import { statementRoutes } from './routes/statements.ts';
import { writtenRoutes } from './routes/written.ts';

/** Every route of the API. */
export const routes: readonly Route[] = Object.freeze([
  ...keyRoutes,
  ...destructionRoutes,
  ...attributeRoutes,
  ...importRoutes,
  ...exportRoutes,
  ...nameRoutes,
  ...encryptionRoutes,
  ...signingRoutes,
  ...houseRoutes,
  ...custodyRoutes,
  ...rootRoutes,
  ...recoveryRoutes,
  ...inventoryRoutes,
  ...quorumRoutes,
  ...complianceRoutes,
  ...findingRoutes,
  ...periodRoutes,
  ...anomalyRoutes,
  ...statementRoutes,
  ...writtenRoutes,
]);
