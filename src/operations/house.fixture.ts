import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { keyedFingerprint, SecretBytes } from '#crypto';
import type { Instant, Key, Role } from '#domain';
import type { RootOfTrust, ShredStore, Store } from '#ports';
import { createFileRoot, openFileRoot } from '#roots';
import { openShredStore, openStore } from '#storage';
import { createSuspendedGrants } from './anomaly/suspended-grants.ts';
import { createDocumentCache } from './document-cache.ts';
import { createOpenedValues } from './opened-values.ts';
import { createDemands } from './demands.ts';
import { followChanges } from './freshness.ts';
import { createHierarchy } from './hierarchy.ts';
import type { House } from './house.ts';
import { createKeyCache } from './key-cache.ts';
import { createKeyUses } from './key-uses.ts';
import { createLastUses } from './last-uses.ts';
import { testLog, type TestLog } from './log.fixture.ts';
import type { Caller, Door, KeyReference } from './operation.ts';
import { currentRootSetting, parseCurrentRoot, requireCurrentRoot } from './roots/current-root.ts';
import { createRefusals } from './refusals.ts';
import { createRootSeat, type RootSeat } from './roots/root-seat.ts';
import { createDoor } from './run.ts';
import { operations } from './table.ts';
import { createUsageMeter } from './usage-meter.ts';

/** A day in 2026. */
export const someDay: Instant = 1_780_000_000_000;
export const dayMillis = 86_400_000;

export type TestClock = { now(): Instant; set(now: Instant): void; advance(millis: number): void };

/** One node of a house: handles and caches of its own on the stores that all nodes share. */
export type TestNode = {
  readonly house: House;
  readonly door: Door;
  readonly log: TestLog;
  readonly store: Store;
  readonly shreds: ShredStore;
  /** Keys that the usage meter wants to see rotated. */
  readonly nearlySpent: string[];
  /** What the door counted: operation and outcome. */
  readonly done: { readonly operation: string; readonly outcome: string }[];
  /** Lets so much time pass for the freshness of the caches, and for nothing else. */
  age(millis: number): void;
};

export type TestWorld = TestNode & {
  readonly folder: string;
  readonly clock: TestClock;
  readonly root: RootOfTrust;
  caller(change?: CallerChange): Caller;
  /** One more node over the same stores; `change` puts other parts in its way. */
  node(change?: (store: Store) => Store): Promise<TestNode>;
  dispose(): Promise<void>;
};

export type CallerChange = {
  environment?: string;
  name?: string;
  roles?: readonly Role[];
  region?: string;
  disabled?: boolean;
};

const accounts: Readonly<Record<string, string>> = { alpha: '111122223333', beta: '444455556666' };

function callerOf({ environment = 'alpha', name = 'ada', ...change }: CallerChange = {}): Caller {
  return {
    principal: {
      id: `principal-${environment}-${name}`,
      environment,
      name,
      kind: 'user',
      roles: change.roles ?? ['administrator'],
      createdAt: someDay,
      disabled: change.disabled ?? false,
    },
    accountId: accounts[environment] ?? '',
    region: change.region ?? 'eu-north-1',
    protocol: 'test',
    protocolOperation: 'Test',
    sourceAddress: '192.0.2.7',
    userAgent: 'tests/1',
    secureTransport: true,
    requestId: randomUUID(),
  };
}

function settableClock(): TestClock {
  let now = someDay;
  return {
    now: () => now,
    set(wanted) {
      now = wanted;
    },
    advance(millis) {
      now += millis;
    },
  };
}

// one for all nodes, as the one that a house keeps sealed
const fingerprints = SecretBytes.random(32);

type Shared = { readonly folder: string; readonly clock: TestClock; readonly file: string };

async function openNode(shared: Shared, change: (store: Store) => Store): Promise<TestNode> {
  const { folder, clock } = shared;
  const store = change(await openStore(`sqlite:${path.join(folder, 'store.db')}`));
  const shreds = await openShredStore(`sqlite:${path.join(folder, 'shreds.db')}`);
  const log = testLog(`node-${randomInt(1e9)}`);
  const roots = await seatRoot(shared.file, store, clock.now());
  const hierarchy = createHierarchy({ root: roots.root, store, shreds, rootSetting: roots.setting });
  const accountOf = async (environment: string): Promise<string> => accounts[environment] ?? '';
  const nearlySpent: string[] = [];
  const done: { operation: string; outcome: string }[] = [];
  let monotonic = 0;
  const documents = createDocumentCache(store, createOpenedValues({ monotonic: () => monotonic }));
  const keys = createKeyCache({ store, hierarchy, accountOf, monotonic: () => monotonic });
  const suspended = createSuspendedGrants(store);
  const drop = (entities: readonly string[] | null): void => {
    suspended.drop(entities);
    keys.drop(entities);
    documents.drop(entities);
    hierarchy.drop(entities);
  };
  const house: House = {
    store,
    log,
    clock,
    root: roots.root,
    roots,
    hierarchy,
    keys,
    documents,
    freshness: await followChanges({ store, drop, monotonic: () => monotonic }),
    usage: createUsageMeter({ store, onNearlySpent: (keyId) => void nearlySpent.push(keyId) }),
    lastUses: createLastUses(store),
    keyUses: createKeyUses(store),
    refusals: createRefusals({ log, clock }),
    software: 'claviger 0.0.0',
    demands: createDemands(store),
    observer: { done: (operation, _protocol, outcome) => void done.push({ operation, outcome }) },
    drop,
    outbox: { begin: () => undefined, logged: () => undefined, end: () => undefined },
    fingerprintOf: (identity) => keyedFingerprint(fingerprints, 'claviger material', identity),
    fips: null,
    accountOf,
    firstEnvironment: async () => 'alpha',
    suspended,
    notices: { of: () => ['hook'] },
  };
  const age = (millis: number): void => {
    monotonic += millis;
  };
  return { house, door: createDoor(house), log, store, shreds, nearlySpent, done, age };
}

/** Seats the root that the store is under; a target is a `file:` whose key is made when it is first named. */
async function seatRoot(first: string, store: Store, now: Instant): Promise<RootSeat> {
  const said = await store.setting(currentRootSetting);
  const root = await openFileRoot(said === null ? first : parseCurrentRoot(said).where);
  const houseKey = await root.wrap(randomBytes(32), 'claviger house');
  await store.claimSetting('house-key', Buffer.from(houseKey).toString('base64'));
  const setting = await requireCurrentRoot({ root, store, parameters: null }, now, async () => undefined);
  const open = async (uri: string) => {
    const file = uri.slice('file:'.length);
    if (!fs.existsSync(file)) await createFileRoot(file);
    return { root: await openFileRoot(file), parameters: null, uri: null };
  };
  return createRootSeat(root, setting, {
    open,
    standing: async () => null,
    newRootLike: async () => `file:${first}.next`,
  });
}

/** A house over real stores in a folder of its own, with two environments, alpha and beta. */
export async function openWorld(change: (store: Store) => Store = (store) => store): Promise<TestWorld> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-house-'));
  const clock = settableClock();
  const file = path.join(folder, 'root', 'root.key');
  await createFileRoot(file);
  const root = await openFileRoot(file);
  const nodes: TestNode[] = [];
  const node = async (wanted: (store: Store) => Store): Promise<TestNode> => {
    const opened = await openNode({ folder, clock, file }, wanted);
    nodes.push(opened);
    return opened;
  };
  const first = await node(change);
  for (const [name, accountId] of Object.entries(accounts)) {
    const wrappedKek = await first.house.hierarchy.newEnvironment(name);
    const environment = { name, accountId, createdAt: someDay };
    await first.store.commit({
      changes: [{ kind: 'environment-created', environment, wrappedKek }],
      events: [],
    });
  }
  return {
    ...first,
    folder,
    clock,
    root,
    caller: callerOf,
    node: (wanted = (store) => store) => node(wanted),
    async dispose() {
      for (const { house, store, shreds } of nodes) {
        house.hierarchy.close();
        await house.root.close();
        await shreds.close();
        await store.close();
      }
      await root.close();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function byId(key: Pick<Key, 'id'>): KeyReference {
  return { kind: 'id', id: key.id };
}

export function byName(name: string): KeyReference {
  return { kind: 'name', name };
}

type KeyWish = z.infer<typeof operations.createKey.input>;
const plainKey: KeyWish = {
  spec: 'AES_256',
  usage: 'encrypt',
  description: '',
  tags: [],
  owner: null,
  policy: null,
  bypassLockoutCheck: false,
  name: null,
  dataClassification: null,
};

/** Makes a key as ada of alpha, unless something else is wished. */
export function makeKey(
  node: TestNode,
  wish: Partial<KeyWish> = {},
  caller: Caller = callerOf(),
): Promise<Key> {
  return node.door.run(operations.createKey, caller, { ...plainKey, ...wish });
}

/** Destroys a key of alpha whose day has come, as the house does. */
export async function destroyDue(node: TestNode, key: Pick<Key, 'id'>): Promise<Key> {
  const wish = { key: byId(key) };
  await node.door.runAsSystem(operations.beginDestruction, 'alpha', wish);
  return node.door.runAsSystem(operations.destroyDueKey, 'alpha', wish);
}

type EncryptWish = Partial<z.infer<typeof operations.encrypt.input>>;

export async function encryptUnder(
  node: TestNode,
  key: KeyReference,
  wish: EncryptWish = {},
  caller: Caller = callerOf(),
): Promise<Uint8Array> {
  const { ciphertext } = await node.door.run(operations.encrypt, caller, {
    key,
    plaintext: Buffer.from('the plaintext'),
    context: null,
    algorithm: null,
    version: null,
    dryRun: false,
    ...wish,
  });
  return ciphertext;
}

type DecryptWish = Partial<z.infer<typeof operations.decrypt.input>>;

export async function decryptText(
  node: TestNode,
  ciphertext: Uint8Array,
  wish: DecryptWish = {},
  caller: Caller = callerOf(),
): Promise<string> {
  const { plaintext } = await node.door.run(operations.decrypt, caller, {
    key: null,
    ciphertext,
    context: null,
    algorithm: null,
    dryRun: false,
    ...wish,
  });
  return Buffer.from(plaintext).toString();
}
