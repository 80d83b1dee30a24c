import { operations, type Door, type House } from '#operations';

const leaseMillis = 30_000;
/** Commits that a round makes in each environment at most. */
const turns = 5;

type Parts = {
  readonly house: House;
  readonly door: Door;
  /** What the work answers; undefined where it failed, which stops no other's. */
  readonly guarded: <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>;
};

/** Takes away the documents that have expired, a commit of each environment after the other; one node does. */
export async function sweepExpired({ house, door, guarded }: Parts): Promise<void> {
  const { documents } = house.store;
  const now = house.clock.now();
  const lease = { name: 'sweep', holder: house.log.node, until: now + leaseMillis };
  if ((await documents.expired(now, 1)).length === 0 || !(await house.store.takeLease(lease, now))) return;
  let waiting = (await house.store.environments()).map(({ environment }) => environment.name);
  for (let turn = 0; turn < turns && waiting.length > 0; turn += 1) {
    const still: string[] = [];
    for (const environment of waiting) {
      if ((await documents.expired(now, 1, environment)).length === 0) continue;
      const done = await guarded(`documents of ${environment}`, () =>
        door.runAsSystem(operations.sweepDocuments, environment, {}),
      );
      if (done?.isMore) still.push(environment);
    }
    waiting = still;
  }
}
