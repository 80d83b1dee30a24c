import { ClavigerError, requireUsageLeft, type Key, type KeyVersion } from '#domain';
import type { Store } from '#ports';

/**
 * Counts protecting uses on the usage axis of the crypto-period. Uses are reserved in the store ahead, in blocks, and spent
 * from memory: the stored count is never below the truth, and a use that would pass the limit is refused
 * before it happens.
 */
export interface UsageMeter {
  /** Counts one protecting operation over so many bytes; a promise only when a new block must be reserved. */
  spend(key: Key, version: KeyVersion, bytes: number): Promise<void> | undefined;
}

type Account = { operations: number; bytes: number; reserving: Promise<void> | null };

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

type MeterParts = {
  store: Store;
  /** Told once a block when nine tenths of a limit are reserved: time to rotate. */
  onNearlySpent: (keyId: string) => void;
};

export function createUsageMeter(parts: MeterParts): UsageMeter {
  const accounts = new Map<string, Account>();

  async function reserve(key: Key, version: KeyVersion, account: Account, bytes: number): Promise<void> {
    const { operationsMax, bytesMax } = version.cryptoPeriod;
    const more = {
      operations: block(operationsMax, operationsBlockMax),
      bytes: Math.max(bytes, block(bytesMax, bytesBlockMax)),
    };
    const present = await parts.store.usage(key.id, version.number);
    if (operationsMax !== null && present.operations >= operationsMax) {
      requireUsageLeft(key, version, { operations: present.operations + 1, bytes: present.bytes });
    }
    if (bytesMax !== null && present.bytes + bytes > bytesMax) {
      requireUsageLeft(key, version, { operations: present.operations, bytes: present.bytes + bytes });
    }
    const total = await parts.store.reserveUsage(key.id, version.number, more);
    account.operations += below(operationsMax, total.operations, more.operations);
    account.bytes += below(bytesMax, total.bytes, more.bytes);
    if (operationsMax !== null && total.operations > operationsMax * 0.9) parts.onNearlySpent(key.id);
    if (bytesMax !== null && total.bytes > bytesMax * 0.9) parts.onNearlySpent(key.id);
  }

  function take(account: Account, bytes: number): boolean {
    if (account.operations < 1 || account.bytes < bytes) return false;
    account.operations -= 1;
    account.bytes -= bytes;
    return true;
  }

  async function reserveAndTake(
    key: Key,
    version: KeyVersion,
    account: Account,
    bytes: number,
  ): Promise<void> {
    // several callers may share a block: each tries again until its own part is there or the limit refuses it
    for (let round = 0; round < 1000; round += 1) {
      if (take(account, bytes)) return;
      account.reserving ??= reserve(key, version, account, bytes).finally(() => {
        account.reserving = null;
      });
      await account.reserving;
    }
    throw new ClavigerError('busy', 'Too many uses of this key wait at once.');
  }

  return {
    spend(key, version, bytes) {
      const id = `${key.id}/${version.number}`;
      let account = accounts.get(id);
      if (!account) {
        // a forgotten account wastes what it had reserved, and nothing else
        if (accounts.size >= accountsMax) accounts.clear();
        account = { operations: 0, bytes: 0, reserving: null };
        accounts.set(id, account);
      }
      return take(account, bytes) ? undefined : reserveAndTake(key, version, account, bytes);
    },
  };
}
