import {
  dueAt,
  endWaitingDays,
  periodTaskDue,
  periodTasks,
  rotationDue,
  type Key,
  type PeriodTask,
} from '#domain';
import { operations, type Door, type House } from '#operations';

type Parts = { readonly house: Pick<House, 'store'>; readonly door: Door };
type Reference = { readonly key: { readonly kind: 'id'; readonly id: string } };

const endReason = 'the recipient period of its newest version is over';
/** More than a key can have to do at once: each of its tasks, and what they make due. */
const stepsMax = 8;

const tasks: Readonly<
  Record<PeriodTask, (door: Door, environment: string, key: Reference) => Promise<unknown>>
> = Object.freeze({
  'end-extension': (door, environment, key) =>
    door.runAsSystem(operations.endPeriodExceptions, environment, key),
  'tell-near-end': (door, environment, key) => door.runAsSystem(operations.tellNearEnd, environment, key),
  deactivate: (door, environment, key) => door.runAsSystem(operations.deactivateEnded, environment, key),
  'destroy-versions': (door, environment, key) =>
    door.runAsSystem(operations.destroyEndedVersions, environment, key),
  'destroy-key': (door, environment, key) =>
    door.runAsSystem(operations.scheduleDestruction, environment, {
      ...key,
      waitingDays: endWaitingDays,
      reason: endReason,
    }),
});

/** Does all that the crypto-period of a key asks for now, in the order in which it came due. */
export async function attendPeriod({ house, door }: Parts, first: Key, now: number): Promise<void> {
  const reference: Reference = { key: { kind: 'id', id: first.id } };
  for (let key: Key | undefined = first, step = 0; key && step < stepsMax; step += 1) {
    const next = firstDue(key, now);
    if (next === null) {
      if (step === 0) await refresh(door, key, now);
      return;
    }
    if (next === 'rotate')
      await door.runAsSystem(operations.rotateDueKey, key.environment, { ...reference, spentVersion: null });
    else await tasks[next](door, key.environment, reference);
    key = (await house.store.key(first.id))?.key;
  }
}

function firstDue(key: Key, now: number): PeriodTask | 'rotate' | null {
  if ((dueAt(key) ?? Infinity) > now) return null;
  const dates = [
    { task: 'rotate' as const, at: rotationDue(key) },
    ...periodTasks.map((task) => ({ task, at: periodTaskDue(key, task) })),
  ];
  let found: { task: PeriodTask | 'rotate'; at: number } | null = null;
  for (const { task, at } of dates)
    if (at !== null && at <= now && (found === null || at < found.at)) found = { task, at };
  return found?.task ?? null;
}

/** A key that the store took for due, and is not: its date was put down by an older version of the program. */
async function refresh(door: Door, key: Key, now: number): Promise<void> {
  const due = dueAt(key);
  if (due !== null && due <= now) return;
  await door.runAsSystem(operations.holdToPeriodPolicy, key.environment, {
    key: { kind: 'id', id: key.id },
    isStale: true,
  });
}
