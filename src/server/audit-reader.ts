import fs from 'node:fs';
import path from 'node:path';
import { permissions } from '#access';
import {
  type CloudTrailFacts,
  cloudTrailRecord,
  type EventFilter,
  type LoggedEvent,
  logFolders,
  ocsfOfEvent,
  readEventsByTime,
  readNewestEvents,
  type Verified,
  verifyLog,
} from '#audit';
import { ClavigerError, type AuditEvent } from '#domain';
import type { LogHead, Store } from '#ports';
import { errorTypeOf } from '#protocols/aws-kms';
import { openStore } from '#storage';
import type { Config } from './config.ts';
import { softwareVersion } from './software.ts';

/** The newest events of all logs on this machine, newest first; no log is read further back than that. */
export function auditEvents(auditFolder: string, filter: EventFilter, limit: number): LoggedEvent[] {
  const found = logFolders(auditFolder).flatMap((folder) => [
    ...readNewestEvents(folder, filter).take(limit),
  ]);
  found.sort((a, b) => b.event.at - a.event.at || b.index - a.index);
  return found.slice(0, limit);
}

/** `numbered` is what an anomaly detector wants: with its index in the log, and a first line that says whether any are left out. */
export type ExportFormat = 'jsonl' | 'numbered' | 'cloudtrail' | 'ocsf';

/** All events of all logs by their time, as lines of JSON. */
export async function* renderCloudTrail(
  config: Config,
  filter: EventFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  const store = format === 'cloudtrail' ? await openStore(config.databaseUrl) : null;
  try {
    const factsOf = store && (await cloudTrailFacts(config, store));
    const isWhole = Object.keys(filter).length === 0;
    const source = { version: softwareVersion() };
    if (format === 'numbered')
      yield JSON.stringify({ traffic: { isWhole, isLabelled: false, canaryKeys: [] } });
    for (const { index, event } of readEventsByTime(logFolders(config.auditFolder), filter)) {
      if (factsOf) yield JSON.stringify(cloudTrailRecord(event, await factsOf(event)));
      else if (format === 'ocsf') yield JSON.stringify(ocsfOfEvent(event, index, source));
      else yield JSON.stringify(format === 'numbered' ? { index, event } : event);
    }
  } finally {
    await store?.close();
  }
}

/** The words of AWS for what no permission is named like. */
const awsNames: Readonly<Record<string, string>> = {
  'keys.reencrypt': 'ReEncrypt',
  'keys.rotate-due': 'RotateKey',
  'keys.destroy': 'DeleteKey',
};

function awsName({ operation, protocol, protocolOperation }: AuditEvent): string {
  if (protocol.startsWith('aws-')) return protocolOperation;
  const byPermission: Readonly<Record<string, { awsAction: string | null }>> = permissions;
  const action = byPermission[operation.replace('.', ':')]?.awsAction;
  return awsNames[operation] ?? action?.replace('kms:', '') ?? operation;
}

/** Accounts and regions of events, from the store; a key is looked up once. */
async function cloudTrailFacts(config: Config, store: Store) {
  const accounts = new Map<string, string>();
  for (const { environment } of await store.environments())
    accounts.set(environment.name, environment.accountId);
  const regions = new Map<string, string>();
  async function regionOf({ region, keyId }: AuditEvent): Promise<string> {
    if (/^[a-z0-9]/.test(region)) return region;
    if (keyId === null) return config.region;
    const known = regions.get(keyId) ?? (await store.key(keyId))?.key.region ?? config.region;
    regions.set(keyId, known);
    return known;
  }
  return async (event: AuditEvent): Promise<CloudTrailFacts> => ({
    accountId: accounts.get(event.environment) ?? '000000000000',
    region: await regionOf(event),
    eventName: awsName(event),
    errorCode: event.reason && errorTypeOf(event.reason),
  });
}

type VerifyWish = { readonly folder?: string; readonly keys?: string; readonly offline?: boolean };

/** Verifies every log below a folder, against the heads that the store knows unless it must not be asked. */
export async function verifyAudit(config: Config, wish: VerifyWish): Promise<Verified[]> {
  const root = wish.folder ?? config.auditFolder;
  const heads = wish.offline ? [] : await knownHeads(config);
  const keysText = wish.keys === undefined ? {} : { keysText: fs.readFileSync(wish.keys, 'utf8') };
  const isOneLog = ['journal', 'checkpoint'].some((part) => fs.existsSync(path.join(root, part)));
  const folders = isOneLog ? [root] : logFolders(root);
  const results = folders.map((folder) => {
    const own = heads.filter((head) => head.node === path.basename(folder));
    return verifyLog(folder, { heads: own, ...keysText });
  });
  const names = new Set(folders.map((folder) => path.basename(folder)));
  const isWhole = wish.folder === undefined;
  for (const head of heads.filter(({ node }) => isWhole && !names.has(node))) {
    const problem = `the log of ${head.node} is missing; the store knows of ${head.size} events`;
    results.push({
      folder: path.join(root, head.node),
      size: 0,
      root: '',
      findings: [{ file: '.', problem }],
      notices: [],
    });
  }
  if (results.length === 0)
    throw new ClavigerError('integrity-failed', `There is no audit log below ${root}.`);
  return results;
}

async function knownHeads(config: Config): Promise<readonly LogHead[]> {
  const store = await openStore(config.databaseUrl);
  try {
    return await store.logHeads();
  } finally {
    await store.close();
  }
}
