import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import { durationSeconds } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { listedAt, secretExists, soughtAt, writtenAt } from '../kv2/secret-at.ts';
import { leaseSeconds } from '../sys/mounts.ts';

/** How long a client may hold the secret for good: what the secret says of itself, or its mount. */
function leaseOf(value: Readonly<Record<string, unknown>>, mountSeconds: number): number {
  const said = value['ttl'] ?? value['lease'];
  const seconds =
    typeof said === 'number' ? said : typeof said === 'string' && said !== '' ? durationSeconds(said) : null;
  if (seconds !== null && Number.isFinite(seconds) && seconds >= 0) return Math.trunc(seconds);
  return mountSeconds || leaseSeconds;
}

async function read(asked: Asked): Promise<Answer> {
  const found = await asked.run(operations.readSecret, { ...soughtAt(asked), version: 0 });
  if (!found?.value) throw absent();
  const seconds = leaseOf(found.value, asked.mount.defaultLeaseSeconds);
  return { data: found.value, lease: { id: '', seconds, renewable: false } };
}

async function write(asked: Asked): Promise<Answer> {
  const value = asked.fields.all;
  const place = writtenAt(asked);
  if (Object.keys(value).length === 0) throw new VaultError(400, 'missing data fields');
  await asked.run(operations.writeSecret, { ...place, value, expected: null, keep: 1 });
  return null;
}

async function remove(asked: Asked): Promise<Answer> {
  await asked.run(operations.removeSecret, soughtAt(asked));
  return null;
}

async function list(asked: Asked): Promise<Answer> {
  const { entries } = await asked.run(operations.listSecrets, listedAt(asked));
  if (entries.length === 0) throw absent();
  return { data: { keys: entries.map(({ name }) => name) } };
}

export const kv1Routes: readonly Route[] = [
  {
    path: '{path...}',
    about: 'Reads, writes, lists and deletes a secret.',
    exists: secretExists,
    handlers: { read, update: write, delete: remove, list },
  },
];
