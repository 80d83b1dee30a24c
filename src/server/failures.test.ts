import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClavigerError, type ErrorCode } from '#domain';
import { createFailures } from './failures.ts';
import { recordingLogger } from './home.fixture.ts';
import { createMetrics } from './metrics.ts';
import { createThrottle } from './throttle.ts';

function houseOf() {
  let now = 0;
  const { logger, lines } = recordingLogger();
  const metrics = createMetrics();
  const failures = createFailures({ logger, metrics, now: () => now });
  return {
    failures,
    lines,
    page: () => metrics.render(),
    wait: (millis: number) => {
      now += millis;
    },
    answer: (
      error: ClavigerError,
      authorization = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/x, Signature=abc',
    ) =>
      failures.answered({
        protocol: 'aws-kms',
        requestId: 'r1',
        request: { rawHeaders: ['Host', 'a', 'authorization', authorization], remoteAddress: '10.0.0.9' },
        error,
      }),
  };
}

const error = (code: ErrorCode, cause?: unknown, field?: string) =>
  new ClavigerError(code, `The message of ${code}.`, { cause, details: field ? { field } : {} });

describe('a caller that is not recognised', () => {
  it('is counted by reason and told in the log, without what it signed', () => {
    const house = houseOf();
    for (const code of [
      'not-authenticated',
      'signature-mismatch',
      'credential-unknown',
      'credential-expired',
      'request-expired',
    ] as const)
      house.answer(error(code));
    house.answer(error('input-invalid', undefined, 'authorization'));
    assert.deepEqual(
      house
        .lines()
        .map(({ level, reason, sourceAddress, accessKeyId, requestId }) => [
          level,
          reason,
          sourceAddress,
          accessKeyId,
          requestId,
        ]),
      [
        'not-authenticated',
        'signature-mismatch',
        'credential-unknown',
        'credential-expired',
        'request-expired',
        'malformed',
      ].map((reason) => ['warn', reason, '10.0.0.9', 'AKIDEXAMPLE', 'r1']),
    );
    assert.doesNotMatch(JSON.stringify(house.lines()), /Signature/);
    assert.match(
      house.page(),
      /claviger_unauthenticated_requests_total\{protocol="aws-kms",reason="malformed"\} 1/,
    );
  });

  it('never has a secret in the log that stands where the access key id should', () => {
    const house = houseOf();
    for (const text of [
      'AWS4-HMAC-SHA256 Credential=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY/20150830/us-east-1/kms/aws4_request',
      'AWS4-HMAC-SHA256 Credential=clv_secret/20150830/us-east-1/kms/aws4_request',
      'Bearer clv_verysecrettoken',
      '',
    ]) {
      house.answer(error('not-authenticated'), text);
    }
    assert.deepEqual(
      house.lines().map(({ accessKeyId }) => accessKeyId),
      [null, null, null, null],
    );
    assert.doesNotMatch(JSON.stringify(house.lines()), /wJalr|clv_|K7MD/);
  });

  it('can not flood the log, and what was held back is told', () => {
    const house = houseOf();
    for (let count = 0; count < 1000; count += 1) house.answer(error('signature-mismatch'));
    assert.equal(house.lines().length, 20);
    house.wait(1000);
    house.answer(error('signature-mismatch'));
    assert.equal(house.lines().length, 21);
    assert.equal(house.lines()[20]?.['heldBack'], 980);
    assert.match(house.page(), /reason="signature-mismatch"\} 1001/);
  });
});

describe('a fault of the house', () => {
  it('is in the log with the request id and its causes, once', () => {
    const house = houseOf();
    const fault = error('internal', new TypeError('x is undefined'));
    house.failures.failed('r1', 'keys.encrypt', fault);
    house.answer(fault);
    const [line, ...more] = house.lines();
    assert.equal(more.length, 0);
    assert.equal(line?.['level'], 'error');
    assert.equal(line?.['requestId'], 'r1');
    assert.equal(line?.['operation'], 'keys.encrypt');
    assert.equal(line?.['code'], 'internal');
    assert.match(String(line?.['error']), /The message of internal\. <- TypeError: x is undefined/);
  });

  it('that happens before the door is there, too', () => {
    const house = houseOf();
    for (const code of [
      'internal',
      'integrity-failed',
      'store-unavailable',
      'root-unavailable',
      'audit-unavailable',
    ] as const)
      house.answer(error(code));
    assert.equal(house.lines().length, 5);
    assert.ok(house.lines().every(({ level, protocol }) => level === 'error' && protocol === 'aws-kms'));
  });

  it('is bounded as well', () => {
    const house = houseOf();
    for (let count = 0; count < 1000; count += 1) house.answer(error('store-unavailable'));
    assert.equal(house.lines().length, 100);
  });
});

it('what callers do wrong otherwise is not in the server log', () => {
  const house = houseOf();
  for (const code of ['access-denied', 'key-not-found', 'ciphertext-invalid', 'conflict', 'busy'] as const)
    house.answer(error(code));
  house.answer(error('input-invalid', undefined, 'body'));
  assert.equal(house.lines().length, 0);
});

it('a throttle fills up again, never beyond its burst, and bears a clock that goes back', () => {
  let now = 0;
  const may = createThrottle({ burst: 2, perSecond: 10 }, () => now);
  assert.deepEqual([may(), may(), may(), may()], [0, 0, null, null]);
  now = 100;
  assert.deepEqual([may(), may()], [2, null]);
  now = 60_000;
  assert.deepEqual([may(), may(), may()], [1, 0, null]);
  now = 0;
  assert.equal(may(), null);
});
