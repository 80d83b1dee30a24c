import { requireScheme, SecretBytes, type ShareScheme } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import type { Store } from '#ports';
import { newShareSet, openShamirRoot, type ShareSet } from '#roots';
import { openStore } from '#storage';
import { compose } from '../compose.ts';
import type { Config } from '../config.ts';
import { credentialsFile } from '../credentials-file.ts';
import { openHome } from '../home.ts';
import type { InitReport } from '../initialise.ts';
import { createLogger } from '../logger.ts';
import { claimFirstParameters, currentParameters } from './parameters.ts';

/** Gives the shares to their custodians, for good: when it resolves they can't be lost with this process. */
export type ShareDelivery = (set: ShareSet) => Promise<void>;

/**
 * Makes a home whose root key is nowhere but in its custodians' shares. They are delivered before the home depends on them: after a
 * crash either they unseal it, or there is no home and all can be repeated. A home that has shares is left alone.
 */
export async function initShamirHome(
  config: Config,
  scheme: ShareScheme,
  deliver: ShareDelivery,
): Promise<InitReport> {
  requireScheme(scheme);
  requireOneProcess(config);
  await openHome(config.home);
  const store = await openStore(config.databaseUrl);
  let key: SecretBytes;
  try {
    if (await currentParameters(store)) return await lookAt(config, store);
    await requireEmpty(store);
    key = await makeKey(store, scheme, deliver);
  } finally {
    await store.close();
  }
  const composition = await compose({
    config,
    logger: createLogger('silent'),
    worker: 0,
    root: openShamirRoot(key),
  });
  await composition.close();
  return composition.report;
}

async function makeKey(store: Store, scheme: ShareScheme, deliver: ShareDelivery): Promise<SecretBytes> {
  const key = SecretBytes.random(32);
  const set = await newShareSet(key, scheme);
  try {
    await deliver(set);
    await claimFirstParameters(store, set.parameters);
    return key;
  } catch (error) {
    key[Symbol.dispose]();
    throw error;
  } finally {
    for (const text of set.texts) text.fill(0);
  }
}

async function lookAt(config: Config, store: Store): Promise<InitReport> {
  const environments = (await store.environments()).map((stored) => stored.environment);
  return { created: false, home: config.home, environments, credentialsFile: credentialsFile(config.home) };
}

async function requireEmpty(store: Store): Promise<void> {
  if ((await store.setting('house-key')) === null && (await store.environments()).length === 0) return;
  throw new StopError(
    'root-refused',
    'The store has another root of trust already: it can only be migrated.',
  );
}

/** The root key is in the memory of the process that was unsealed, and of no other. */
export function requireOneProcess({ workers }: Pick<Config, 'workers'>): void {
  if (workers === 1) return;
  throw new ClavigerError(
    'configuration-invalid',
    'A shamir: root is unsealed process by process: set workers to 1, and run more nodes instead.',
    { details: { setting: 'workers' } },
  );
}
