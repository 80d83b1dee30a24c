import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, StopError } from '#domain';
import { operations, type Batch, type BatchInput, type Door, type House } from '#operations';
import { describeError, type Logger } from './logger.ts';

/** Brings to their end the rekeys of environments that were begun, on whichever node and before whichever crash. */
export type Rekeys = {
  /** Looks whether there is one; called at the start and whenever an environment changed. */
  readonly look: () => void;
  /** Resolves when none that this node can do is left. */
  readonly idle: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

type Parts = {
  readonly house: Pick<House, 'store' | 'clock' | 'log'>;
  readonly door: Door;
  readonly logger: Logger;
  /** How long all nodes get to let go of what they remember; more than a cache may be old. */
  readonly settleMillis?: number;
};

/** Keys in one step: of a pass that seals anew, and of one that only looks. */
const batchSizes = Object.freeze({ seal: 200, look: 1000 });
const leaseMillis = 30_000;
const renewMillis = 8_000;
const lookAgainMillis = 5_000;

export function createRekeys({ house, door, logger, settleMillis = 2500 }: Parts): Rekeys {
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | null = null;
  /** Environments whose rekey found something that must not be tried again. */
  const halted = new Set<string>();

  const renewedAt = new Map<string, number>();

  /** Whether this node may go on; a lease that has most of its time left is not renewed. */
  async function isMine(name: string): Promise<boolean> {
    const startedAt = performance.now();
    if (startedAt - (renewedAt.get(name) ?? Number.NEGATIVE_INFINITY) < renewMillis) return true;
    const now = house.clock.now();
    const lease = { name: `rekey ${name}`, holder: house.log.node, until: now + leaseMillis };
    const taken = await house.store.takeLease(lease, now);
    if (taken) renewedAt.set(name, startedAt);
    else renewedAt.delete(name);
    return taken;
  }

  /** One pass over everything; the number of things that an older key had sealed. Null: it was broken off. */
  async function pass(name: string, generation: number, limit: number): Promise<number | null> {
    let resealed = 0;
    for (const kind of ['access-keys', 'documents', 'keys'] as const) {
      let after: string | null = null;
      do {
        if (signal.aborted || !(await isMine(name))) return null;
        const wish: BatchInput = { name, generation, kind, after, limit };
        const batch: Batch = await door.runAsSystem(operations.resealBatch, name, wish);
        resealed += batch.resealed;
        after = batch.next;
      } while (after !== null);
    }
    return resealed;
  }

  async function finish(name: string): Promise<void> {
    const stored = await house.store.environment(name);
    if (!stored || (await house.store.olderKeks(name)).length === 0 || !(await isMine(name))) return;
    const target = { name, generation: stored.kekGeneration };
    if (stored.oldestGeneration < stored.kekGeneration) {
      if ((await pass(name, target.generation, batchSizes.seal)) === null) return;
      await door.runAsSystem(operations.fenceRekey, name, target);
    }
    const look = () => pass(name, target.generation, batchSizes.look);
    for (let left = await look(); left !== 0; left = await look()) if (left === null) return;
    // told once more, now that all is sealed anew: nodes let go of what they read before
    await door.runAsSystem(operations.fenceRekey, name, target);
    await sleep(settleMillis, undefined, { signal });
    if (!(await isMine(name))) return;
    await door.runAsSystem(operations.endRekey, name, target);
    logger.info('an environment has a new key, and its older keys are destroyed', target);
  }

  async function attend(name: string): Promise<void> {
    if (halted.has(name)) return;
    try {
      await finish(name);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StopError) halted.add(name);
      const level = hasCode(error, 'conflict') ? 'info' : 'warn';
      logger[level]('a rekey did not come to its end', { environment: name, error: describeError(error) });
    }
  }

  async function round(): Promise<void> {
    do {
      again = false;
      const names = (await house.store.environments()).map(({ environment }) => environment.name);
      const open: string[] = [];
      for (const name of names) if ((await house.store.olderKeks(name)).length > 0) open.push(name);
      for (const name of open) await attend(name);
      let left = 0;
      for (const name of open)
        if (!halted.has(name) && (await house.store.olderKeks(name)).length > 0) left += 1;
      if (left > 0 && !signal.aborted) timer = setTimeout(look, lookAgainMillis).unref();
    } while (again && !signal.aborted);
  }

  function look(): void {
    again = true;
    if (timer) clearTimeout(timer);
    if (running || signal.aborted) return;
    running = round()
      .catch((error: unknown) => {
        if (!signal.aborted) logger.warn('rekeys were not looked for', { error: describeError(error) });
      })
      .finally(() => {
        running = null;
      });
  }

  return {
    look,
    idle: async () => {
      while (running) await running;
    },
    async stop() {
      stopping.abort();
      if (timer) clearTimeout(timer);
      await running;
    },
  };
}
