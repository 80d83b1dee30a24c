import type { Route } from '../../route.ts';
import { mountRoutes } from './mounts.ts';
import { openApiRoutes } from './openapi.ts';
import { policyRoutes } from './policies.ts';
import { sealRoutes } from './seal.ts';
import { stateRoutes } from './state.ts';
import { toolRoutes } from './tools.ts';
import { wrappingRoutes } from './wrapping.ts';

export const sysRoutes: readonly Route[] = [
  ...mountRoutes,
  ...openApiRoutes,
  ...policyRoutes,
  ...sealRoutes,
  ...stateRoutes,
  ...wrappingRoutes,
  ...toolRoutes('tools/'),
];
