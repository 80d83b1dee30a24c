import type { Instant } from '#domain';
import { hasEndedSecrets, operations, type Door, type House } from '#operations';

type Parts = { readonly house: House; readonly door: Door };

/** Destroys the shred secrets of values that were evicted, and those that a process left behind which ended too early. */
export type SecretEndings = {
  /** One round. */
  readonly attend: () => Promise<void>;
};

const atOnce = 100;
/** Batches of an environment in one round: what else a round has to do waits for no more. */
const batchesMax = 100;
/** Milliseconds between two looks at an environment that had nothing to do. */
const pauseMillis = 10_000;

export function createSecretEndings({ house, door }: Parts): SecretEndings {
  let nextLook: Instant = 0;

  async function attendTo(environment: string): Promise<boolean> {
    for (let batch = 0; batch < batchesMax; batch += 1) {
      if (!(await hasEndedSecrets(house, environment))) return true;
      await door.runAsSystem(operations.shredEndedSecrets, environment, { limit: atOnce });
    }
    return false;
  }

  return {
    async attend() {
      const now = house.clock.now();
      // a clock that was set back does not stop it
      if (now < nextLook && nextLook - now <= pauseMillis) return;
      let isDone = true;
      for (const { environment } of await house.store.environments())
        isDone = (await attendTo(environment.name)) && isDone;
      nextLook = isDone ? now + pauseMillis : 0;
    },
  };
}
