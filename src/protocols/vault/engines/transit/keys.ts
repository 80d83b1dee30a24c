import { ClavigerError, hasCode, type Key } from '#domain';
import { operations, rawPublicKeyOf, type KeyReference } from '#operations';
import type { Answer } from '../../answer.ts';
import { base64, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { requireKeyName } from './key-types.ts';
import { readKeyWish } from './key-wish.ts';
import { keyView, minAvailable } from './key-view.ts';

/** The name of the key that a path names, as the house knows it. */
export function fullName({ mount, part }: Pick<Asked, 'mount' | 'part'>, name = part('name')): string {
  return `${mount.names}${requireKeyName(name)}`;
}

export function keyOf(asked: Pick<Asked, 'mount' | 'part'>): KeyReference {
  return { kind: 'name', name: fullName(asked) };
}

/** Whether an error says that the key is not there; a version that it never had is another matter. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof ClavigerError) || Object.hasOwn(error.details, 'version')) return false;
  return (
    hasCode(error, 'name-not-found') || hasCode(error, 'key-not-found') || hasCode(error, 'key-destroyed')
  );
}

/** The version that a request asks for; null: the newest. */
export function askedVersion(fields: Fields): number | null {
  const version = fields.whole('key_version') ?? 0;
  if (version < 0) throw new VaultError(400, 'key version cannot be negative');
  return version === 0 ? null : version;
}

/** What an operation answers, with an absent key said in these words. */
export async function orMissing<T>(work: Promise<T>, missing: () => VaultError): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isMissing(error) ? missing() : error;
  }
}

/** The key as the caller may see it; null: there is none. */
export async function lookUpKey(asked: Asked): Promise<Key | null> {
  try {
    return await asked.run(operations.describeKey, { key: keyOf(asked) });
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function view(asked: Asked, key: Key): Answer {
  return { data: keyView(asked.part('name'), key) };
}

async function create(asked: Asked): Promise<Answer> {
  const name = fullName(asked);
  const existing = await lookUpKey(asked);
  if (existing) return { ...view(asked, existing), warnings: [`key ${asked.part('name')} already existed`] };
  return view(asked, await createNamed(asked, name));
}

/** Makes the key that a request describes. */
export function createNamed({ fields, run }: Asked, name: string): Promise<Key> {
  const { kind, ...wish } = readKeyWish(fields);
  return run(operations.createKey, {
    ...kind,
    description: '',
    tags: [],
    owner: null,
    policy: null,
    bypassLockoutCheck: false,
    name,
    dataClassification: null,
    ...wish,
  });
}

async function read(asked: Asked): Promise<Answer> {
  const key = await lookUpKey(asked);
  if (!key) throw absent();
  const context = asked.fields.bytes('context');
  const isDerivedPair = key.derivation !== undefined && key.spec === 'ED25519';
  if (!isDerivedPair || !context || context.length === 0) return view(asked, key);
  const { publicKeys } = await asked.run(operations.derivePublicKeys, { key: keyOf(asked), context });
  const texts = new Map(publicKeys.map((one) => [one.version, base64(rawPublicKeyOf(one.publicKey))]));
  return { data: keyView(asked.part('name'), key, ({ number }) => texts.get(number) ?? '') };
}

const namesAtOnce = 1000;

async function list({ mount, fields, run }: Asked): Promise<Answer> {
  const limit = fields.whole('limit') ?? -1;
  let after = fields.text('after') ? `${mount.names}${fields.text('after')}` : null;
  const keys: string[] = [];
  for (;;) {
    const page = await run(operations.listNames, {
      key: null,
      prefix: mount.names,
      page: { after, limit: namesAtOnce },
    });
    for (const { name } of page.names) {
      const own = name.slice(mount.names.length);
      // names with slashes belong to other mounts, or to clients that have no mounts
      if (!own.includes('/') && keys.at(-1) !== own) keys.push(own);
    }
    after = page.next;
    if (after === null || (limit > 0 && keys.length >= limit)) break;
  }
  if (keys.length === 0) throw absent();
  return { data: { keys: limit > 0 ? keys.slice(0, limit) : keys } };
}

const missingKey = (asked: Asked) => () =>
  new VaultError(400, `no existing key named ${asked.part('name')} could be found`);

async function rotate(asked: Asked): Promise<Answer> {
  return view(
    asked,
    await orMissing(asked.run(operations.rotateKey, { key: keyOf(asked) }), missingKey(asked)),
  );
}

/** Versions that were trimmed away come back by no setting. */
function requireAvailable(key: Key, protectFloor: number, processFloor: number): void {
  const oldest = minAvailable(key);
  for (const [what, floor] of [
    ['encryption', protectFloor],
    ['decryption', processFloor],
  ] as const)
    if (floor < oldest)
      throw new VaultError(400, `min ${what} version should not be less than min available version`);
}

async function configure(asked: Asked): Promise<Answer> {
  const { fields } = asked;
  const key = await lookUpKey(asked);
  if (!key) throw missingKey(asked)();
  if (fields.flag('exportable') === true && !key.exportable)
    throw new VaultError(400, 'exportable must be given when the key is created: this key never leaves');
  const [protectFloor, processFloor] = [
    fields.whole('min_encryption_version'),
    fields.whole('min_decryption_version'),
  ];
  requireAvailable(key, protectFloor ?? key.floors?.protect ?? 0, processFloor ?? key.floors?.process ?? 1);
  const [deletable, rotationSeconds] = [
    fields.flag('deletion_allowed'),
    fields.seconds('auto_rotate_period'),
  ];
  const changed = await asked.run(operations.configureKey, {
    key: keyOf(asked),
    ...(protectFloor === undefined ? {} : { protectFloor }),
    ...(processFloor === undefined ? {} : { processFloor }),
    ...(deletable === undefined ? {} : { deletable }),
    ...(rotationSeconds === undefined ? {} : { rotationSeconds }),
    ...(fields.flag('allow_plaintext_backup') ? { plaintextBackup: true as const } : {}),
  });
  return view(asked, changed);
}

/** Days in which a key that a client deleted can be brought back. */
const waitingDays = 7;

/** The key waits for its destruction, as all keys do; its name is free at once. */
async function remove(asked: Asked): Promise<Answer> {
  const name = asked.part('name');
  const key = await lookUpKey(asked);
  if (!key) throw new VaultError(400, `could not delete key; not found`);
  if (!key.deletable)
    throw new VaultError(400, `error deleting policy ${name}: deletion is not allowed for this key`);
  await asked.run(operations.scheduleDestruction, {
    key: { kind: 'id', id: key.id },
    waitingDays,
    reason: `deleted as transit key ${name}`,
    releasesNames: true,
  });
  return null;
}

async function softDelete(asked: Asked): Promise<Answer> {
  await orMissing(asked.run(operations.disableKey, { key: keyOf(asked) }), missingKey(asked));
  return null;
}

async function restoreSoftDeleted(asked: Asked): Promise<Answer> {
  await orMissing(asked.run(operations.enableKey, { key: keyOf(asked) }), missingKey(asked));
  return null;
}

async function trim(asked: Asked): Promise<Answer> {
  const oldest = asked.fields.whole('min_available_version');
  if (oldest === undefined) throw new VaultError(400, 'missing min_available_version');
  const work = asked.run(operations.trimKey, { key: keyOf(asked), oldest });
  return view(asked, await orMissing(work, () => new VaultError(400, 'invalid key name')));
}

export const keyRoutes: readonly Route[] = [
  { path: 'keys', about: 'Lists the keys.', handlers: { list } },
  {
    path: 'keys/{name}',
    about: 'Makes, reads and deletes a key.',
    handlers: { update: create, read, delete: remove },
  },
  {
    path: 'keys/{name}/rotate',
    about: 'Makes a new version, which protects from now on.',
    handlers: { update: rotate },
  },
  { path: 'keys/{name}/config', about: 'Changes the settings of a key.', handlers: { update: configure } },
  { path: 'keys/{name}/trim', about: 'Destroys the oldest versions.', handlers: { update: trim } },
  {
    path: 'keys/{name}/soft-delete',
    about: 'Suspends a key until it is restored.',
    handlers: { delete: softDelete, update: softDelete },
  },
  {
    path: 'keys/{name}/soft-delete-restore',
    about: 'Lets a suspended key work again.',
    handlers: { update: restoreSoftDeleted },
  },
];
