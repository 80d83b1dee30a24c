import { canBeVerified, mustLook, type Destruction, type Instant } from '#domain';
import { liveNodes, operations, type Door, type House } from '#operations';
import { describeError, type Logger } from './logger.ts';

type Parts = { readonly house: House; readonly door: Door; readonly logger: Logger };

/** Looks, after the destruction of keys, that nothing of them opens on this node; told what it saw, the store counts to the last step. */
export type Destructions = {
  /** One round. */
  readonly attend: () => Promise<void>;
};

const pageSize = 100;
/** As many as a round looks at: what else a round has to do waits for no more. */
const looksMax = 100;
/** Milliseconds until a key that could not be looked for is tried again. */
const postponedMillis = 60_000;

export function createDestructions({ house, door, logger }: Parts): Destructions {
  const { node } = house.log;
  const postponed = new Map<string, Instant>();

  async function* executed(): AsyncGenerator<Destruction> {
    for (let after: string | null = null; ; ) {
      const page = await house.store.destructions.inStep('executed', { after, limit: pageSize });
      yield* page;
      after = page.at(-1)?.id ?? null;
      if (page.length < pageSize) return;
    }
  }

  async function look({ id, keyId, environment }: Destruction, now: Instant): Promise<void> {
    try {
      // what this node remembers of it may be older than its end
      house.keys.drop([`key:${keyId}`]);
      const after = await door.runAsSystem(operations.checkDestruction, environment, {
        key: { kind: 'id', id: keyId },
      });
      const open = after.checks.filter((check) => check.node === node && check.opens);
      if (open.length === 0) return;
      const versions = open.map(({ version }) => version).join(', ');
      const next = 'take away what restored it, or destroy what was left; it is looked at again in an hour';
      logger.error('a destroyed key can still be opened', { keyId, destruction: id, versions, next });
    } catch (error) {
      postponed.set(id, now + postponedMillis);
      logger.warn('a destroyed key could not be looked for and will be again', {
        keyId,
        destruction: id,
        error: describeError(error),
      });
    }
  }

  return {
    async attend() {
      const now = house.clock.now();
      for (const [id, until] of postponed) if (until <= now) postponed.delete(id);
      const nodes = await liveNodes(house);
      let looks = 0;
      for await (const destruction of executed()) {
        if (postponed.has(destruction.id)) continue;
        if (!mustLook(destruction, { node, liveNodes: nodes, now }) && !canBeVerified(destruction, nodes))
          continue;
        await look(destruction, now);
        looks += 1;
        if (looks === looksMax) return;
      }
    },
  };
}
