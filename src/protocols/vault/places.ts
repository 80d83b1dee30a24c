import type { Mount, PlacedMount } from '#operations';
import { routers } from './engines/routers.ts';
import type { VaultParts } from './index.ts';
import { noRoute, type Found, type Router } from './route.ts';
import { absent, VaultError } from './vault-error.ts';

/** Where a path leads: its mount, and the route behind it. */
export type Placed = { readonly mount: PlacedMount; readonly found: Found };

function routerOf({ type, options }: Mount): Router | undefined {
  return routers.get(type === 'kv' ? `kv${options?.['version'] ?? '1'}` : type);
}

//= vault: unsupported path
function unsupportedPath(mount: Mount): VaultError {
  if (mount.type !== 'kv' || mount.options?.['version'] !== '2')
    return new VaultError(404, '1 error occurred:\n\t* unsupported path\n\n');
  return absent(
    'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.',
  );
}

/** The mount and route of a path, at once where the mounts are known. Throws 404 in Vault's words where there is none. */
export function placeOf(
  parts: Pick<VaultParts, 'mountAt'>,
  environment: string,
  path: string,
): Placed | Promise<Placed> {
  const isAuth = path.startsWith('auth/');
  const inner = isAuth ? path.slice('auth/'.length) : path;
  const mount = parts.mountAt(environment, isAuth ? 'auth' : 'secrets', inner);
  return mount instanceof Promise
    ? mount.then((one) => placeAt(one, path, inner))
    : placeAt(mount, path, inner);
}

function placeAt(mount: PlacedMount | null, path: string, inner: string): Placed {
  if (!mount) throw noRoute(path);
  const found = routerOf(mount)?.(inner.slice(mount.path.length));
  if (!found) throw unsupportedPath(mount);
  return { mount, found };
}
