import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';

/** Settings of a mount that are the engine's own; they are kept with the mount. */
const upsertSetting = 'disable_upsert';
const cacheSetting = 'cache_size';
const cacheMin = 10;

/** Whether keys of the mount are made by `keys` alone, never by the first encryption. */
export function refusesUpsert({ mount }: Pick<Asked, 'mount'>): boolean {
  return mount.tuning[upsertSetting] === true;
}

async function readKeys(asked: Asked): Promise<Answer> {
  return { data: { [upsertSetting]: refusesUpsert(asked) } };
}

async function writeKeys({ fields, mount, run }: Asked): Promise<Answer> {
  const refuses = fields.flag(upsertSetting) ?? false;
  const { kind, path } = mount;
  await run(operations.tuneMount, { kind, path, tuning: { [upsertSetting]: refuses } });
  return { data: { [upsertSetting]: refuses } };
}

async function readCache({ mount }: Asked): Promise<Answer> {
  const size = mount.tuning[cacheSetting];
  return { data: { size: typeof size === 'number' ? size : 0 } };
}

async function writeCache({ fields, mount, run }: Asked): Promise<Answer> {
  const size = fields.whole('size') ?? 0;
  if (size !== 0 && size < cacheMin)
    throw new VaultError(400, `size must be 0 or a value greater or equal to ${cacheMin}`);
  const { kind, path } = mount;
  await run(operations.tuneMount, { kind, path, tuning: { [cacheSetting]: size } });
  return {
    data: { size },
    warnings: [
      'opened keys are cached by the server as a whole, within bounds of its own: the size is kept alone',
    ],
  };
}

export const settingRoutes: readonly Route[] = [
  {
    path: 'config/keys',
    about: 'Says whether keys are made by their first use.',
    handlers: { read: readKeys, update: writeKeys },
  },
  {
    path: 'cache-config',
    about: 'Keeps the size of a cache, which the server has bounds of its own for.',
    handlers: { read: readCache, update: writeCache },
  },
];
