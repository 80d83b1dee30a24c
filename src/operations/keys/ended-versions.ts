import { changeState, type Instant, type Key, type KeyVersion, type TransitionCause } from '#domain';
import type { House } from '../house.ts';
import { destroyInDevice } from './device-version.ts';

type Change = { readonly at: Instant; readonly cause: TransitionCause };

function destroyed(version: KeyVersion, change: Change): KeyVersion {
  return changeState(
    version,
    version.state === 'compromised' ? 'destroyed-compromised' : 'destroyed',
    change,
  );
}

/**
 * The key with some of its versions destroyed: those that live in a device are destroyed there at once, the others with the commit that
 * erases their material.
 */
export async function withoutVersions(
  house: House,
  key: Key,
  numbers: readonly number[],
  change: Change,
): Promise<Key> {
  const isDoomed = ({ number }: KeyVersion): boolean => numbers.includes(number);
  await destroyInDevice(house, key.versions.filter(isDoomed));
  return {
    ...key,
    versions: key.versions.map((version) => (isDoomed(version) ? destroyed(version, change) : version)),
  };
}
