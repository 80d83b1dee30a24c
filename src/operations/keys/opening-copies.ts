import { isDestroyed, type Instant, type Key } from '#domain';
import type { Copy } from '#ports';
import type { House } from '../house.ts';

/** A registered copy, or another key (kind `key`) that holds the same material. */
export type OpeningCopy = Omit<Copy, 'kind'> & { readonly kind: Copy['kind'] | 'key' };

/** What is told of the house's own copies to the people of other environments than the first. */
const untold = 'known to the first environment';

/**
 * Everything that is known to open a key still: copies of it, and other keys with the same material, with what left of those. Where
 * the house's escrows are, only the first environment is told.
 */
export async function openingCopies(
  house: House,
  { id, createdAt, environment }: Pick<Key, 'id' | 'createdAt' | 'environment'>,
  destroyedAt: Instant | null,
): Promise<readonly OpeningCopy[]> {
  const { copies, fingerprints } = house.store;
  const found: OpeningCopy[] = [...(await copies.copiesThatCanOpen({ id, createdAt, destroyedAt }))];
  for (const twinId of await fingerprints.otherHolders(id)) {
    const twin = (await house.store.key(twinId))?.key;
    if (!twin) continue;
    if (!twin.versions.every(({ state }) => isDestroyed(state))) found.push(asCopy(twin));
    const its = { id: twin.id, createdAt: twin.createdAt, destroyedAt };
    const exports = (await copies.copiesThatCanOpen(its)).filter(({ kind }) => kind === 'export');
    found.push(...exports);
  }
  if (environment === (await house.firstEnvironment())) return found;
  return found.map((copy) => (copy.kind === 'escrow' ? { ...copy, place: untold, holder: untold } : copy));
}

function asCopy({ id, createdAt, owner }: Key): OpeningCopy {
  const place = `key ${id}, which has the same material`;
  return { id, kind: 'key', keyId: id, createdAt, place, holder: owner, status: 'live', detail: {} };
}
