import type { TestContext } from 'node:test';
import type { Caller } from '#operations';
import type { Clock } from '#ports';
import { compose, type Composition } from './compose.ts';
import { configOf, readCredentials, recordingLogger } from './home.fixture.ts';
import type { Logger } from './logger.ts';

type Wish = { readonly name?: string; readonly clock?: Clock; readonly logger?: Logger };

/** A node without a listener; nodes of one home share its stores and have names of their own. */
export async function startNode(test: TestContext, home: string, wish: Wish = {}): Promise<Composition> {
  const config = configOf(home, { CLAVIGER_NODE: wish.name ?? 'one' });
  const logger = wish.logger ?? recordingLogger().logger;
  const composition = await compose({
    config,
    logger,
    worker: 0,
    ...(wish.clock ? { clock: wish.clock } : {}),
  });
  test.after(() => composition.close());
  return composition;
}

/** The first administrator, as a protocol would hand it over. */
export async function administrator(
  { authenticator, newRequestId }: Composition,
  home: string,
): Promise<Caller> {
  const authorization = `Bearer ${readCredentials(home)['CLAVIGER_TOKEN'] ?? ''}`;
  const { principal, accountId } = await authenticator.bearer({
    rawHeaders: ['Authorization', authorization],
  });
  return {
    principal,
    accountId,
    region: 'us-east-1',
    protocol: 'native',
    protocolOperation: '-',
    sourceAddress: '-',
    userAgent: '-',
    secureTransport: true,
    requestId: newRequestId(),
  };
}
