import path from 'node:path';
import { newLogKeys, openAuditLog, type OpenedLog, openLogKeys } from '#audit';
import { newId, SecretBytes } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import {
  createDemands,
  createDocumentCache,
  createDoor,
  createHierarchy,
  createKeyCache,
  createKeyUses,
  createLastUses,
  createRefusals,
  createRootSeat,
  createSuspendedGrants,
  createUsageMeter,
  followChanges,
  type Custody,
  orphansInDevice,
  type Door,
  type House,
  type SuspendedGrants,
} from '#operations';
import { systemClock, type Clock, type RootOfTrust, type ShredStore, type Store } from '#ports';
import { openShredStore, openStore } from '#storage';
import { readBootstrap } from './bootstrap.ts';
import type { Config } from './config.ts';
import { storeAuthenticator, whileFresh, type Recognises } from './credentials.ts';
import { firstEnvironmentSetting, initialise, type InitReport } from './initialise.ts';
import { startDailyLook } from './daily-look.ts';
import { openDevices } from './devices.ts';
import { createFailures, type Failures } from './failures.ts';
import { requireFips } from './fips.ts';
import { openHome } from './home.ts';
import { houseSecret, openFingerprints, openHouseKey } from './house-key.ts';
import { describeError, type Logger } from './logger.ts';
import { startMaintenance, type Maintenance } from './maintenance.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { nodeName } from './node-name.ts';
import type { Destination } from './notices/destination.ts';
import { openDestinations } from './notices/open-destinations.ts';
import { readDestinations } from './notices/read-destinations.ts';
import { destinationsOf, type NoticeWork, startNotices } from './notices/start-notices.ts';
import { openOutbox } from './outbox.ts';
import { requireRootOf, rootPlaces, rootProbe } from './root-places.ts';
import { createPresence } from './presence.ts';
import { createRekeys, type Rekeys } from './rekeys.ts';
import { requireNotRestoring } from './recovery/mark.ts';
import { createOutside } from './outside.ts';
import { openRoot } from './roots.ts';
import { type AnomalyWatch, startAnomalyWatch } from './watch/anomaly-watch.ts';
import { softwareName, softwareVersion } from './software.ts';

/** Everything of one node, built and connected. */
export type Composition = {
  readonly config: Config;
  readonly house: House;
  readonly door: Door;
  readonly authenticator: Recognises;
  readonly metrics: Metrics;
  readonly failures: Failures;
  readonly maintenance: Maintenance;
  /** null: it is switched off. */
  readonly watch: AnomalyWatch | null;
  /** null: nobody outside is told anything. */
  readonly notices: NoticeWork | null;
  readonly report: InitReport;
  /** UUID of the store, the same for all nodes. */
  readonly clusterId: string;
  readonly shreds: ShredStore;
  /** The house's own key, wiped when the composition is closed. */
  readonly houseKey: SecretBytes;
  /** Rejects where the root of trust does not answer. */
  readonly probeRoot: () => Promise<void>;
  readonly newRequestId: () => string;
  readonly close: () => Promise<void>;
};

type Options = {
  readonly config: Config;
  readonly logger: Logger;
  /** 0 for the only or first process. */
  readonly worker: number;
  readonly clock?: Clock;
  /** A root of trust that is open already, which the composition closes; else the configured one is opened. */
  readonly root?: RootOfTrust;
  /** What custodians of shares may do; absent: the root has none. */
  readonly custody?: Custody;
};

type Closable = { close(): Promise<void> };

/** Opens the stores, the root and the log, initialises an empty store, and builds the door over them. */
export async function compose(options: Options): Promise<Composition> {
  const opened: Closable[] = options.root ? [options.root] : [];
  try {
    return await build(options, opened);
  } catch (error) {
    for (const part of opened.reverse()) await part.close().catch(() => undefined);
    throw error;
  }
}

async function build(options: Options, opened: Closable[]): Promise<Composition> {
  const { config, logger } = options;
  const clock = options.clock ?? systemClock;
  const keep = <T extends Closable>(part: T): T => {
    opened.push(part);
    return part;
  };
  const fips = config.fips ? requireFips() : null;
  await openHome(config.home);
  const store = keep(await openStore(config.databaseUrl));
  await requireNotRestoring(store);
  const shreds = keep(await openShredStore(config.shredUrl));
  const first = options.root ?? (await openRoot(config, store));
  const places = rootPlaces({ config, store, root: () => roots.root });
  const roots = createRootSeat(first, await seatable(first, store, clock.now()), places);
  const root = keep(roots.root);
  const houseKey = await openHouseKey(root, store);
  const fingerprints = await openFingerprints({ key: houseKey, store });
  const devices = await openDevices(config, store);
  if (devices) keep(devices.device);
  const hierarchy = createHierarchy({ root, store, shreds, rootSetting: roots.setting });
  await hierarchy.openAll();
  const node = await nodeName(config, options.worker);
  const { bootstrapFile } = config;
  const bootstrap = bootstrapFile === null ? null : () => readBootstrap(bootstrapFile);
  const report = await initialise({
    config,
    store,
    hierarchy,
    rootSetting: roots.setting(),
    now: clock.now(),
    node,
    bootstrap,
  });
  const log = keep(await openLog({ config, store, node, clock, houseKey, logger }));
  const outbox = await openOutbox({ store, log, missing: log.missing });

  const accountOf = accountLookup(store);
  const metrics = createMetrics();
  const failures = createFailures({ logger, metrics });
  const documents = createDocumentCache(store);
  const cached = storeAuthenticator({ store, documents, hierarchy, clock, accountOf });
  const keys = createKeyCache({ store, hierarchy, accountOf, device: devices?.device ?? null });
  const lateRekeys: { current: Rekeys | null } = { current: null };
  const suspended = createSuspendedGrants(store);
  const drop = createDrop({ keys, documents, hierarchy, suspended, cached, roots, lateRekeys, logger });
  const freshness = await followChanges({ store, drop });
  const clusterId = await store.claimSetting('cluster-id', newId());
  const destinations = await outsideListeners({ config, clusterId, node, clock });
  const lateMaintenance: { current: Maintenance | null } = { current: null };
  const house: House = {
    store,
    log,
    clock,
    root,
    roots,
    hierarchy,
    devices,
    keys,
    documents,
    freshness,
    usage: createUsageMeter({
      store,
      onNearlySpent: (keyId, version) => lateMaintenance.current?.nearlySpent(keyId, version),
    }),
    ...notesOf({ store, log, clock }),
    software: softwareName(),
    observer: { done: metrics.done, failed: failures.failed },
    drop,
    outbox,
    fingerprintOf: fingerprints.of,
    fips,
    accountOf,
    firstEnvironment: async () => (await store.setting(firstEnvironmentSetting)) ?? '',
    ...outsideParts(options),
    suspended,
    notices: destinationsOf(destinations),
  };
  const door = createDoor(house);
  const presence = createPresence({ house });
  // before anything is opened here: who destroys a key asks who runs
  await presence.renew();
  const maintenance = startMaintenance({ house, door, outbox, presence, logger });
  lateMaintenance.current = maintenance;
  const rekeys = createRekeys({ house, door, logger });
  lateRekeys.current = rekeys;
  rekeys.look();
  describeGauges(metrics, house);
  if (devices) await warnOfOrphans(house, logger);
  const aside = startAside({ house, door, log, config, metrics, logger, destinations });

  return {
    config,
    house,
    door,
    authenticator: whileFresh(cached, freshness),
    metrics,
    failures,
    maintenance,
    watch: aside.watch,
    notices: aside.notices,
    report,
    clusterId,
    shreds,
    houseKey,
    probeRoot: rootProbe(root, store),
    newRequestId: newId,
    async close() {
      await aside.stop();
      await maintenance.stop();
      await rekeys.stop();
      await log.close();
      hierarchy.close();
      documents.drop(null);
      houseKey[Symbol.dispose]();
      fingerprints.close();
      await devices?.device.close();
      await root.close();
      await shreds.close();
      await store.close();
    },
  };
}

type Droppable = Pick<House, 'keys' | 'documents' | 'hierarchy' | 'roots'> & {
  readonly suspended: SuspendedGrants;
  readonly cached: ReturnType<typeof storeAuthenticator>;
  readonly lateRekeys: { readonly current: Rekeys | null };
  readonly logger: Logger;
};

/** Drops what is held in memory of entities that changed. */
function createDrop(parts: Droppable): House['drop'] {
  const { keys, documents, hierarchy, suspended, cached, roots, lateRekeys, logger } = parts;
  return (entities) => {
    suspended.drop(entities);
    keys.drop(entities);
    documents.drop(entities);
    hierarchy.drop(entities);
    if (entities?.includes('root') ?? true) void followRoot(roots, logger);
    if (entities?.some((entity) => entity.startsWith('environment:')) ?? true) lateRekeys.current?.look();
    if (entities === null) cached.invalidateAll();
    else for (const entity of entities) cached.invalidate(entity);
  };
}

type AsideParts = Pick<Composition, 'house' | 'door' | 'config' | 'metrics'> & {
  readonly log: OpenedLog;
  readonly logger: Logger;
  readonly destinations: readonly Destination[];
};

/** What reads the log behind the answers: the anomaly watch, and those outside who are told. */
function startAside(parts: AsideParts): Pick<Composition, 'watch' | 'notices'> & Pick<AnomalyWatch, 'stop'> {
  const { config, destinations } = parts;
  const all = { ...parts, positions: path.join(config.auditFolder, 'positions') };
  const notices = destinations.length === 0 ? null : startNotices(all);
  const watch = config.anomaly ? startAnomalyWatch(all) : null;
  const look = startDailyLook(parts);
  return {
    watch,
    notices,
    async stop() {
      await look.stop();
      await watch?.stop();
      await notices?.stop();
    },
  };
}

/** Who is beside the house: other servers, and custodians where there are any. */
/** What is noted beside the work, and kept in the background. */
function notesOf({ store, log, clock }: Pick<House, 'store' | 'log' | 'clock'>) {
  return {
    lastUses: createLastUses(store),
    keyUses: createKeyUses(store),
    refusals: createRefusals({ log, clock }),
    demands: createDemands(store),
  };
}

type ListenerParts = Pick<LogParts, 'config' | 'node' | 'clock'> & { readonly clusterId: string };

/** Those outside who are told of alerts, findings or the audit log. */
async function outsideListeners({ config, clusterId, node, clock }: ListenerParts) {
  if (config.noticesFile === null) return [];
  const speaker = { source: `urn:uuid:${clusterId}`, version: softwareVersion(), host: node };
  return openDestinations(await readDestinations(config.noticesFile), { speaker, now: () => clock.now() });
}

function outsideParts({ custody }: Options): Pick<House, 'outside' | 'custody'> {
  return { outside: createOutside(), ...(custody ? { custody } : {}) };
}

async function warnOfOrphans(house: House, logger: Logger): Promise<void> {
  for (const label of await orphansInDevice(house)) {
    const next = `pkcs11-tool --delete-object --label '${label}'`;
    logger.warn('the device holds an object that no key names, of a creation that was cut off', {
      label,
      next,
    });
  }
}

/** Opens the root that another node has put the store under, where it can be opened from here. */
async function followRoot(roots: House['roots'], logger: Logger): Promise<void> {
  try {
    await roots.follow();
  } catch (error) {
    logger.warn('the new root of trust was not opened here', { error: describeError(error) });
  }
}

/** What the store says of its root, once it is sure that it is this one; one that it is not is closed. */
async function seatable(root: RootOfTrust, store: Store, now: number): Promise<string> {
  try {
    return await requireRootOf(store, root, now);
  } catch (error) {
    await root.close();
    throw error;
  }
}

type LogParts = {
  readonly config: Config;
  readonly store: Store;
  readonly node: string;
  readonly clock: Clock;
  readonly houseKey: SecretBytes;
  readonly logger: Logger;
};

/** This node's log; its signing keys are made once and kept under the house key. */
async function openLog(parts: LogParts): Promise<ReturnType<typeof openAuditLog>> {
  const { config, store, node, clock, logger } = parts;
  using packed = await houseSecret({ key: parts.houseKey, store }, `log-keys ${node}`, () =>
    SecretBytes.take(newLogKeys()),
  );
  const log = openAuditLog({
    folder: path.join(config.auditFolder, node),
    node,
    keys: packed.use(openLogKeys),
    onHead: ({ size, root }) => store.recordLogHead({ node, size, root, at: clock.now() }),
    onProblem: (what, error) => logger.error(what, { node, error: describeError(error) }),
  });
  const known = (await store.logHeads()).find((head) => head.node === node);
  if (known && known.size > log.health().size) {
    await log.close();
    throw new StopError(
      'integrity-failed',
      `The log of ${node} has ${log.health().size} events, but the store knows of ${known.size}: it was shortened.`,
    );
  }
  return log;
}

function accountLookup(store: Store): (environment: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (environment) => {
    const account = known.get(environment);
    if (account !== undefined) return account;
    const stored = await store.environment(environment);
    if (!stored) throw new ClavigerError('environment-not-found', `There is no environment ${environment}.`);
    known.set(environment, stored.environment.accountId);
    return stored.environment.accountId;
  };
}

function describeGauges(metrics: Metrics, house: House): void {
  metrics.gauge('claviger_audit_log_size', 'Events in the log of this node.', () => house.log.health().size);
  metrics.gauge('claviger_audit_log_writable', '1 while the log takes events.', () =>
    house.log.health().writable ? 1 : 0,
  );
  metrics.gauge('claviger_opened_keys', 'Keys in the cache of this node.', () => house.keys.size);
}
