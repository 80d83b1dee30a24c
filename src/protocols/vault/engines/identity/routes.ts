import type { Route } from '../../route.ts';
import { entityRoutes } from './entities.ts';
import { entityAliasRoutes } from './entity-aliases.ts';
import { groupAliasRoutes } from './group-aliases.ts';
import { groupRoutes } from './groups.ts';
import { lookupRoutes } from './lookup.ts';

export const identityRoutes: readonly Route[] = [
  ...entityRoutes,
  ...entityAliasRoutes,
  ...groupRoutes,
  ...groupAliasRoutes,
  ...lookupRoutes,
];
