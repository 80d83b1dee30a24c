/** Work in the background that leaves the event loop to those who wait for answers. */
export interface Turns {
  /** Whether the turn is over: then `rest` comes before more work. */
  readonly isOver: () => boolean;
  /** Waits as long as the loop's load asks for, and begins the next turn. */
  readonly rest: () => Promise<void>;
  /** Milliseconds of all turns. */
  readonly spent: () => number;
}

const turnMillis = 4;
/** Turns that a busy loop gets back for one, so that the work has 4 % of it; an idle one gets back one. */
const busyShare = 24;
const busyFrom = 0.3;

export function createTurns(): Turns {
  let begin = performance.now();
  let spent = 0;
  let load = performance.eventLoopUtilization();
  return {
    isOver: () => performance.now() - begin >= turnMillis,
    async rest() {
      const worked = performance.now() - begin;
      spent += worked;
      const now = performance.eventLoopUtilization();
      const { active, idle } = performance.eventLoopUtilization(now, load);
      load = now;
      // what others did since the last rest
      const others = Math.max(0, active - worked) / Math.max(1, active + idle);
      const millis = Math.max(1, worked * (others > busyFrom ? busyShare : 1));
      await new Promise<void>((resume) => setTimeout(resume, millis));
      begin = performance.now();
    },
    spent: () => spent,
  };
}
