import { ClavigerError } from '#domain';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';
import type { Scope } from './population.ts';

/**
 * What a caller's look takes in: its own environment; all of them, and the house as a whole, for the first one. `environment` narrows it.
 * Throws `access-denied` for another environment than the caller's.
 */
export async function scopeOf(house: House, caller: Caller, environment: string | null): Promise<Scope> {
  const own = caller.principal.environment;
  const isFirst = own === (await house.firstEnvironment());
  if (environment !== null) {
    const exists = isFirst && (await house.store.environment(environment)) !== null;
    if (environment === own || exists) return { environments: [environment], isWholeHouse: false };
    throw new ClavigerError(
      'access-denied',
      isFirst ? `There is no environment ${environment}.` : `You may look at the environment ${own} alone.`,
    );
  }
  if (!isFirst) return { environments: [own], isWholeHouse: false };
  const all = await house.store.environments();
  return { environments: all.map(({ environment: { name } }) => name), isWholeHouse: true };
}
