import { z } from 'zod';
import { ClavigerError, currentVersion, isDestroyed, type Key } from '#domain';
import { defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference } from '../inputs.ts';
import { revised, updateOf } from './change.ts';
import { withoutVersions } from './ended-versions.ts';

const input = z.strictObject({
  key: keyReference,
  /** The oldest version that stays. */
  oldest: z.number().int(),
});
type Input = z.infer<typeof input>;

function refused(what: string): ClavigerError {
  return new ClavigerError('input-invalid', `minimum available version ${what}`, {
    details: { field: 'oldest' },
  });
}

function firstLeft({ versions }: Key): number {
  return versions.find(({ state }) => !isDestroyed(state))?.number ?? 1;
}

/** Only what neither protects nor processes any more, by the key's own setting, may go. */
function requireTrimmable(key: Key, oldest: number): void {
  const floors = key.floors ?? { protect: 0, process: 0 };
  const left = firstLeft(key);
  if (oldest < 0) throw refused('cannot be negative');
  if (oldest === 0) throw refused('should be positive');
  if (oldest < left) throw refused('cannot be decremented');
  if (oldest > currentVersion(key).number) throw refused('cannot be greater than the latest version');
  if (floors.protect === 0) throw refused('cannot be set when minimum encryption version is not set');
  if (floors.process === 0) throw refused('cannot be set when minimum decryption version is not set');
  if (oldest > floors.protect) throw refused('cannot be greater than minmum encryption version');
  if (oldest > floors.process) throw refused('cannot be greater than minimum decryption version');
}

/**
 * Destroys the versions of a key that are older than one: their material is erased in the store, or in the device, at once and for good.
 * Their history stays. Versions of a key share its shred secret: what older backups hold of them opens until the key itself is destroyed.
 */
export const trimKey = defineOperation<Input, Key>({
  name: 'keys.trim',
  kind: 'manage',
  input,
  targets: [onKey<Input>({ permission: 'keys:trim', act: 'manage', conditions: notScheduled })],
  quorum: 'destroy',
  spendsFirst: true,
  run: async ({ house, keys, now }, { oldest }) => {
    const { key } = present(keys[0]);
    requireTrimmable(key, oldest);
    const doomed = key.versions.filter(({ number, state }) => number < oldest && !isDestroyed(state));
    if (doomed.length === 0) return { output: key };
    const numbers = doomed.map(({ number }) => number);
    const after = await withoutVersions(house, key, numbers, { at: now, cause: 'destroyed-by-request' });
    return {
      output: revised(key, after),
      changes: [updateOf(key, after, { erased: numbers })],
      facts: { versions: numbers.join(' '), oldest },
    };
  },
});
