import type { Route } from '../../route.ts';
import { dataRoutes } from './data.ts';
import { metadataRoutes } from './metadata.ts';
import { versionRoutes } from './versions.ts';

export const kv2Routes: readonly Route[] = [...dataRoutes, ...versionRoutes, ...metadataRoutes];
