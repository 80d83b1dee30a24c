import { ClavigerError, StopError } from '#domain';
import type { Store } from '#ports';
import { parseShamirParameters, type ShamirParameters } from '#roots';

// a setting is put once and never changed: a new set of shares stands under the name of the one that it replaces. So the switch to
// it is one write, of two that happen at once one wins, and a set that was replaced is known as such.
const firstName = 'shamir-parameters';
const nameAfter = (setId: string): string => `shamir-parameters after ${setId}`;

const setsMax = 10_000;

/** The parameters of the set of shares that unseals a store; null for a store that has none. */
export async function currentParameters(store: Store): Promise<ShamirParameters | null> {
  let current: ShamirParameters | null = null;
  let text = await store.setting(firstName);
  for (let count = 0; text !== null; count += 1) {
    if (count > setsMax)
      throw new StopError('integrity-failed', 'The sets of shares in the store are a circle.');
    current = parseShamirParameters(text);
    text = await store.setting(nameAfter(current.setId));
  }
  return current;
}

async function claim(store: Store, name: string, parameters: ShamirParameters): Promise<void> {
  const stands = parseShamirParameters(await store.claimSetting(name, JSON.stringify(parameters)));
  if (stands.setId === parameters.setId) return;
  throw new ClavigerError(
    'conflict',
    `Somebody else made set ${stands.setId} at the same time: it stands, and the shares of set ${parameters.setId} are worthless.`,
  );
}

/** Makes a set of shares that of a store that has none. Throws `conflict` where it has one. */
export function claimFirstParameters(store: Store, parameters: ShamirParameters): Promise<void> {
  return claim(store, firstName, parameters);
}

/** Puts a set in the place of another, in one step. Throws `conflict` where that was replaced already. */
export function replaceParameters(
  store: Store,
  old: ShamirParameters,
  next: ShamirParameters,
): Promise<void> {
  return claim(store, nameAfter(old.setId), next);
}
