import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { HttpRequest, HttpResponse } from '#ports';
import { createHealth, type ReadinessCheck } from './health.ts';
import { createMetrics } from './metrics.ts';

function requestOf(path: string, method = 'GET'): HttpRequest {
  const nothing = { query: '', rawHeaders: [], headers: {}, body: new Uint8Array(), remoteAddress: '-' };
  return { method, path, secure: false, receivedAt: 0, ...nothing };
}

type Wish = { readonly checks?: readonly ReadinessCheck[]; readonly stopping?: boolean };

async function ask(path: string, { checks = [], stopping = false }: Wish = {}, method = 'GET') {
  const health = createHealth({ checks, metrics: createMetrics(), isStopping: () => stopping });
  return read(await health.handle(requestOf(path, method)));
}

function read({ status, body, headers }: HttpResponse) {
  const json = headers['content-type'] === 'application/json';
  return { status, body: json ? (JSON.parse(String(body)) as unknown) : String(body) };
}

const good: ReadinessCheck = { name: 'store', check: () => Promise.resolve() };
const bad: ReadinessCheck = { name: 'shredStore', check: () => Promise.reject(new Error('secret detail')) };
const thrown: ReadinessCheck = {
  name: 'auditLog',
  check: () => {
    throw new Error('secret detail');
  },
};

describe('readiness', () => {
  it('is 200 while everything works', async () => {
    assert.deepEqual(await ask('/readyz', { checks: [good] }), {
      status: 200,
      body: { status: 'ready', checks: { store: 'ok' } },
    });
  });

  it('names each part that fails, and tells no more of it', async () => {
    assert.deepEqual(await ask('/readyz', { checks: [good, bad, thrown] }), {
      status: 503,
      body: { status: 'not ready', checks: { store: 'ok', shredStore: 'failing', auditLog: 'failing' } },
    });
  });

  it('does not wait for a part that never answers', async (test: TestContext) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const stuck: ReadinessCheck = { name: 'store', check: () => new Promise(() => undefined) };
    const asked = ask('/readyz', { checks: [stuck] });
    test.mock.timers.tick(3000);
    assert.deepEqual((await asked).body, { status: 'not ready', checks: { store: 'failing' } });
  });

  it('is red as soon as the server stops, also for requests that come then', async () => {
    const stopping = {
      status: 503,
      body: { status: 'not ready', checks: { store: 'ok', running: 'failing' } },
    };
    assert.deepEqual(await ask('/readyz', { checks: [good], stopping: true }), stopping);
    const health = createHealth({ checks: [good], metrics: createMetrics(), isStopping: () => true });
    assert.deepEqual(read(health.refuse('shutting-down')), {
      status: 503,
      body: { status: 'not ready', checks: { running: 'failing' } },
    });
  });
});

describe('the other pages', () => {
  it('are healthz, livez and metrics, to be read only', async () => {
    for (const path of ['/healthz', '/livez']) {
      assert.deepEqual(await ask(path, { checks: [bad] }), { status: 200, body: { status: 'ok' } });
      assert.equal((await ask(path, {}, 'HEAD')).status, 200);
      assert.equal((await ask(path, {}, 'POST')).status, 405);
    }
    assert.match(String((await ask('/metrics')).body), /^# HELP /);
    const health = createHealth({ checks: [], metrics: createMetrics(), isStopping: () => false });
    assert.equal(health.bodyMax, 0);
    assert.equal(health.refuse('body-too-large').status, 400);
    for (const path of ['/', '/healthz/', '/readyz/x', '/api/v1/']) {
      assert.equal(health.matches({ method: 'GET', path, headers: {} }), false);
    }
  });
});
