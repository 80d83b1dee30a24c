import { currentVersion, heldTo, isDestroyed, type Instant, type Key, type PeriodPolicy } from '#domain';
import { operations, pendingPeriodPolicy, type Door, type House } from '#operations';
import { describeError, type Logger } from './logger.ts';

type Parts = { readonly house: House; readonly door: Door; readonly logger: Logger };

/** Holds the keys of each environment to its crypto-period policy after that was written; one node does. */
export type PeriodPass = {
  /** One round: a bounded number of keys. */
  readonly attend: () => Promise<void>;
};

/** Milliseconds after which no key is made any more by the policy of before. */
const settledMillis = 5000;
/** Milliseconds until the walk begins anew after a key could not be held. */
const postponedMillis = 60_000;
const pageSize = 200;
/** Of one round. */
const pagesMax = 10;
const changesMax = 100;

type Walk = {
  readonly revision: number;
  readonly startsAt: Instant;
  readonly after: string | null;
  readonly changed: number;
  readonly failed: number;
};

/** Makes the pass; where it was cut off it begins anew, and finds most keys held. */
export function createPeriodPass({ house, door, logger }: Parts): PeriodPass {
  const walks = new Map<string, Walk>();

  async function hold(key: Key): Promise<boolean> {
    try {
      const wish = { key: { kind: 'id', id: key.id }, isStale: false } as const;
      await door.runAsSystem(operations.holdToPeriodPolicy, key.environment, wish);
      return true;
    } catch (error) {
      logger.warn('a key could not be held to the crypto-period policy and will be tried again', {
        keyId: key.id,
        error: describeError(error),
      });
      return false;
    }
  }

  /** A page of keys; null: it was the last. */
  async function page(
    environment: string,
    policy: PeriodPolicy,
    walk: Walk,
  ): Promise<{ walk: Walk; isLast: boolean }> {
    const keys = await house.store.keys(environment, null, { after: walk.after, limit: pageSize });
    let { after, changed, failed } = walk;
    for (const key of keys) {
      after = key.id;
      if (isDestroyed(currentVersion(key).state) || heldTo(policy, key) === key) continue;
      if (await hold(key)) changed += 1;
      else failed += 1;
    }
    return { walk: { ...walk, after, changed, failed }, isLast: keys.length < pageSize };
  }

  async function go(environment: string, policy: PeriodPolicy, begun: Walk): Promise<void> {
    let walk = begun;
    for (
      let pages = 0;
      pages < pagesMax && walk.changed + walk.failed < begun.changed + begun.failed + changesMax;
      pages += 1
    ) {
      const done = await page(environment, policy, walk);
      walk = done.walk;
      walks.set(environment, walk);
      if (!done.isLast) continue;
      if (walk.failed > 0)
        walks.set(environment, newWalk(walk.revision, house.clock.now() + postponedMillis));
      else await finish(environment, walk);
      return;
    }
  }

  async function finish(environment: string, { revision, changed }: Walk): Promise<void> {
    await door.runAsSystem(operations.finishPeriodPass, environment, { revision, changed });
    walks.delete(environment);
  }

  return {
    async attend() {
      const now = house.clock.now();
      for (const { environment } of await house.store.environments()) {
        const { name } = environment;
        const pending = await pendingPeriodPolicy(house, name);
        if (!pending) continue;
        const known = walks.get(name);
        const walk =
          known?.revision === pending.revision ? known : newWalk(pending.revision, now + settledMillis);
        walks.set(name, walk);
        if (now >= walk.startsAt) await go(name, pending.policy, walk);
      }
    },
  };
}

function newWalk(revision: number, startsAt: Instant): Walk {
  return { revision, startsAt, after: null, changed: 0, failed: 0 };
}
