import { setTimeout as sleep } from 'node:timers/promises';
import { type Driver, unavailable } from './driver.ts';

/** Keeps in mind that overwritten bytes may still have a copy in the engine's own log. */
export type TraceRemover = {
  /**
   * After a commit: removes copies where it left some, or where an earlier removal could not finish. Never
   * throws.
   */
  afterCommit(leftTraces: boolean): Promise<void>;
  /**
   * Resolves when no copy is left. Rejects with `store-unavailable` when other processes stand in the way.
   */
  finish(): Promise<void>;
};

export function traceRemover(driver: Driver): TraceRemover {
  let pending = false;

  async function tryOnce(): Promise<void> {
    if (await driver.removeTraces()) pending = false;
  }

  return {
    async afterCommit(leftTraces) {
      pending ||= leftTraces;
      if (!pending) return;
      try {
        await tryOnce();
      } catch {
        // what was committed stands; the next commit tries again
      }
    },
    async finish() {
      pending = true;
      for (let pause = 1; pause <= 1024; pause *= 2) {
        await tryOnce();
        if (!pending) return;
        await sleep(pause);
      }
      throw unavailable(new Error('another process reads the old state of the store'));
    },
  };
}
