import { setImmediate as nextTurn } from 'node:timers/promises';
import { eventOperation, readEvent } from '#audit';
import { requirementsOf, type AuditEvent, type Instant } from '#domain';
import {
  isGoverned,
  type CredentialFacts,
  type EnvironmentFacts,
  type KeyFacts,
  type LogPosition,
  type PlacedEvent,
  type Population,
  type PopulationHead,
  type PrincipalFacts,
} from '#governance';
import type { Credential, LogEntry, PublishedLog } from '#ports';
import type { House } from '../house.ts';
import { attestationsOf } from './attestations.ts';
import { keyFactsOf } from './key-facts.ts';
import { periodExceptionsOf } from './period-exceptions.ts';
import { periodPolicyOf } from './period-policy.ts';
import { quorumPolicyOf } from '../quorum/policy.ts';

const dayMillis = 86_400_000;
/** Read and judged in one go, some milliseconds; then come those who wait for answers. */
const keysAtOnce = 128;
const entriesAtOnce = 4096;
const credentialsMax = 1000;

/** Whose population it is. */
export type Scope = {
  /** Names, ordered. */
  readonly environments: readonly string[];
  /** Whether what belongs to the house as a whole is told: its backups and escrows, and events of no environment. */
  readonly isWholeHouse: boolean;
};

const operationOf = ({ entry }: LogEntry): string =>
  eventOperation(Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength));

function isInScope({ environments, isWholeHouse }: Scope, event: AuditEvent): boolean {
  return isWholeHouse || environments.includes(event.environment);
}

function placed(scope: Scope, entries: readonly LogEntry[]): (PlacedEvent & LogEntry)[] {
  return entries
    .filter((entry) => isGoverned(operationOf(entry)))
    .map(({ index, entry }) => ({ index, entry, event: readEvent(entry) }))
    .filter(({ event }) => isInScope(scope, event));
}

/** The newest event that is judged; it is looked for from the end on. */
async function newestGoverned(log: PublishedLog, scope: Scope): Promise<PlacedEvent | null> {
  for (let end = log.size; end > 0; end = Math.max(0, end - entriesAtOnce)) {
    const from = Math.max(0, end - entriesAtOnce);
    let newest: PlacedEvent | null = null;
    for await (const page of log.entries(from)) {
      newest =
        placed(
          scope,
          page.filter(({ index }) => index < end),
        ).at(-1) ?? newest;
      if ((page.at(-1)?.index ?? 0) >= end) break;
    }
    if (newest) return newest;
  }
  return null;
}

/** What is judged of a log up to a size, page by page, with the bytes that were hashed. */
export async function* governedEntries(
  log: PublishedLog,
  scope: Scope,
  size: number,
): AsyncGenerator<readonly (PlacedEvent & LogEntry)[]> {
  for await (const page of log.entries()) {
    const within = page.filter(({ index }) => index < size);
    if (within.length === 0) return;
    const found = placed(scope, within);
    if (found.length > 0) yield found;
    await nextTurn();
  }
}

async function* keysOf(house: House, { environments }: Scope): AsyncGenerator<readonly KeyFacts[]> {
  for (const environment of environments) {
    let after: string | null = null;
    for (;;) {
      const keys = await house.store.keys(environment, null, { after, limit: keysAtOnce });
      const last = keys.at(-1);
      if (!last) break;
      yield await keyFactsOf(house, keys);
      after = last.id;
      await nextTurn();
    }
  }
}

function credentialFacts({ kind, id, createdAt, expiresAt }: Credential): CredentialFacts {
  return { kind, id: kind === 'token' ? id.slice(0, 12) : id, createdAt, expiresAt };
}

async function principalsOf(house: House, environment: string): Promise<PrincipalFacts[]> {
  const found: PrincipalFacts[] = [];
  for (const principal of await house.store.principals(environment)) {
    const credentials = await house.store.credentialsOf(principal.id);
    found.push({ principal, credentials: credentials.slice(0, credentialsMax).map(credentialFacts) });
  }
  return found;
}

async function environmentsOf(house: House, { environments }: Scope): Promise<EnvironmentFacts[]> {
  const found: EnvironmentFacts[] = [];
  for (const { environment, kekGeneration } of await house.store.environments()) {
    if (!environments.includes(environment.name)) continue;
    found.push({
      ...environment,
      periodPolicy: await periodPolicyOf(house, environment.name),
      kekGeneration,
    });
  }
  return found;
}

async function quorumRulesOf(house: House, environment: string): Promise<PopulationHead['quorum']> {
  const { rules } = await quorumPolicyOf(house, environment);
  return requirementsOf({ rules }, ['approvers']).map(({ rule, approvalsMin }) => ({
    environment,
    rule,
    approvals: approvalsMin,
  }));
}

async function positionOf(log: PublishedLog, size: number): Promise<LogPosition> {
  const root = Buffer.from(await log.root(size)).toString('hex');
  return { node: log.node, origin: log.origin, size, root };
}

/** A population, and the log that it stands on: what is judged of it ends with its position. */
export type Gathered = {
  readonly population: Population;
  readonly log: PublishedLog | null;
  readonly scope: Scope;
};

/**
 * Gathers what there is to be judged. Its moment is that of the newest event that is judged, or the beginning of the present day (UTC)
 * where that is later: who looks twice, while nothing happens, sees the same.
 */
export async function gatherPopulation(house: House, scope: Scope, now: Instant): Promise<Gathered> {
  // what this node counted and did not tell the store yet is looked at, too
  await house.lastUses.flush();
  await house.keyUses.flush();
  const log = await house.log.published();
  const newest = log && (await newestGoverned(log, scope));
  const copies = scope.isWholeHouse ? await house.store.copies.copies(null) : [];
  const principals: PrincipalFacts[] = [];
  for (const environment of scope.environments) principals.push(...(await principalsOf(house, environment)));
  const at = Math.max(newest?.event.at ?? 0, now - (now % dayMillis));
  const head: PopulationHead = {
    format: 'claviger-population/1',
    at,
    software: house.software,
    environments: await environmentsOf(house, scope),
    principals,
    root: house.root.describe().kind,
    fips: house.fips,
    copies: copies.filter(({ kind }) => kind !== 'export'),
    attestations: (await Promise.all(scope.environments.map((one) => attestationsOf(house, one, at)))).flat(),
    quorum: (await Promise.all(scope.environments.map((one) => quorumRulesOf(house, one)))).flat(),
    periodExceptions: (
      await Promise.all(scope.environments.map((one) => periodExceptionsOf(house, one)))
    ).flat(),
    log: log && (await positionOf(log, newest ? newest.index + 1 : 0)),
  };
  async function* events(): AsyncGenerator<readonly PlacedEvent[]> {
    if (!log || !head.log) return;
    for await (const page of governedEntries(log, scope, head.log.size))
      yield page.map(({ index, event }) => ({ index, event }));
  }
  return { population: { head, keys: () => keysOf(house, scope), events }, log, scope };
}
