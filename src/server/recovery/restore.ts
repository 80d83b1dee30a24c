import type { KeyObject } from 'node:crypto';
import { logFolders, readEvents } from '#audit';
import { newId, type SecretBytes } from '#crypto';
import {
  ClavigerError,
  executed,
  newDestruction,
  storedNumbers,
  type AuditEvent,
  type Destruction,
  type Instant,
  type Key,
} from '#domain';
import {
  destroyedKey,
  destructionPut,
  executionMethod,
  namesOf,
  standingDestruction,
  updateOf,
} from '#operations';
import type { Change, ShredStore, Store } from '#ports';
import { openArchive, openShredStore, openStore } from '#storage';
import type { Config } from '../config.ts';
import { openHome } from '../home.ts';
import { houseEvent } from '../house-event.ts';
import { openHouseKey } from '../house-key.ts';
import { nodeName } from '../node-name.ts';
import { openRoot } from '../roots.ts';
import { checkContent, readContent, storeRows, type Manifest, type SealedManifest } from './content.ts';
import { requireSealed } from './seal.ts';
import { allKeys, destroyedAt, ledgerOf, readEscrow, type Escrow } from './escrow.ts';
import { restoreLogs } from './logs.ts';
import { restoringSetting } from './mark.ts';
import { postponeDestructions } from './postpone.ts';
import { openFileKey, openSealedFile, type SealedFile } from './sealed-file.ts';

export type RestoreWish = {
  readonly file: string;
  readonly escrow: string;
  readonly holderKeys: readonly KeyObject[];
  /** A folder of audit logs that may know of later destructions. */
  readonly auditFolder: string | null;
};

export type Restored = {
  readonly manifest: Manifest;
  /** How many keys of the backup the ledger destroyed again. */
  readonly destroyedAgain: number;
  /** Scheduled destructions whose day was moved, so that they can be called off once more. */
  readonly postponed: number;
  /** Keys that live in the backup and have no shred secret in the escrow: they can't be opened. */
  readonly withoutSecret: readonly string[];
};

/** Both files, opened together: they must be of one store. */
export type Pair = {
  readonly backup: SealedFile;
  readonly backupKey: SecretBytes;
  readonly escrow: Escrow;
  readonly manifest: SealedManifest;
};

/** Opens a backup and an escrow, reads both to the end, and calls the work with them. Nothing is written before all of it was checked. */
export async function withPair<T>(
  wish: Pick<RestoreWish, 'file' | 'escrow' | 'holderKeys'>,
  work: (pair: Pair) => Promise<T>,
): Promise<T> {
  const backup = await openSealedFile(wish.file, 'backup');
  const escrowFile = await openSealedFile(wish.escrow, 'escrow');
  if (backup.head.store !== escrowFile.head.store)
    throw new ClavigerError('key-mismatch', 'The escrow belongs to another store than the backup.');
  using backupKey = await openFileKey(backup, wish.holderKeys);
  using escrowKey = await openFileKey(escrowFile, wish.holderKeys);
  const escrow = await readEscrow(escrowFile, escrowKey);
  const manifest = await checkContent(backup, backupKey);
  return await work({ backup, backupKey, escrow, manifest });
}

/** Puts the rows of a backup into a store that is empty, or that an earlier try of the same restore left. */
export async function loadStore(url: string, { backup, backupKey }: Pair): Promise<void> {
  const archive = await openArchive(url, backup.head.schema);
  try {
    const mark = await archive.setting(restoringSetting);
    if (mark !== backup.head.id && (mark !== null || !(await archive.isEmpty()))) {
      throw new ClavigerError(
        'conflict',
        'The store is not empty: a backup is restored into a new home (CLAVIGER_HOME, CLAVIGER_DATABASE_URL) only.',
      );
    }
    await archive.load(storeRows(backup, backupKey), { name: restoringSetting, value: backup.head.id });
  } finally {
    await archive.close();
  }
}

const putsAtOnce = 500;

/** Puts the secrets of all keys that the ledger does not name. */
export async function loadSecrets(
  shreds: ShredStore,
  escrow: Escrow,
  ledger: ReadonlyMap<string, Instant>,
): Promise<void> {
  const wanted = [...escrow.secrets].filter(([id]) => !ledger.has(id));
  for (let at = 0; at < wanted.length; at += putsAtOnce)
    await Promise.all(wanted.slice(at, at + putsAtOnce).map(([id, secret]) => shreds.put(id, secret)));
}

/** The shred secrets of values that were destroyed, as the logs of a folder name them. */
function ledgerOfSecrets(log: string, ledger: Map<string, Instant>): void {
  for (const operation of ['secrets.destroy', 'secrets.remove', 'secrets.shred']) {
    for (const { event } of readEvents(log, { operation })) {
      const shredded = event.facts?.['shredded'];
      if (event.outcome !== 'success' || typeof shredded !== 'string') continue;
      for (const shredId of shredded.split(',')) if (shredId !== '') ledger.set(shredId, event.at);
    }
  }
}

/** What the logs of a folder know of destructions. */
function ledgerOfLogs(folder: string | null): Map<string, Instant> {
  const ledger = new Map<string, Instant>();
  for (const log of folder === null ? [] : logFolders(folder)) {
    ledgerOfSecrets(log, ledger);
    for (const operation of ['keys.destroy', 'backup.replay-destruction']) {
      for (const { event } of readEvents(log, { operation })) {
        if (event.outcome !== 'success' || event.keyId === null) continue;
        const at = event.facts?.['destroyedAt'];
        ledger.set(event.keyId, typeof at === 'number' ? at : event.at);
      }
    }
  }
  return ledger;
}

/** Restores a backup into an empty home. Repeated after a crash it begins again; no server starts in between. */
export async function restoreHome(config: Config, wish: RestoreWish): Promise<Restored> {
  return withPair(wish, async (pair) => {
    await openHome(config.home);
    await requireEmptyShreds(config, pair.backup.head.id);
    await loadStore(config.databaseUrl, pair);
    const logged = await restoreLogs(config.auditFolder, readContent(pair.backup, pair.backupKey));
    const logs = [
      ...ledgerOfLogs(wish.auditFolder),
      ...ledgerOfLogs(logged ? config.auditFolder : null),
      ...pair.escrow.destroyed,
    ];
    const store = await openStore(config.databaseUrl);
    const shreds = await openShredStore(config.shredUrl);
    try {
      // the escrow may be older than the backup, and hold secrets of what the backup knows to be destroyed
      const ledger = new Map([...(await ledgerOf(store)), ...logs]);
      await requireRoot(config, store, pair);
      await loadSecrets(shreds, pair.escrow, ledger);
      const recorder = { node: await nodeName(config, 0), backup: pair.backup.head.id };
      const destroyedAgain = await replay({ store, shreds }, ledger, recorder);
      const postponed = await postponeDestructions(store, { ...recorder, now: Date.now() });
      const withoutSecret = await keysWithoutSecret(store, shreds);
      const facts = {
        backup: recorder.backup,
        keys: pair.manifest.keys,
        destroyedAgain,
        postponed,
        withoutSecret: withoutSecret.length,
      };
      await store.commit({
        changes: [{ kind: 'setting-deleted', name: restoringSetting }],
        events: [await eventOf(store, recorder.node, { operation: 'backup.restore', keyId: null, facts })],
      });
      return { manifest: pair.manifest, destroyedAgain, postponed, withoutSecret };
    } finally {
      await shreds.close();
      await store.close();
    }
  });
}

async function requireEmptyShreds(config: Config, backup: string): Promise<void> {
  const archive = await openArchive(config.databaseUrl);
  const mark = await archive.setting(restoringSetting).finally(() => archive.close());
  if (mark === backup) return;
  const shreds = await openShredStore(config.shredUrl);
  const ids = await shreds.ids({ after: null, limit: 1 }).finally(() => shreds.close());
  if (ids.length > 0)
    throw new ClavigerError(
      'conflict',
      'The shred store is not empty: a backup is restored into a new home only.',
    );
}

/** Refuses a root of trust that does not open what was restored, and a backup that its house did not make. */
async function requireRoot(config: Config, store: Store, { backup, manifest }: Pair): Promise<void> {
  const root = await openRoot(config, store);
  try {
    using houseKey = await openHouseKey(root, store);
    requireSealed(houseKey, backup.head.id, manifest);
  } finally {
    await root.close();
  }
}

type Recorder = { readonly node: string; readonly backup: string };

/** Destroys what the ledger says is destroyed: the secret, the material, the names. Done twice it does no more than once. */
async function replay(
  stores: { store: Store; shreds: ShredStore },
  ledger: ReadonlyMap<string, Instant>,
  { node, backup }: Recorder,
): Promise<number> {
  const { store, shreds } = stores;
  let count = 0;
  for (const [id, at] of ledger) {
    if ((await shreds.get(id)) !== null) await shreds.shred(id);
    const stored = await store.key(id);
    if (!stored || destroyedAt(stored.key) !== null) continue;
    const event = { operation: 'backup.replay-destruction', keyId: id, facts: { backup, destroyedAt: at } };
    const recorded = await eventOf(store, node, event, stored.key.environment);
    await store.commit({
      changes: [
        ...(await destruction(store, stored.key, at)),
        await destructionRecord(store, stored.key, { at, node, eventId: recorded.id }),
      ],
      events: [recorded],
    });
    count += 1;
  }
  return count;
}

async function destruction(store: Store, key: Key, at: Instant): Promise<readonly Change[]> {
  const erased = storedNumbers(key);
  const names = await namesOf({ store }, key);
  const forgotten = names.map(
    ({ environment, region, name }): Change => ({
      kind: 'name-deleted',
      environment,
      region,
      name,
      expectedKeyId: key.id,
    }),
  );
  return [updateOf(key, destroyedKey(key, at), { erased }), ...forgotten];
}

type Replayed = { readonly at: Instant; readonly node: string; readonly eventId: string };

/** The record of a destruction that is done again; one that was asked for after the backup is not in it, and who asked stands in the log. */
async function destructionRecord(store: Store, key: Key, replayed: Replayed): Promise<Change> {
  const { at, node } = replayed;
  const execution = { ...replayed, method: executionMethod(key), nodes: [node], names: [] };
  const before = await standingDestruction({ store }, key.id);
  if (before) return destructionPut(before, executed(before, execution));
  const destruction = key.destruction ?? { requestedAt: at, dueAt: at, waitingDays: 0 };
  const reason = 'the ledger of destructions, when a backup was restored';
  const made = newDestruction({ ...key, destruction }, { id: newId(), requestedBy: 'system', reason });
  const record: Destruction = { ...executed(made, execution), revision: 1 };
  return destructionPut(null, record);
}

async function keysWithoutSecret(store: Store, shreds: ShredStore): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const key of allKeys(store)) {
    // keys of devices never had one, and those that wait for their material have none
    if (key.tier === 'hsm' || key.imported?.isPresent === false) continue;
    if (destroyedAt(key) === null && (await shreds.get(key.id)) === null) found.push(key.id);
  }
  return found;
}

/** The first server of this home takes it into its log. */
async function eventOf(
  store: Store,
  node: string,
  what: Pick<AuditEvent, 'operation' | 'keyId' | 'facts'>,
  environment?: string,
): Promise<AuditEvent> {
  return houseEvent({
    at: Date.now(),
    node,
    environment: environment ?? (await store.setting('first-environment')) ?? '-',
    ...what,
  });
}
