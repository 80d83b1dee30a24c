import type { Route } from '../../route.ts';
import { toolRoutes } from '../sys/tools.ts';
import { backupRoutes } from './backups.ts';
import { codeRoutes } from './codes.ts';
import { derivationRoutes } from './derivation.ts';
import { encryptionRoutes } from './encryption.ts';
import { exportRoutes } from './exports.ts';
import { importRoutes } from './imports.ts';
import { keyRoutes } from './keys.ts';
import { settingRoutes } from './settings.ts';
import { signatureRoutes } from './signatures.ts';

export const transitRoutes: readonly Route[] = [
  ...encryptionRoutes,
  ...signatureRoutes,
  ...codeRoutes,
  ...exportRoutes,
  ...backupRoutes,
  ...importRoutes,
  ...derivationRoutes,
  ...keyRoutes,
  ...settingRoutes,
  ...toolRoutes(''),
];
