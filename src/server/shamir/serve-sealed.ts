import { newId, type SecretBytes } from '#crypto';
import { systemClock, type HttpProtocol, type RootOfTrust } from '#ports';
import { createUnsealApi, type SealStatus } from '#protocols/native';
import { openShamirRoot } from '#roots';
import { openStore } from '#storage';
import { compose, type Composition } from '../compose.ts';
import type { Config } from '../config.ts';
import { createFailures } from '../failures.ts';
import { openHome } from '../home.ts';
import { houseEvent } from '../house-event.ts';
import { listen } from '../listener.ts';
import { createLogger, describeError, type Logger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { protocolsOf } from '../serve.ts';
import { requireOneProcess } from './init-shamir.ts';
import { createQueue } from './queue.ts';
import { createRekeying } from './rekeying.ts';
import { createGeneration, sealedProtocols, type Generation } from './sealed-protocols.ts';
import { createUnsealing, requireParameters, type UnsealFacts } from './unsealing.ts';

/** A server that serves only while it is unsealed. */
export type SealableServer = {
  readonly address: string;
  readonly status: () => Promise<SealStatus>;
  /** Finishes what was accepted, wipes what is secret, and closes everything. */
  readonly stop: () => Promise<void>;
};

/** Hears each time that the server is sealed, or ready. */
export type SealListener = (state: 'sealed' | 'ready', address: string, status: SealStatus) => void;

type Options = { readonly logger?: Logger; readonly onState?: SealListener };

type Unsealed = {
  readonly composition: Composition;
  readonly root: RootOfTrust;
  readonly generation: Generation;
};

const graceMillis = 9000;

/**
 * Starts a node whose root key is in its custodians' shares. It listens at once, takes shares, and refuses everything else in each
 * protocol's own shape; stores and door are built when there are enough. Throws where the home was never initialised.
 */
export async function startSealedServer(config: Config, options: Options = {}): Promise<SealableServer> {
  requireOneProcess(config);
  const logger = options.logger ?? createLogger(config.logLevel);
  await openHome(config.home);
  const store = await openStore(config.databaseUrl);
  let unsealed: Unsealed | null = null;
  let stopped: Promise<void> | null = null;
  const isStopping = () => stopped !== null;
  const metrics = createMetrics();
  metrics.gauge('claviger_sealed', '1 while the server has no root key.', () => (unsealed ? 0 : 1));
  const queue = createQueue();
  const rekeying = createRekeying({ store });
  const unsealing = createUnsealing({
    store,
    queue,
    logger,
    metrics,
    open,
    isSealed: () => unsealed === null,
  });
  const failures = createFailures({ logger, metrics });
  const unsealApi = createUnsealApi({ unsealing, newRequestId: newId, onFailure: failures.answered });
  const sealed = sealedProtocols({
    region: config.region,
    metrics,
    isStopping,
    custodians: unsealing,
    clusterId: (await store.setting('cluster-id')) ?? '',
    onFailure: failures.answered,
  });
  // the listener looks here for every request
  const served: HttpProtocol[] = [unsealApi, ...sealed];
  const serve = (protocols: readonly HttpProtocol[]) =>
    void served.splice(0, served.length, unsealApi, ...protocols);

  async function tell(state: 'sealed' | 'ready'): Promise<void> {
    try {
      options.onState?.(state, listener.address, await unsealing.status());
    } catch (error) {
      logger.warn('the state of the seal could not be told', { state, error: describeError(error) });
    }
  }

  async function open(key: SecretBytes, facts: UnsealFacts): Promise<void> {
    const root = openShamirRoot(key);
    const custody = { ...rekeying, seal: () => void queue(seal) };
    const composition = await compose({ config, logger, worker: 0, root, custody });
    try {
      await recordUnsealing(composition, facts);
    } catch (error) {
      await composition.close();
      throw error;
    }
    composition.metrics.gauge('claviger_sealed', '1 while the server has no root key.', () =>
      unsealed ? 0 : 1,
    );
    const generation = createGeneration(protocolsOf(composition, isStopping, unsealing), sealed);
    unsealed = { composition, root, generation };
    serve(generation.protocols);
    logger.info('the server is unsealed', { setId: facts.setId });
    await tell('ready');
  }

  async function seal(): Promise<void> {
    if (!unsealed) return;
    serve(sealed);
    await unsealed.generation.close(graceMillis);
    await close(unsealed);
    unsealed = null;
    logger.info('the server is sealed');
    await tell('sealed');
  }

  async function close({ composition, root }: Unsealed): Promise<void> {
    rekeying.wipe();
    try {
      await composition.close();
    } catch (error) {
      logger.error('the server was not closed in order', { error: describeError(error) });
    } finally {
      await root.close();
    }
  }

  async function stop(): Promise<void> {
    await listener.stop(graceMillis);
    await queue(async () => {
      unsealing.wipe();
      if (unsealed) await close(unsealed);
      await store.close();
    });
  }

  const listener = await requireParameters(store)
    .then(() =>
      listen({
        config,
        clock: systemClock,
        logger,
        protocols: served,
        onBadRequest: metrics.count(
          'claviger_unreadable_requests_total',
          'Requests that no protocol could read.',
        ),
      }),
    )
    .catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
  await tell('sealed');
  return {
    address: listener.address,
    status: unsealing.status,
    stop: () => (stopped ??= stop()),
  };
}

/** The log tells which shares unsealed the server; what was refused before could not be recorded. */
async function recordUnsealing({ house }: Composition, facts: UnsealFacts): Promise<void> {
  await house.log.append(
    houseEvent({
      at: house.clock.now(),
      node: house.log.node,
      environment: await house.firstEnvironment(),
      operation: 'server.unseal',
      facts: { setId: facts.setId, shares: facts.given.join(' '), refused: facts.refused },
    }),
  );
}
