import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { AuditEvent } from '#domain';
import { configOf, readCredentials, recordingLogger, temporaryFolder } from './home.fixture.ts';
import { startServer } from './serve.ts';

async function running(test: TestContext) {
  const home = temporaryFolder(test);
  const { logger, lines } = recordingLogger();
  const server = await startServer(configOf(home), { logger });
  test.after(() => server.stop());
  const token = readCredentials(home)['CLAVIGER_TOKEN'] ?? '';
  const ask = (path: string, bearer = token, init: RequestInit = {}) =>
    fetch(`${server.address}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${bearer}` } });
  return { server, lines, ask };
}

describe('a server', () => {
  it('counts and logs whom it does not recognise, on every protocol', async (test) => {
    const { server, lines, ask } = await running(test);
    assert.equal((await ask('/keys', 'clv_not_a_token_of_this_house')).status, 401);
    const aws = await fetch(server.address, { method: 'POST', body: '{}' });
    assert.match(await aws.text(), /MissingAuthenticationTokenException/);
    const page = await (await fetch(`${server.address}/metrics`)).text();
    assert.match(page, /unauthenticated_requests_total\{protocol="native",reason="credential-unknown"\} 1/);
    assert.match(page, /unauthenticated_requests_total\{protocol="aws-kms",reason="not-authenticated"\} 1/);
    const warned = lines().filter(({ level }) => level === 'warn');
    assert.deepEqual(
      warned.map(({ protocol, sourceAddress }) => [protocol, sourceAddress]),
      [
        ['native', '127.0.0.1'],
        ['aws-kms', '127.0.0.1'],
      ],
    );
    assert.equal(warned[1]?.['requestId'], aws.headers.get('x-amzn-requestid'));
    assert.doesNotMatch(JSON.stringify(lines()), /clv_/);
  });

  it('logs the cause of its own fault under the id that the caller was told', async (test) => {
    const { server, lines, ask } = await running(test);
    const { log } = server.composition.house;
    const append = log.append.bind(log);
    test.mock.method(log, 'append', (event: AuditEvent) =>
      event.outcome === 'success' ? Promise.reject(new Error('the disk fell off')) : append(event),
    );
    const answer = await ask('/keys');
    assert.equal(answer.status, 500);
    const requestId = answer.headers.get('x-request-id');
    const faults = lines().filter(({ level }) => level === 'error');
    assert.equal(faults.length, 1);
    assert.equal(faults[0]?.['requestId'], requestId);
    assert.match(String(faults[0]?.['error']), /the disk fell off/);
    assert.doesNotMatch(await answer.text(), /disk/);
  });

  it('stops once, however often it is told to, and all wait for it', async (test) => {
    const { server } = await running(test);
    const { house } = server.composition;
    const first = server.stop();
    const second = server.stop();
    let isClosed = false;
    void first.then(() => {
      isClosed = true;
    });
    await second;
    assert.equal(isClosed, true);
    await assert.rejects(house.store.probe());
    await assert.rejects(fetch(`${server.address}/healthz`));
  });
});
