import type { TestContext } from 'node:test';
import type { Metrics } from '../metrics.ts';
import { createMetrics } from '../metrics.ts';
import { configOf, recordingLogger, temporaryFolder } from '../home.fixture.ts';
import type { Config } from '../config.ts';
import { initShamirHome } from './init-shamir.ts';
import { startSealedServer, type SealableServer, type SealListener } from './serve-sealed.ts';

/** A home in shares, and the shares as their custodians have them. */
export type ShamirHome = {
  readonly home: string;
  readonly config: Config;
  readonly shares: readonly string[];
};

export async function shamirHome(
  test: Pick<TestContext, 'after'>,
  home = temporaryFolder(test),
): Promise<ShamirHome> {
  const config = configOf(home, { CLAVIGER_ROOT: 'shamir:' });
  const shares: string[] = [];
  await initShamirHome(config, { shares: 5, threshold: 3 }, async ({ texts }) => {
    shares.push(...texts.map((text) => Buffer.from(text).toString('latin1')));
  });
  return { home, config, shares };
}

export type Told = { readonly status: number; readonly body: Record<string, unknown> };

export type TestSealable = {
  readonly server: SealableServer;
  readonly states: string[];
  readonly lines: () => readonly Record<string, unknown>[];
  readonly ask: (method: string, path: string, body?: unknown, token?: string) => Promise<Told>;
  readonly unseal: (...shares: (string | undefined)[]) => Promise<Told>;
};

/** A server in this process, sealed, that stops when the test ends. */
export async function startSealable(test: Pick<TestContext, 'after'>, config: Config): Promise<TestSealable> {
  const { logger, lines } = recordingLogger();
  const states: string[] = [];
  const onState: SealListener = (state) => void states.push(state);
  const server = await startSealedServer(config, { logger, onState });
  test.after(() => server.stop());
  const ask: TestSealable['ask'] = async (method, path, body, token) => {
    const answer = await fetch(`${server.address}${path}`, {
      method,
      ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : { text } };
  };
  return {
    server,
    states,
    lines,
    ask,
    async unseal(...shares) {
      let last: Told = { status: 0, body: {} };
      for (const share of shares) last = await ask('POST', '/api/v1/unseal', { share });
      return last;
    },
  };
}

export function metricsPage(): { metrics: Metrics; page: () => string } {
  const metrics = createMetrics();
  return { metrics, page: () => metrics.render() };
}
