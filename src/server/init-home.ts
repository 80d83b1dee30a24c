import { hasCode } from '#domain';
import { openStore } from '#storage';
import { compose } from './compose.ts';
import type { Config } from './config.ts';
import { credentialsFile } from './credentials-file.ts';
import type { InitReport } from './initialise.ts';
import { createLogger } from './logger.ts';

/** Makes what a first start makes, without serving; a home that is there already is only looked at. */
export async function initHome(config: Config): Promise<InitReport> {
  try {
    const composition = await compose({ config, logger: createLogger('silent'), worker: 0 });
    await composition.close();
    return composition.report;
  } catch (error) {
    // a server that runs holds the log, and has initialised the home before
    if (!hasCode(error, 'conflict')) throw error;
    return await lookAt(config);
  }
}

async function lookAt(config: Config): Promise<InitReport> {
  const store = await openStore(config.databaseUrl);
  try {
    const environments = (await store.environments()).map((stored) => stored.environment);
    const file = credentialsFile(config.home);
    return { created: false, home: config.home, environments, credentialsFile: file };
  } finally {
    await store.close();
  }
}
