import type { Copy } from '#ports';
import { detectorOf, hasMaterial, ofKey } from './define.ts';
import { dayMillis, isProduction, said, some } from './known.ts';
import { isClear } from './key-in-source.ts';
import { limits } from './limits.ts';
import { dataPlaces, spotsOf } from './places.ts';

/** Enough of those in one spot to tell of them. */
const perSpotMax = 5;

/** Copies by the spots where they are, the first few of each. */
function bySpot(copies: readonly Copy[]): ReadonlyMap<string, readonly Copy[]> {
  const found = new Map<string, Copy[]>();
  for (const copy of copies) {
    for (const spot of spotsOf(copy.place)) {
      const there = found.get(spot) ?? [];
      if (there.length < perSpotMax) there.push(copy);
      found.set(spot, there);
    }
  }
  return found;
}

const isThere = ({ status }: Copy): boolean => status !== 'destroyed';

/** Keys of which a copy, or the backup or escrow of all, is where the data is. */
export const copyBesideData = detectorOf('copy-beside-data', ({ head }, tell) => {
  const ofAll = bySpot(head.copies.filter(isThere));
  return {
    key({ key, copies }) {
      if (key.tags.length === 0 || (copies.length === 0 && ofAll.size === 0) || !hasMaterial(key)) return;
      const data = dataPlaces(key.tags);
      if (data.length === 0) return;
      const spots = new Set(data.flatMap(spotsOf));
      const own = copies.filter(
        (copy) => isThere(copy) && spotsOf(copy.place).some((spot) => spots.has(spot)),
      );
      const beside = own.length > 0 ? own : [...spots].flatMap((spot) => ofAll.get(spot) ?? []);
      const [first] = beside;
      if (!first) return;
      const places = some([...new Set(beside.map(({ kind, place }) => `${kind} at ${said(place)}`))]);
      tell({
        ...ofKey(key),
        what: `A copy of key ${key.id} lies with the data that it protects (${some(data.map(said))}): ${places}.`,
        remedy: `Bring the copy elsewhere: claviger escrow register ${first.id} --place WHERE --holder WHO, destroy this one, then: claviger escrow acknowledge ${first.id} --destroyed`,
        since: Math.min(...beside.map(({ createdAt }) => createdAt)),
        // what is wrapped for somebody still has to be opened
        ...(own.some(isClear) ? { severity: 'critical' } : own.length > 0 ? {} : { severity: 'medium' }),
      });
    },
  };
});

/** Escrows that lie where a backup lies which they open. */
export const escrowBesideBackup = detectorOf(
  'escrow-beside-backup',
  ({ head, at, firstEnvironment }, tell) => ({
    end() {
      const old = head.copies.filter(
        (copy) => isThere(copy) && at - copy.createdAt > limits.partingGrace * dayMillis,
      );
      const backups = bySpot(old.filter(({ kind }) => kind === 'backup'));
      for (const escrow of old) {
        if (escrow.kind !== 'escrow') continue;
        const beside = spotsOf(escrow.place).flatMap((spot) => backups.get(spot) ?? []);
        const [first] = beside;
        if (!first) continue;
        tell({
          subject: `copy:${escrow.id}`,
          environment: firstEnvironment,
          what: `The escrow at ${said(escrow.place)} lies with the backup at ${said(first.place)}.`,
          remedy: `Bring the escrow elsewhere: claviger escrow register ${escrow.id} --place WHERE --holder WHO, destroy this one, then: claviger escrow acknowledge ${escrow.id} --destroyed`,
          since: Math.max(escrow.createdAt, first.createdAt),
        });
      }
    },
  }),
);

/** Environments of production whose root key is a file. */
export const rootBesideData = detectorOf('root-beside-data', ({ head }, tell) => ({
  end() {
    if (head.root !== 'file') return;
    for (const { name, createdAt } of head.environments) {
      if (!isProduction(name)) continue;
      tell({
        subject: `environment:${name}`,
        environment: name,
        what: `The keys of ${name} are under a root key that is a file on the machine that keeps them.`,
        remedy: `Move the root to a device, another key server, shares or a passphrase: claviger root migrate`,
        since: createdAt,
      });
    }
  },
}));
