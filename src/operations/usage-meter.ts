import {
  ClavigerError,
  type CountedVersion,
  hasCode,
  type KeyVersion,
  operationsMaxFor,
  requireUsageLeft,
} from '#domain';
import type { Store } from '#ports';
import type { CheckedKey } from './operation.ts';

/**
 * Counts protecting uses on the usage axis of the crypto-period. Uses are reserved in the store ahead, in blocks, and spent
 * from memory: the stored count is never below the truth, and a use that would pass the limit is refused
 * before it happens.
 */
export interface UsageMeter {
  /** Counts protecting operations (one where not said) over so many bytes; a promise only when a new block must be reserved. */
  spend(used: UsedKey, bytes: number, operations?: number): Promise<void> | undefined;
}

export type UsedKey = Pick<CheckedKey, 'key' | 'version' | 'algorithm'>;

/** What is reserved and not yet spent under one limit of a version; all limits draw on one count in the store. */
type Account = {
  readonly operationsMax: number | null;
  operations: number;
  bytes: number;
  reserving: Promise<void> | null;
};

type Spent = { readonly bytes: number; readonly operations: number };

const operationsBlockMax = 65_536;
const bytesBlockMax = 256 * 1024 * 1024;
/** A block is at most this share of a limit, so that a crash wastes little of it. */
const shareOfLimit = 1024;
const accountsMax = 100_000;

function block(limit: number | null, most: number): number {
  if (limit === null) return most;
  return Math.max(1, Math.min(most, Math.floor(limit / shareOfLimit)));
}

/** How much of a block that was just reserved lies below the limit. */
function below(limit: number | null, total: number, reserved: number): number {
  if (limit === null) return reserved;
  return Math.max(0, Math.min(reserved, limit - (total - reserved)));
}

/** Where the uses of a version are counted: versions of one material share a count. */
function countedAs(keyId: string, version: KeyVersion): CountedVersion {
  return version.countedAs ?? { keyId, version: version.number };
}

/** What was too much for another caller may still be there for a smaller one. */
function unlessLimit(error: unknown): void {
  if (!hasCode(error, 'usage-limit-reached')) throw error;
}

type MeterParts = {
  store: Store;
  /** Told once a block when nine tenths of a limit are reserved, and at each refusal: time to rotate. */
  onNearlySpent: (keyId: string, version: number) => void;
};

export function createUsageMeter(parts: MeterParts): UsageMeter {
  const accounts = new Map<string, Account>();

  function accountOf({ key, version, algorithm }: UsedKey): Account {
    const operationsMax = operationsMaxFor(version.cryptoPeriod, algorithm);
    const counted = countedAs(key.id, version);
    const { bytesMax } = version.cryptoPeriod;
    const id = `${counted.keyId}/${counted.version}/${operationsMax}/${bytesMax}`;
    let account = accounts.get(id);
    if (!account) {
      // a forgotten account wastes what it had reserved, and nothing else
      if (accounts.size >= accountsMax) accounts.clear();
      account = { operationsMax, operations: 0, bytes: 0, reserving: null };
      accounts.set(id, account);
    }
    return account;
  }

  /** Reserves on the axes that are short, and only there. */
  async function reserve(
    { key, version }: UsedKey,
    account: Account,
    { bytes, operations }: Spent,
  ): Promise<void> {
    const { operationsMax } = account;
    const { bytesMax } = version.cryptoPeriod;
    const missingOperations = Math.max(0, operations - account.operations);
    const missingBytes = Math.max(0, bytes - account.bytes);
    const counted = countedAs(key.id, version);
    const present = await parts.store.usage(counted.keyId, counted.version);
    const wanted = {
      operations: missingOperations > 0 ? present.operations + missingOperations : 0,
      bytes: missingBytes > 0 ? present.bytes + missingBytes : 0,
    };
    try {
      requireUsageLeft(key, version, wanted, operationsMax);
    } catch (error) {
      parts.onNearlySpent(key.id, version.number);
      throw error;
    }
    const more = {
      operations:
        missingOperations > 0 ? Math.max(missingOperations, block(operationsMax, operationsBlockMax)) : 0,
      bytes: missingBytes > 0 ? Math.max(missingBytes, block(bytesMax, bytesBlockMax)) : 0,
    };
    const total = await parts.store.reserveUsage(counted.keyId, counted.version, more);
    account.operations += below(operationsMax, total.operations, more.operations);
    account.bytes += below(bytesMax, total.bytes, more.bytes);
    const isNear =
      (operationsMax !== null && total.operations > operationsMax * 0.9) ||
      (bytesMax !== null && total.bytes > bytesMax * 0.9);
    if (isNear) parts.onNearlySpent(key.id, version.number);
  }

  function take(account: Account, { bytes, operations }: Spent): boolean {
    if (account.operations < operations || account.bytes < bytes) return false;
    account.operations -= operations;
    account.bytes -= bytes;
    return true;
  }

  async function reserveAndTake(used: UsedKey, account: Account, spent: Spent): Promise<void> {
    // several callers may share a block: each tries again until its own part is there or the limit refuses it
    for (let round = 0; round < 1000; round += 1) {
      if (take(account, spent)) return;
      if (account.reserving) {
        await account.reserving.catch(unlessLimit);
        continue;
      }
      account.reserving = reserve(used, account, spent).finally(() => {
        account.reserving = null;
      });
      await account.reserving;
    }
    throw new ClavigerError('busy', 'Too many uses of this key wait at once.');
  }

  return {
    spend(used, bytes, operations = 1) {
      const account = accountOf(used);
      const spent = { bytes, operations };
      return take(account, spent) ? undefined : reserveAndTake(used, account, spent);
    },
  };
}
