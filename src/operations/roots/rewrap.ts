import { constantTimeEqual } from '#crypto';
import { StopError } from '#domain';
import {
  asWrappedMaterial,
  type RewrappedKek,
  type RootOfTrust,
  type Store,
  type WrappedMaterial,
} from '#ports';
import { environmentContext } from '../keks.ts';

/** The setting of the house's own key and the words that the root authenticates with it. */
export const houseKey = Object.freeze({ setting: 'house-key', context: 'claviger house' });

/** Something that the root wraps. */
type Wrapping = {
  readonly context: string;
  readonly wrapped: WrappedMaterial;
  /** Null: the house key. */
  readonly kek: { readonly environment: string; readonly generation: number } | null;
};

/** Everything that the root wraps. Throws a StopError where the house key is missing. */
export async function wrappingsOf(store: Store): Promise<readonly Wrapping[]> {
  const house = await store.setting(houseKey.setting);
  if (house === null) throw new StopError('integrity-failed', 'The store has no house key.');
  const wrapped = asWrappedMaterial(Buffer.from(house, 'base64'));
  const all: Wrapping[] = [{ context: houseKey.context, wrapped, kek: null }];
  for (const { environment, wrappedKek, kekGeneration } of await store.environments()) {
    const { name } = environment;
    const older = await store.olderKeks(name);
    for (const each of [...older, { generation: kekGeneration, wrapped: wrappedKek }]) {
      const kek = { environment: name, generation: each.generation };
      all.push({ context: environmentContext(name, each.generation), wrapped: each.wrapped, kek });
    }
  }
  return all;
}

/** Wraps one thing by the new root, and opens it again with it, so that nothing depends on what was not tried. */
async function rewrap(
  from: RootOfTrust,
  to: RootOfTrust,
  { context, wrapped }: Wrapping,
): Promise<WrappedMaterial> {
  const secret = await from.unwrap(wrapped, context);
  try {
    const fresh = await to.wrap(secret, context);
    const opened = await to.unwrap(fresh, context);
    const isSame = constantTimeEqual(opened, secret);
    opened.fill(0);
    if (isSame) return fresh;
    throw new StopError('root-refused', 'The new root of trust does not give back what it wrapped.');
  } finally {
    secret.fill(0);
  }
}

const atOnce = 8;

/** Everything that the root wraps, wrapped by another one, and tried. */
export async function rewrapAll(
  store: Store,
  roots: { readonly from: RootOfTrust; readonly to: RootOfTrust },
  report: (done: number, total: number) => void,
): Promise<{ readonly houseKey: string; readonly keks: readonly RewrappedKek[] }> {
  const waiting = [...(await wrappingsOf(store))];
  const total = waiting.length;
  const keks: RewrappedKek[] = [];
  let house = '';
  let done = 0;
  report(0, total);
  const take = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const wrapped = await rewrap(roots.from, roots.to, next);
      if (next.kek) keks.push({ ...next.kek, wrapped });
      else house = Buffer.from(wrapped).toString('base64');
      done += 1;
      report(done, total);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, take));
  return { houseKey: house, keks };
}
