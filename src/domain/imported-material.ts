import { ClavigerError } from './errors.ts';
import { factsOf } from './key-spec.ts';
import { isDestroyed } from './key-state.ts';
import {
  type CountedVersion,
  currentVersion,
  type ImportedMaterial,
  type Instant,
  type Key,
  type KeyVersion,
} from './key.ts';

/** Whether new material may follow the first: its old ciphertexts name their version, as those of pairs and codes do not. */
export function takesNewMaterial({ spec, usage }: Pick<Key, 'spec' | 'usage'>): boolean {
  return !factsOf(spec).asymmetric && usage === 'encrypt';
}

/** What is known of the imported material of a version. */
export function importedOf(key: Key, version: KeyVersion): ImportedMaterial {
  return version.imported ?? key.imported ?? { isPresent: false, expiresAt: null };
}

/** The versions whose material counts: those that were trimmed away have none to miss. */
function living({ versions }: Pick<Key, 'versions'>): readonly KeyVersion[] {
  const left = versions.filter(({ state }) => !isDestroyed(state));
  return left.length > 0 ? left : versions;
}

const earliest = (ends: readonly (Instant | null)[]): Instant | null => {
  const some = ends.filter((end) => end !== null);
  return some.length === 0 ? null : Math.min(...some);
};

/** The key as a whole: its material is here when that of every version is, until the first of them ends. */
function summed(key: Key, versions: readonly KeyVersion[]): Key {
  const all = living({ versions }).map((version) => importedOf(key, version));
  const isPresent = all.every((material) => material.isPresent);
  const expiresAt = isPresent ? earliest(all.map((material) => material.expiresAt)) : null;
  return { ...key, versions, imported: { isPresent, expiresAt } };
}

/** When the first of the imported materials that are here is deleted by itself, also one that waits for its rotation; null: never. */
export function materialEnd(key: Key): Instant | null {
  if (!key.imported) return null;
  const present = living(key)
    .map((version) => importedOf(key, version))
    .filter((material) => material.isPresent);
  return earliest([...present.map(({ expiresAt }) => expiresAt), key.pending?.expiresAt ?? null]);
}

/** Whether the material of any version of an imported key is not here: it did not come yet, was deleted, or its time is over. */
export function lacksMaterial(key: Key, now: Instant): boolean {
  if (!key.imported) return false;
  return living(key).some((version) => {
    const { isPresent, expiresAt } = importedOf(key, version);
    return !isPresent || (expiresAt !== null && now >= expiresAt);
  });
}

/** What an import says of the material that it brings. */
export type Arrival = {
  /** True: it was never in this key; false: it was; null: it was, unless the key never had any. */
  readonly isNew: boolean | null;
  readonly materialId: string;
  readonly now: Instant;
  readonly expiresAt: Instant | null;
  /** Null: as it was when the same material came before. */
  readonly description: string | null;
  /** Where another key has this material. */
  readonly countedAs?: CountedVersion | undefined;
};

/** Where material goes: the number of a version, or of the one that is to be. */
export type Seat = { readonly number: number; readonly kind: 'first' | 'again' | 'next' };

function unsuitable(message: string): ClavigerError {
  return new ClavigerError('material-unsuitable', message);
}

/**
 * Decides which version material that comes from outside is for. Throws `operation-unsupported` where the key takes no second
 * material, `key-state-forbids` where new material waits already, and `material-unsuitable`.
 */
export function seatOf(key: Key, { isNew, materialId }: Pick<Arrival, 'isNew' | 'materialId'>): Seat {
  const hadNone = currentVersion(key).materialId === '';
  const known = key.versions.find((version) => version.materialId === materialId);
  if (hadNone) {
    if (isNew ?? true) return { number: 1, kind: 'first' };
    throw unsuitable('The key never had material: what comes first is new.');
  }
  if (!(isNew ?? false)) {
    if (known) return { number: known.number, kind: 'again' };
    if (key.pending?.materialId === materialId) return { number: key.pending.number, kind: 'again' };
    throw unsuitable('The key material is not the same as one that was imported before.');
  }
  if (!takesNewMaterial(key))
    throw new ClavigerError(
      'operation-unsupported',
      `Key ${key.id} takes one material for ever: only symmetric encryption keys are rotated by import.`,
    );
  if (key.pending) {
    throw new ClavigerError(
      'key-state-forbids',
      `Key ${key.id} has new material that waits for its rotation: rotate the key, or delete that material.`,
      { details: { id: key.id } },
    );
  }
  if (known) throw unsuitable('The key material is not new: the key has had it.');
  return { number: currentVersion(key).number + 1, kind: 'next' };
}

/** The key with material that came for a seat; the version of a first one is not made active here. */
export function withArrived(key: Key, seat: Seat, arrival: Arrival): Key {
  const { materialId, now, expiresAt, description } = arrival;
  const counted = arrival.countedAs ? { countedAs: arrival.countedAs } : {};
  const described = (old: string | undefined) => description ?? old;
  const facts = (old: string | undefined) => {
    const said = described(old);
    return said === undefined ? {} : { description: said };
  };
  if (seat.number > currentVersion(key).number) {
    const importedAt = key.pending?.importedAt ?? now;
    const pending = {
      number: seat.number,
      materialId,
      importedAt,
      expiresAt,
      ...facts(key.pending?.description),
      ...counted,
    };
    return { ...key, pending };
  }
  const versions = key.versions.map((version): KeyVersion => {
    if (version.number !== seat.number) return version;
    const old = importedOf(key, version).description;
    return { ...version, ...counted, materialId, imported: { isPresent: true, expiresAt, ...facts(old) } };
  });
  return summed(key, versions);
}

const withoutPending = ({ pending: _gone, ...key }: Key): Key => key;

/** The key without the material of these versions; what waited for its rotation is forgotten, the others may come back. */
export function withoutMaterials(key: Key, numbers: readonly number[]): Key {
  const gone = new Set(numbers);
  const kept = key.pending && gone.has(key.pending.number) ? withoutPending(key) : key;
  const versions = kept.versions.map((version): KeyVersion => {
    if (!gone.has(version.number)) return version;
    const { expiresAt: _over, ...old } = importedOf(kept, version);
    return { ...version, imported: { ...old, isPresent: false, expiresAt: null } };
  });
  return summed(kept, versions);
}

/** The numbers under which the store may hold material of the key. */
export function storedNumbers({ versions, pending }: Key): readonly number[] {
  return [...versions.map(({ number }) => number), ...(pending ? [pending.number] : [])];
}

/** The numbers of the versions whose material is here, with that which waits for its rotation. */
export function heldNumbers(key: Key): readonly number[] {
  const held = living(key).filter((version) => !key.imported || importedOf(key, version).isPresent);
  return [...held.map(({ number }) => number), ...(key.pending ? [key.pending.number] : [])];
}

/** The numbers of those whose time is over. */
export function expiredNumbers(key: Key, now: Instant): readonly number[] {
  const isOver = (end: Instant | null) => end !== null && now >= end;
  const over = living(key).filter((version) => {
    const { isPresent, expiresAt } = importedOf(key, version);
    return isPresent && isOver(expiresAt);
  });
  const waiting = key.pending && isOver(key.pending.expiresAt) ? [key.pending.number] : [];
  return [...over.map(({ number }) => number), ...waiting];
}

/** The version that new material becomes when the key is rotated. Throws `key-state-forbids` where none waits. */
export function pendingVersion(key: Key, now: Instant): KeyVersion {
  const { pending } = key;
  if (!pending || (pending.expiresAt !== null && now >= pending.expiresAt)) {
    throw new ClavigerError(
      'key-state-forbids',
      `Key ${key.id} has no new material: import it before the rotation.`,
      { details: { id: key.id } },
    );
  }
  const { number, materialId, importedAt, expiresAt, description, countedAs } = pending;
  const activatedAt = Math.max(now, importedAt);
  return {
    number,
    state: 'active',
    history: [
      { state: 'pre-activation', at: importedAt, cause: 'imported' },
      { state: 'active', at: activatedAt, cause: 'activated' },
    ],
    createdAt: importedAt,
    activatedAt,
    cryptoPeriod: factsOf(key.spec).cryptoPeriod,
    materialId,
    publicKey: null,
    ...(countedAs ? { countedAs } : {}),
    rotation: 'on-demand',
    imported: { isPresent: true, expiresAt, ...(description === undefined ? {} : { description }) },
  };
}

/** The key whose pending material has become a version. */
export const withRotated = (key: Key, versions: readonly KeyVersion[]): Key =>
  summed(withoutPending(key), versions);
