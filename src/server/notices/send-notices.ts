import { hasCode } from '#domain';
import { type Door, dueNotices, type House, operations, type WaitingNotice } from '#operations';
import type { Metrics } from '../metrics.ts';
import { backOff, shortReason } from './back-off.ts';
import type { Destination } from './destination.ts';

const leaseMillis = 60_000;
/** With the time between them, about 15 hours. */
export const attemptsMax = 24;
const retryMillisMax = 3_600_000;
/** Notices to one destination in one round: then it is looked again who sends. */
const atOnce = 20;

type Parts = {
  readonly house: House;
  readonly door: Door;
  readonly destinations: readonly Destination[];
  readonly metrics: Metrics;
};

/** Sends what waits. What is sent and not yet taken down is sent again by whoever comes next: at least once, never not at all. */
export interface NoticeSender {
  /** Begins whatever is due and not under way; resolves when that was tried. One node at a time does it. */
  readonly round: () => Promise<void>;
}

export function createNoticeSender({ house, door, destinations, metrics }: Parts): NoticeSender {
  const byName = new Map(destinations.map((one) => [one.name, one]));
  const busy = new Set<string>();
  let waiting = 0;
  const count = metrics.count('claviger_notices_total', 'Tries to send a notice.', [
    'destination',
    'outcome',
  ]);
  metrics.gauge(
    'claviger_notices_waiting',
    'Notices that are to be tried now, as this node last saw them.',
    () => waiting,
  );

  async function send(
    environment: string,
    { id, destination, attempts, notice }: WaitingNotice,
  ): Promise<void> {
    const settle = (
      outcome: 'delivered' | 'again' | 'dead',
      problem: string | null,
      nextAt: number | null,
    ) => {
      count(destination, outcome);
      return door.runAsSystem(operations.settleNotice, environment, { id, outcome, problem, nextAt });
    };
    const found = byName.get(destination);
    if (!found) return void (await settle('dead', 'There is no such destination any more.', null));
    try {
      await found.sendNotice(notice);
    } catch (error) {
      const tries = attempts + 1;
      const isOver = tries >= attemptsMax;
      const nextAt = isOver ? null : house.clock.now() + backOff(tries, retryMillisMax);
      return void (await settle(isOver ? 'dead' : 'again', shortReason(error), nextAt));
    }
    await settle('delivered', null, null);
  }

  type Due = { readonly environment: string; readonly notice: WaitingNotice };

  /** One after the other, so that a destination that hangs holds up its own notices alone. */
  async function sendAll(destination: string, due: readonly Due[]): Promise<void> {
    if (busy.has(destination)) return;
    busy.add(destination);
    try {
      for (const { environment, notice } of due.slice(0, atOnce)) {
        try {
          await send(environment, notice);
        } catch (error) {
          // another node was quicker to take it down
          if (!hasCode(error, 'conflict')) throw error;
        }
      }
    } finally {
      busy.delete(destination);
    }
  }

  return {
    async round() {
      const now = house.clock.now();
      const lease = { name: 'notices', holder: house.log.node, until: now + leaseMillis };
      if (!(await house.store.takeLease(lease, now))) return;
      const due: Due[] = [];
      for (const { environment } of await house.store.environments())
        for (const notice of await dueNotices(house, environment.name))
          due.push({ environment: environment.name, notice });
      waiting = due.length;
      const names = new Set(due.map(({ notice }) => notice.destination));
      const of = (name: string) => due.filter(({ notice }) => notice.destination === name);
      await Promise.all([...names].map((name) => sendAll(name, of(name))));
    },
  };
}
