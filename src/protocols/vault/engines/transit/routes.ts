import type { Route } from '../../route.ts';
import { encryptionRoutes } from './encryption.ts';
import { keyRoutes } from './keys.ts';

export const transitRoutes: readonly Route[] = [...encryptionRoutes, ...keyRoutes];
