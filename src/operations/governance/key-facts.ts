import type { Key } from '#domain';
import type { KeyFacts } from '#governance';
import type { Copy } from '#ports';
import type { House } from '../house.ts';
import { wrapperIn } from '../keys/wrapper-name.ts';

/** Ids of the keys under which a key was handed out, as the register of copies says. */
export function wrappersOf(copies: readonly Copy[]): readonly string[] {
  return [...new Set(copies.flatMap(({ detail }) => wrapperIn(detail['recipient']) ?? []))].sort();
}

/** Keys with all that is known of them; one that is gone by now is left out. */
export async function keyFactsOf(house: House, keys: readonly Key[]): Promise<KeyFacts[]> {
  const relations = await house.store.relations.of(keys.map(({ id }) => id));
  return keys.flatMap((key) => {
    const known = relations.get(key.id);
    return known ? [{ key, ...known, wrappedBy: wrappersOf(known.copies) }] : [];
  });
}
