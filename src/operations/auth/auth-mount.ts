import { z } from 'zod';
import { ClavigerError } from '#domain';
import type { House } from '../house.ts';
import { mountsOf, type PlacedMount } from '../mounts/mounts.ts';

type Shelf = Pick<House, 'store' | 'documents' | 'clock'>;

/** The path of an auth method in the caller's environment, as the table of mounts has it. */
export const methodPath = z.string().min(2).max(600);

/** The auth method of one of these types at a path. Throws `input-invalid` where there is none. */
export async function methodAt(
  house: Shelf,
  environment: string,
  path: string,
  types: readonly string[],
): Promise<PlacedMount> {
  const { auth } = await mountsOf(house, environment);
  const mount = Object.hasOwn(auth, path) ? auth[path] : undefined;
  if (mount && types.includes(mount.type)) return { ...mount, path, kind: 'auth' };
  throw new ClavigerError('input-invalid', `no matching mount at "auth/${path}"`, {
    details: { field: 'mount' },
  });
}
