import type { HttpProtocol, HttpResponse } from '#ports';
import type { Metrics } from './metrics.ts';

/** One thing that must hold before a node may serve. */
export type ReadinessCheck = { readonly name: string; readonly check: () => Promise<void> };

type Parts = {
  readonly checks: readonly ReadinessCheck[];
  readonly metrics: Metrics;
  readonly isStopping: () => boolean;
  /** The server waits for its custodians: the process is well, and can't do its work. */
  readonly sealed?: boolean;
};

function text(status: number, body: string, type = 'text/plain; charset=utf-8'): HttpResponse {
  return { status, headers: { 'content-type': type, 'cache-control': 'no-store' }, body };
}

const checkMillisMax = 3000;

async function withinTime(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const limit = setTimeout(() => reject(new Error('no answer in time')), checkMillisMax);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(limit);
  }
}

async function readiness({ checks, isStopping }: Parts): Promise<HttpResponse> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      try {
        await withinTime(check());
        return { name, ok: true };
      } catch {
        return { name, ok: false };
      }
    }),
  );
  if (isStopping()) results.push({ name: 'running', ok: false });
  return readinessAnswer(results);
}

function readinessAnswer(results: readonly { readonly name: string; readonly ok: boolean }[]): HttpResponse {
  const ready = results.every(({ ok }) => ok);
  const body = JSON.stringify({
    status: ready ? 'ready' : 'not ready',
    checks: Object.fromEntries(results.map(({ name, ok }) => [name, ok ? 'ok' : 'failing'])),
  });
  return text(ready ? 200 : 503, `${body}\n`, 'application/json');
}

const paths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/metrics']);

/** `/healthz` (the process answers), `/readyz` (it can do its work), `/metrics` (Prometheus). */
export function createHealth(parts: Parts): HttpProtocol {
  return {
    name: 'health',
    bodyMax: 0,
    matches: ({ path }) => paths.has(path),
    handle: (request) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Use GET.\n');
      if (request.path === '/readyz') return readiness(parts);
      if (request.path === '/metrics') return text(200, parts.metrics.render(), 'text/plain; version=0.0.4');
      const sealed = parts.sealed ? ',"sealed":true' : '';
      return text(200, `{"status":"ok"${sealed}}\n`, 'application/json');
    },
    refuse: (problem) =>
      problem === 'shutting-down'
        ? readinessAnswer([{ name: 'running', ok: false }])
        : text(400, 'No request body is read here.\n'),
  };
}
