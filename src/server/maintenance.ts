import { hasCode, materialEnd, type ErrorCode, type Instant, type Key } from '#domain';
import { operations, type Door, type House } from '#operations';
import { createDestructions } from './destructions.ts';
import { createPeriodPass } from './period-pass.ts';
import { attendPeriod } from './period-work.ts';
import { createSecretEndings } from './secret-endings.ts';
import { describeError, type Logger } from './logger.ts';
import type { Outbox } from './outbox.ts';
import type { Presence } from './presence.ts';
import { sweepExpired } from './sweeping.ts';

/** The house's own scheduled work; one node at a time does what must be done once. */
export interface Maintenance {
  /** One whole round of everything, begun after the call: a round that runs already may have looked before. */
  readonly tick: () => Promise<void>;
  readonly nearlySpent: (keyId: string, version: number) => void;
  readonly stop: () => Promise<void>;
}

type Parts = {
  readonly house: House;
  readonly door: Door;
  readonly outbox: Outbox;
  readonly presence: Presence;
  readonly logger: Logger;
};

const tickMillis = 1000;
const leaseMillis = 30_000;
const dueAtOnce = 100;
/** Milliseconds until a key that could not be attended is tried again; meanwhile it takes no other key's turn. */
const postponedMillis = 60_000;
const expected: readonly ErrorCode[] = ['conflict', 'key-suspended', 'key-destroyed', 'key-state-forbids'];

export function startMaintenance({ house, door, outbox, presence, logger }: Parts): Maintenance {
  const destructions = createDestructions({ house, door, logger });
  const secretEndings = createSecretEndings({ house, door });
  const periodPass = createPeriodPass({ house, door, logger });
  const spent = new Map<string, number>();
  const postponed = new Map<string, Instant>();
  let running: Promise<void> | null = null;
  let following: Promise<void> | null = null;
  let beating: Promise<void> | null = null;

  /** What the work answers; undefined where it failed, and the log says why. */
  async function guarded<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      logger.warn('scheduled work failed and will be tried again', { what, error: describeError(error) });
      return undefined;
    }
  }

  /** Does what the key's dates or limits ask for; whether nothing is left to do. */
  async function attend(keyId: string, spentVersion: number | null): Promise<boolean> {
    const stored = await house.store.key(keyId);
    if (!stored) return true;
    try {
      await attendKey(stored.key, spentVersion, house.clock.now());
    } catch (error) {
      // another node was quicker, or the key is suspended: its date stands, and is looked at again
      if (!expected.some((code) => hasCode(error, code))) throw error;
      return false;
    }
    return true;
  }

  async function attendKey(key: Key, spentVersion: number | null, now: Instant): Promise<void> {
    const reference = { kind: 'id', id: key.id } as const;
    if (key.destruction && key.destruction.dueAt <= now) {
      await door.runAsSystem(operations.beginDestruction, key.environment, { key: reference });
      await door.runAsSystem(operations.destroyDueKey, key.environment, { key: reference });
    } else if ((materialEnd(key) ?? Infinity) <= now) {
      await door.runAsSystem(operations.expireImportedMaterial, key.environment, { key: reference });
    } else if (key.destruction) {
      return;
    } else if (spentVersion !== null) {
      await door.runAsSystem(operations.rotateDueKey, key.environment, { key: reference, spentVersion });
    } else {
      await attendPeriod({ house, door }, key, now);
    }
  }

  async function attendDueKeys(): Promise<void> {
    const now = house.clock.now();
    const lease = { name: 'due-keys', holder: house.log.node, until: now + leaseMillis };
    if (!(await house.store.takeLease(lease, now))) return;
    for (const [keyId, until] of postponed) if (until <= now) postponed.delete(keyId);
    const due = await house.store.dueKeys(now, dueAtOnce + postponed.size);
    for (const keyId of due.filter((id) => !postponed.has(id))) {
      const attended = await guarded('due key', () => attend(keyId, null));
      if (!attended) postponed.set(keyId, now + postponedMillis);
    }
    await guarded('crypto-period policies', () => periodPass.attend());
  }

  async function attendSpentKeys(): Promise<void> {
    const near = [...spent];
    spent.clear();
    for (const [keyId, version] of near) await guarded('key near its limit', () => attend(keyId, version));
  }

  /** Tells the others that this node runs; a round that takes long does not keep it silent. */
  function beat(): Promise<void> {
    beating ??= guarded('presence', () => presence.renew()).finally(() => {
      beating = null;
    });
    return beating;
  }

  async function round(): Promise<void> {
    house.keys.expire();
    house.documents.opened.expire();
    await beat();
    await guarded('refusals', () => house.refusals.flush());
    await guarded('last uses', () => house.lastUses.flush());
    await guarded('uses of keys', () => house.keyUses.flush());
    await guarded('demands', () => house.demands.flush());
    await guarded('outbox', () => outbox.settle());
    await guarded('due keys', attendDueKeys);
    await guarded('documents', () => sweepExpired({ house, door, guarded }));
    await guarded('destructions', () => destructions.attend());
    await guarded('ended secrets', () => secretEndings.attend());
    await attendSpentKeys();
  }

  function begin(): Promise<void> {
    running = round().finally(() => {
      running = null;
    });
    return running;
  }

  function tick(): Promise<void> {
    if (!running) return begin();
    following ??= running.then(() => {
      following = null;
      return tick();
    });
    return following;
  }

  const timer = setInterval(() => {
    void beat();
    if (!running) void begin();
  }, tickMillis);
  timer.unref();

  return {
    tick,
    nearlySpent: (keyId, version) => void spent.set(keyId, version),
    async stop() {
      clearInterval(timer);
      while (running) await running;
      await beating;
      await guarded('refusals', () => house.refusals.flush(true));
      await guarded('last uses', () => house.lastUses.flush());
      await guarded('uses of keys', () => house.keyUses.flush());
      await guarded('demands', () => house.demands.flush());
      await guarded('outbox', () => outbox.settle());
      await guarded('presence', () => presence.leave());
    },
  };
}
