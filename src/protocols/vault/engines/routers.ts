import { routerOf, type Route, type Router } from '../route.ts';
import { approleRoutes } from './approle/routes.ts';
import { certRoutes } from './cert/routes.ts';
import { jwtRoutes } from './jwt/routes.ts';
import { identityRoutes } from './identity/routes.ts';
import { kubernetesRoutes } from './kubernetes/routes.ts';
import { userpassRoutes } from './userpass/routes.ts';
import { cubbyholeRoutes } from './cubbyhole/routes.ts';
import { kv1Routes } from './kv1/routes.ts';
import { kv2Routes } from './kv2/routes.ts';
import { sysRoutes } from './sys/routes.ts';
import { tokenRoutes } from './token/routes.ts';
import { transitRoutes } from './transit/routes.ts';

/** The routes of each engine and method, by its type, and for kv its version behind it. */
export const engineRoutes: Readonly<Record<string, readonly Route[]>> = Object.freeze({
  __proto__: null as never,
  approle: approleRoutes,
  cert: certRoutes,
  userpass: userpassRoutes,
  jwt: jwtRoutes,
  oidc: jwtRoutes,
  kubernetes: kubernetesRoutes,
  cubbyhole: cubbyholeRoutes,
  identity: identityRoutes,
  kv1: kv1Routes,
  kv2: kv2Routes,
  system: sysRoutes,
  token: tokenRoutes,
  transit: transitRoutes,
});

export const routers: ReadonlyMap<string, Router> = new Map(
  Object.entries(engineRoutes).map(([type, routes]) => [type, routerOf(routes)]),
);
