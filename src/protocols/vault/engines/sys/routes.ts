import type { Route } from '../../route.ts';
import { mountRoutes } from './mounts.ts';

export const sysRoutes: readonly Route[] = [...mountRoutes];
