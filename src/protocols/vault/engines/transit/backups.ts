import { hasCode } from '#domain';
import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { readBackup, wipeVersions } from './backup-read.ts';
import { writeBackup } from './backup-write.ts';
import { fullName, keyOf, orMissing } from './keys.ts';

async function backup(asked: Asked): Promise<Answer> {
  const name = asked.part('name');
  const work = asked.run(operations.backUpInClear, {
    key: keyOf(asked),
    place: `the answer to transit/backup/${name}, in plain text`,
    holder: asked.caller.principal.name,
  });
  const { key, versions, at } = await orMissing(
    work,
    () => new VaultError(400, `key ${JSON.stringify(name)} not found`),
  );
  try {
    return { data: { backup: writeBackup(name, key, versions, at) } };
  } finally {
    for (const { material, macKey } of versions) {
      material.fill(0);
      macKey.fill(0);
    }
  }
}

async function restore(asked: Asked): Promise<Answer> {
  const { fields, part, run } = asked;
  const read = readBackup(fields.needed('backup', "'backup' must be supplied"));
  const name = part('name') || read.name;
  const versions = [...read.versions];
  try {
    await run(operations.restoreFromClear, {
      ...read.shape,
      name: fullName(asked, name),
      versions,
      takesName: fields.flag('force') ?? false,
    });
    return null;
  } catch (error) {
    throw hasCode(error, 'name-taken')
      ? new VaultError(400, `key ${JSON.stringify(name)} already exists`)
      : error;
  } finally {
    wipeVersions(versions);
  }
}

export const backupRoutes: readonly Route[] = [
  {
    path: 'backup/{name}',
    about: 'Takes a whole key out, in plain text.',
    handlers: { read: backup },
  },
  { path: 'restore', about: 'Brings a key back from a backup.', handlers: { update: restore } },
  {
    path: 'restore/{name}',
    about: 'Brings a key back from a backup, under a name.',
    handlers: { update: restore },
  },
];
