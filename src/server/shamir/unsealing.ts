import type { SecretBytes } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import type { Store } from '#ports';
import type { SealStatus, Unsealing } from '#protocols/native';
import { gatherShares, type ShamirParameters, type ShareGathering } from '#roots';
import { type Logger, describeError } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { createThrottle } from '../throttle.ts';
import { currentParameters } from './parameters.ts';
import type { Queue } from './queue.ts';

/** What an unsealing was made of, for the record. */
export type UnsealFacts = {
  readonly setId: string;
  readonly given: readonly number[];
  readonly refused: number;
};

type Parts = {
  readonly store: Store;
  readonly queue: Queue;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly isSealed: () => boolean;
  /** Takes the root key and serves with it; where it rejects, it has wiped the key. */
  readonly open: (key: SecretBytes, facts: UnsealFacts) => Promise<void>;
  readonly expireMillis?: number;
  readonly now?: () => number;
};

/** Shares that nobody adds to are dropped. */
const expireMillisUsual = 600_000;
const attemptLimits = { burst: 30, perSecond: 0.5 };
const addressesMax = 1000;

export type ClosableUnsealing = Unsealing & { readonly wipe: () => void };

/** The set of shares that a store is unsealed by. Throws a StopError where it has none. */
export async function requireParameters(store: Store): Promise<ShamirParameters> {
  const parameters = await currentParameters(store);
  if (parameters) return parameters;
  throw new StopError(
    'configuration-invalid',
    'This home has no shares yet, and a shamir: root is never made by a start. Run: claviger init --shares 5 --threshold 3',
  );
}

/** One throttle for each address, of which the one that came first is forgotten when there are too many. */
function attemptsByAddress(now: () => number): (address: string) => boolean {
  const throttles = new Map<string, () => number | null>();
  return (address) => {
    const known = throttles.get(address) ?? createThrottle(attemptLimits, now);
    throttles.delete(address);
    throttles.set(address, known);
    const [oldest] = throttles.keys();
    if (throttles.size > addressesMax && oldest !== undefined) throttles.delete(oldest);
    return known() !== null;
  };
}

/** Takes the shares of custodians until there are enough. They are wiped when they were used, when time is over, and at a reset. */
export function createUnsealing(parts: Parts): ClosableUnsealing {
  const { store, queue, logger, isSealed, now = () => performance.now() } = parts;
  const mayTry = attemptsByAddress(now);
  const count = parts.metrics.count('claviger_unseal_attempts_total', 'Shares that were given, by outcome.', [
    'outcome',
  ]);
  let gathering: ShareGathering | null = null;
  let refused = 0;
  let expiry: NodeJS.Timeout | null = null;

  function wipe(): void {
    if (expiry) clearTimeout(expiry);
    expiry = null;
    gathering?.wipe();
    gathering = null;
  }

  function expire(): void {
    if (gathering && gathering.given.length > 0)
      logger.warn('shares that were given were dropped: no more came');
    wipe();
  }

  function touch(): void {
    if (expiry) clearTimeout(expiry);
    expiry = setTimeout(() => void queue(async () => expire()), parts.expireMillis ?? expireMillisUsual);
    expiry.unref();
  }

  function requireThrottled(address: string): void {
    if (mayTry(address)) return;
    count('busy');
    throw new ClavigerError('busy', 'Too many attempts from this address: wait a few seconds.');
  }

  async function status(): Promise<SealStatus> {
    const { setId, shares, threshold } = await requireParameters(store);
    const isCurrent = gathering?.parameters.setId === setId;
    const given = isCurrent && gathering ? gathering.given.length : 0;
    return { sealed: isSealed(), setId, shares, threshold, given };
  }

  /** The shares that are here, of the set that stands now. */
  async function currentGathering(): Promise<ShareGathering> {
    const parameters = await requireParameters(store);
    // another node may have replaced the set meanwhile
    if (gathering && gathering.parameters.setId !== parameters.setId) wipe();
    return (gathering ??= gatherShares(parameters));
  }

  async function take(share: Uint8Array, address: string): Promise<void> {
    const current = await currentGathering();
    try {
      const index = current.add(share);
      count('taken');
      const { setId, threshold } = current.parameters;
      logger.info('a share was given', { setId, index, given: current.given.length, threshold, address });
      touch();
    } catch (error) {
      refused += 1;
      const code = error instanceof ClavigerError ? error.code : 'internal';
      count(code);
      logger.warn('a share was refused', { code, address });
      throw error;
    }
    if (current.isComplete) await unsealWith(current);
  }

  async function unsealWith(complete: ShareGathering): Promise<void> {
    const facts = { setId: complete.parameters.setId, given: complete.given, refused };
    try {
      const key = await complete.recover();
      await parts.open(key, facts);
      refused = 0;
    } catch (error) {
      count('failed');
      logger.error('unsealing failed; all shares were dropped', { error: describeError(error) });
      throw error;
    } finally {
      wipe();
    }
  }

  return {
    status,
    wipe,
    async unseal(share, address) {
      try {
        requireThrottled(address);
        return await queue(async () => {
          if (isSealed()) await take(share, address);
          return status();
        });
      } finally {
        share.fill(0);
      }
    },
    async reset(address) {
      requireThrottled(address);
      return queue(async () => {
        if (gathering) logger.warn('the shares that were given were dropped by a reset', { address });
        wipe();
        return status();
      });
    },
  };
}
