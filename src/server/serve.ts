import { setFlagsFromString } from 'node:v8';
import type { Authenticated } from '#access';
import { mountAt, mountsOf, openedWithin, spendUse, type House } from '#operations';
import type { Clock, HttpProtocol, KeyDevice } from '#ports';
import { createAwsKms } from '#protocols/aws-kms';
import { createNativeApi } from '#protocols/native';
import { createVault, type Custodians } from '#protocols/vault';
import { compose, type Composition } from './compose.ts';
import type { Config } from './config.ts';
import { createHealth, type ReadinessCheck } from './health.ts';
import { listen } from './listener.ts';
import { createLogger, type Logger } from './logger.ts';

export type RunningServer = {
  readonly address: string;
  readonly composition: Composition;
  /** Finishes what was accepted, within ten seconds, and closes everything. */
  readonly stop: () => Promise<void>;
};

const graceMillis = 9000;

/** Starts one node: opens or initialises its home, and serves. */
export async function startServer(
  config: Config,
  options: { worker?: number; logger?: Logger; clock?: Clock } = {},
): Promise<RunningServer> {
  const logger = options.logger ?? createLogger(config.logLevel);
  const composition = await compose({
    config,
    logger,
    worker: options.worker ?? 0,
    ...(options.clock ? { clock: options.clock } : {}),
  });
  let stopped: Promise<void> | null = null;
  const { metrics } = composition;
  try {
    const listener = await listen({
      config,
      clock: composition.house.clock,
      logger,
      protocols: protocolsOf(composition, () => stopped !== null),
      onBadRequest: metrics.count(
        'claviger_unreadable_requests_total',
        'Requests that no protocol could read.',
      ),
    });
    return {
      address: listener.address,
      composition,
      stop: () => (stopped ??= listener.stop(graceMillis).then(() => composition.close())),
    };
  } catch (error) {
    await composition.close();
    throw error;
  }
}

/** Who asks where nobody has proved anything yet: without a role, in an environment that there is. */
async function anonymous(house: House, environment: string): Promise<Authenticated> {
  const accountId = await house.accountOf(environment);
  const principal = {
    id: 'anonymous',
    environment,
    name: 'anonymous',
    kind: 'service',
    roles: [],
    createdAt: 0,
    disabled: false,
  } as const;
  return { principal, accountId, region: null, credentialId: 'anonymous', method: 'token' };
}

/** Every protocol of a node over its one listener. */
export function protocolsOf(
  composition: Composition,
  isStopping: () => boolean,
  custodians?: Custodians,
): readonly HttpProtocol[] {
  const { door, authenticator, house, newRequestId, metrics, shreds } = composition;
  const onFailure = composition.failures.answered;
  return [
    createAwsKms({
      door,
      newRequestId,
      onFailure,
      authenticate: (request, services) => authenticator.sigv4(request, services),
    }),
    createNativeApi({
      door,
      newRequestId,
      onFailure,
      region: composition.config.region,
      fips: house.fips,
      authenticate: (request) => authenticator.bearer(request),
    }),
    createVault({
      door,
      newRequestId,
      onFailure,
      region: composition.config.region,
      authenticate: (token) => authenticator.token(token),
      openedWithin: (token) => openedWithin(house, token),
      spendUse: (environment, tokenId) => spendUse(house, environment, tokenId),
      anonymous: async (environment) => anonymous(house, environment ?? (await house.firstEnvironment())),
      mountAt: (environment, kind, path) => {
        const table = mountsOf(house, environment);
        return table instanceof Promise
          ? table.then((found) => mountAt(found, kind, path))
          : mountAt(table, kind, path);
      },
      server: {
        state: () => ({ initialized: true, sealed: false }),
        software: house.software,
        clusterName: 'claviger',
        clusterId: composition.clusterId,
        seal: { kind: house.root.describe().kind, shares: 1, threshold: 1 },
        now: () => house.clock.now(),
        ...(custodians ? { custodians } : {}),
      },
    }),
    createHealth({
      metrics,
      isStopping,
      checks: [
        { name: 'store', check: () => house.store.probe() },
        { name: 'shredStore', check: () => shreds.probe() },
        { name: 'rootOfTrust', check: composition.probeRoot },
        { name: 'auditLog', check: async () => house.log.requireWritable() },
        ...deviceCheck(house.devices?.device),
      ],
    }),
  ];
}

function deviceCheck(device: KeyDevice | undefined): readonly ReadinessCheck[] {
  return device ? [{ name: 'device', check: () => device.probe() }] : [];
}

/**
 * Settings of the runtime that a key server wants: no code from strings, no debugger that a signal could start, and a heap that may
 * grow to three times what lives before all of it is collected: by itself V8 does so each second or two under load, and every
 * request waits for it, up to 25 ms.
 */
export function hardenRuntime(): void {
  setFlagsFromString('--disallow-code-generation-from-strings');
  setFlagsFromString('--heap-growing-percent=200');
  process.on('SIGUSR1', () => undefined);
}
