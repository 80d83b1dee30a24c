import type { House } from '../house.ts';
import { mountsOf, type PlacedMount } from '../mounts/mounts.ts';
import { refuseField, type IdentityAlias } from './records.ts';

/** The records of one environment. */
export type Place = {
  readonly house: Pick<House, 'store' | 'documents' | 'clock'>;
  readonly environment: string;
};

/** The auth methods of an environment, by their ids. */
export async function methodsById({ house, environment }: Place): Promise<ReadonlyMap<string, PlacedMount>> {
  const { auth } = await mountsOf(house, environment);
  return new Map(Object.entries(auth).map(([path, mount]) => [mount.id, { ...mount, path, kind: 'auth' }]));
}

/** The auth method of an accessor; null: there is none. */
export async function findMethod(place: Place, accessor: string): Promise<PlacedMount | null> {
  for (const mount of (await methodsById(place)).values()) if (mount.accessor === accessor) return mount;
  return null;
}

/** The same. Throws `input-invalid` where there is none. */
export async function methodOfAccessor(place: Place, accessor: string): Promise<PlacedMount> {
  const found = await findMethod(place, accessor);
  if (found) return found;
  throw refuseField(`invalid mount accessor ${JSON.stringify(accessor)}`, 'mount_accessor');
}

/** An alias, whose it is, and the mount that it is of; null: that is no more. */
export type PlacedAlias = IdentityAlias & { readonly ownerId: string; readonly mount: PlacedMount | null };

export function placedAlias(
  alias: IdentityAlias,
  ownerId: string,
  mounts: ReadonlyMap<string, PlacedMount>,
): PlacedAlias {
  return { ...alias, ownerId, mount: mounts.get(alias.mountId) ?? null };
}
