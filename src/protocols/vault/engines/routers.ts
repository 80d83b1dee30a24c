import { routerOf, type Router } from '../route.ts';
import { sysRoutes } from './sys/routes.ts';
import { tokenRoutes } from './token/routes.ts';
import { transitRoutes } from './transit/routes.ts';

/** The routes of each engine and method, by its type and, where there are several, its version. */
export const routers: ReadonlyMap<string, Router> = new Map(
  Object.entries({ transit: transitRoutes, system: sysRoutes, token: tokenRoutes }).map(([type, routes]) => [
    type,
    routerOf(routes),
  ]),
);
