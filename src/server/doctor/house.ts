import fs from 'node:fs';
import path from 'node:path';
import { logFolders } from '#audit';
import type { Store } from '#ports';
import { openShredStore, openStore } from '#storage';
import { verifyAudit } from '../audit-reader.ts';
import type { Config } from '../config.ts';
import { openHouseKey } from '../house-key.ts';
import { requireKnownRoot } from '../root-places.ts';
import { openRoot, shamirRoot } from '../roots.ts';
import { currentParameters } from '../shamir/parameters.ts';
import { fail, ok, warn, type Check, type Found } from './finding.ts';

const logBytesMax = 64 * 2 ** 20;
const clockSlackMillis = 1000;

/** Opening a file that is not there would make it: the doctor makes nothing. */
function requireThere(url: string): void {
  if (!url.startsWith('sqlite:')) return;
  const file = url.slice('sqlite:'.length);
  if (!fs.existsSync(file)) throw new Error(`${file} is not there`);
}

async function withStore(config: Config, look: (store: Store) => Promise<Found>): Promise<Found> {
  requireThere(config.databaseUrl);
  const store = await openStore(config.databaseUrl);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

const store = (config: Config): Promise<Found> =>
  withStore(config, async (opened) => {
    await opened.probe();
    const environments = await opened.environments();
    return environments.length > 0
      ? ok(`${opened.capabilities.kind}, environments: ${environments.length}`)
      : fail('the store is empty', 'claviger init');
  });

async function shredStore({ shredUrl }: Config): Promise<Found> {
  requireThere(shredUrl);
  const shreds = await openShredStore(shredUrl);
  try {
    await shreds.probe();
    return ok('reachable');
  } finally {
    await shreds.close();
  }
}

/** The root opens, and belongs to this store. */
const root = (config: Config): Promise<Found> =>
  withStore(config, async (opened) => {
    if ((await opened.environments()).length === 0) return fail('the store is empty', 'claviger init');
    if (config.root === shamirRoot) {
      const set = await currentParameters(opened);
      return set
        ? ok(
            `shamir root, tier served; ${set.threshold} of ${set.shares} shares of set ${set.setId} unseal it`,
          )
        : fail('the store has no shares', 'look at CLAVIGER_ROOT: this store has another root');
    }
    const trust = await openRoot(config, opened);
    try {
      await requireKnownRoot(opened, trust);
      using _key = await openHouseKey(trust, opened);
      const { kind, tier } = trust.describe();
      return ok(`${kind} root, tier ${tier}; it opens this store`);
    } finally {
      await trust.close();
    }
  });

/** A clock that went back would make keys live longer than they may. */
const clock = (config: Config): Promise<Found> =>
  withStore(config, async (opened) => {
    const newest = Math.max(0, ...(await opened.logHeads()).map((head) => head.at));
    const now = Date.now();
    return now + clockSlackMillis < newest
      ? fail(
          `it says ${new Date(now).toISOString()}, but a record was written ${new Date(newest).toISOString()}`,
          'set the clock: timedatectl set-ntp true',
        )
      : ok(`${new Date(now).toISOString()}, not before the newest record`);
  });

function bytesBelow(folder: string): number {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.reduce(
    (sum, name) => sum + (fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

async function auditLog(config: Config): Promise<Found> {
  requireThere(config.databaseUrl);
  const folders = logFolders(config.auditFolder);
  const bytes = folders.reduce((sum, folder) => sum + bytesBelow(folder), 0);
  if (bytes > logBytesMax) {
    return warn(
      `${(bytes / 2 ** 20).toFixed(0)} MiB: too much to verify in passing`,
      'claviger audit verify',
    );
  }
  const results = await verifyAudit(config, {});
  const findings = results.flatMap((result) => result.findings);
  const [first] = findings;
  if (first) return fail(`${first.file}: ${first.problem}`, 'claviger audit verify');
  const events = results.reduce((sum, result) => sum + result.size, 0);
  return ok(`events: ${events}, logs: ${results.length}, all as they were written`);
}

export const houseChecks: readonly Check[] = [
  { name: 'store', look: store },
  { name: 'shred store', look: shredStore },
  { name: 'root of trust', look: root },
  { name: 'clock', look: clock },
  { name: 'audit log', look: auditLog },
];
