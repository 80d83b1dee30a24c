import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { signingKey } from '#crypto';
import { ClavigerError, type ErrorCode } from '#domain';
import { knownAnswers } from './known-answers.fixture.ts';
import {
  accessKeyId,
  altered,
  secret,
  signedAt,
  signRequest,
  type Wish,
  withHeader,
} from './sign.fixture.ts';
import { readClaim } from './claim.ts';
import { headerOf } from './raw-headers.ts';
import { requireFresh, requireSignature, type SignedRequest } from './sigv4.ts';

function check(request: SignedRequest, now = signedAt): void {
  const signed = readClaim(headerOf(request.rawHeaders, 'authorization'));
  const { claim } = signed;
  const stamp = requireFresh(claim, request.rawHeaders, now);
  const key = signingKey(Buffer.from(claim.accessKeyId === accessKeyId ? secret : 'of another'), claim);
  requireSignature(request, signed, { key, stamp });
}

function refuses(request: SignedRequest, code: ErrorCode, message?: RegExp, now = signedAt): void {
  assert.throws(
    () => check(request, now),
    (error: unknown) => {
      assert.ok(error instanceof ClavigerError, String(error));
      assert.equal(error.code, code);
      if (message) assert.match(error.message, message);
      return true;
    },
  );
}

describe('Signature Version 4, known answers', () => {
  for (const answer of knownAnswers) {
    it(`${answer.name}${answer.published ? ' (published by AWS)' : ''}`, () => {
      const authorization =
        `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20150830/${answer.scope}/aws4_request, ` +
        `SignedHeaders=${answer.signedHeaders}, Signature=${answer.signature}`;
      const rawHeaders = Object.entries({ ...answer.headers, Authorization: authorization }).flat();
      const { method, query, body } = answer;
      check({ method, path: '/', query, rawHeaders, body: Buffer.from(body), receivedAt: signedAt });
    });
  }

  it('has enough of them, also of AWS itself', () => {
    assert.ok(knownAnswers.length >= 12);
    assert.ok(knownAnswers.filter(({ published }) => published).length >= 7);
  });
});

describe('what is signed', () => {
  const target = ['X-Amz-Target', 'TrentService.Encrypt'] as const;
  const good = signRequest({ headers: [target] });

  it('accepts what an independent signer signs', () => {
    check(good);
    check(signRequest({ headers: [['X-Amz-Meta', '  a   b  ']] }));
    check(signRequest({ query: 'a=1&a-b=2&a1=3', method: 'GET', body: '' }));
  });

  it('joins repeated headers in the order in which they came', () => {
    const twice = [
      ['X-Amz-Meta', 'one'],
      ['x-amz-meta', 'two'],
    ] as const;
    const request = signRequest({ headers: twice });
    check(request);
    const rawHeaders = request.rawHeaders.map((entry) =>
      entry === 'one' ? 'two' : entry === 'two' ? 'one' : entry,
    );
    refuses(altered(request, { rawHeaders }), 'signature-mismatch');
  });

  it('covers method, path, query, body and every signed header', () => {
    refuses(altered(good, { method: 'GET' }), 'signature-mismatch');
    refuses(altered(good, { path: '/x' }), 'signature-mismatch');
    refuses(altered(good, { query: 'a=1' }), 'signature-mismatch');
    refuses(altered(good, { body: Buffer.from('{ }') }), 'signature-mismatch');
    refuses(altered(good, { body: new Uint8Array(0) }), 'signature-mismatch');
    refuses(withHeader(good, 'X-Amz-Target', 'TrentService.Decrypt'), 'signature-mismatch');
    refuses(withHeader(good, 'Host', 'kms.example:8200'), 'signature-mismatch');
    const more = altered(good, { rawHeaders: [...good.rawHeaders, 'x-amz-target', 'TrentService.Decrypt'] });
    refuses(more, 'signature-mismatch');
  });

  it('is not touched by headers that are not signed', () => {
    check(withHeader(withHeader(good, 'User-Agent', 'a'), 'X-Forwarded-For', '::1'));
  });

  it('is bound to secret, region, service and day', () => {
    const { rawHeaders } = good;
    const authorization = rawHeaders.at(-1) ?? '';
    for (const [part, other] of [
      ['us-east-1', 'us-east-2'],
      ['/kms/', '/sts/'],
      [/.{8}$/, '00000000'],
    ] as const) {
      refuses(withHeader(good, 'Authorization', authorization.replace(part, other)), 'signature-mismatch');
    }
    refuses(signRequest({ secret: `${secret}.` }), 'signature-mismatch');
    refuses(signRequest({ scopeDate: '20150829' }), 'signature-mismatch', /'20150829' != '20150830'/);
  });

  it('needs host and x-amz-date, sent, once, and signed', () => {
    const authorization = good.rawHeaders.at(-1) ?? '';
    const unsigned = (name: string) =>
      withHeader(good, 'Authorization', authorization.replace(new RegExp(`${name};|;${name}(?=,)`), ''));
    refuses(unsigned('host'), 'input-invalid', /host/);
    refuses(unsigned('x-amz-date'), 'input-invalid', /x-amz-date/);
    refuses(withHeader(good, 'Host', null), 'input-invalid', /host is missing/);
    refuses(withHeader(good, 'X-Amz-Date', null), 'input-invalid', /x-amz-date/);
    for (const name of ['Host', 'X-Amz-Date', 'Authorization']) {
      const value = headerOf(good.rawHeaders, name.toLowerCase()) ?? '';
      const rawHeaders = [...good.rawHeaders, name.toUpperCase(), value];
      refuses(altered(good, { rawHeaders }), 'input-invalid', /twice/);
    }
  });

  it('hashes the body itself: a claimed hash must be that of the body, and nothing may go unsigned', () => {
    const hash = (value: string) => signRequest({ body: 'x', headers: [['X-Amz-Content-Sha256', value]] });
    check(hash('2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'));
    for (const wrong of ['UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', '', '0'.repeat(64)]) {
      refuses(hash(wrong), 'signature-mismatch', /hash of the body/);
    }
  });
});

describe('the date of a signed request', () => {
  const seconds = 1000;
  const minutes = 60 * seconds;
  const good = signRequest();

  it('may be five minutes away, and not a second more', () => {
    for (const side of [-1, 1]) {
      check(good, signedAt + side * 5 * minutes);
      refuses(good, 'request-expired', undefined, signedAt + side * (5 * minutes + seconds));
    }
  });

  it('is told with the bound that it broke, as AWS does', () => {
    const told = (now: number) => {
      try {
        check(good, now);
      } catch (error) {
        return error instanceof ClavigerError ? error.message : '';
      }
      return 'accepted';
    };
    assert.equal(
      told(signedAt + 10 * minutes),
      'Signature expired: 20150830T123600Z is now earlier than 20150830T124100Z (20150830T124600Z - 5 min.)',
    );
    assert.equal(
      told(signedAt - 10 * minutes),
      'Signature not yet current: 20150830T123600Z is still later than 20150830T123100Z (20150830T122600Z + 5 min.)',
    );
  });

  it('must be a date in the basic form', () => {
    for (const stamp of [
      '2015-08-30T12:36:00Z',
      '20150830T126100Z',
      '20151330T123600Z',
      '20150830',
      '',
      'now',
    ])
      refuses(signRequest({ stamp, scopeDate: '20150830' }), 'input-invalid', /date/);
  });
});

describe('the Authorization header', () => {
  const good = signRequest().rawHeaders.at(-1) ?? '';

  it('is told apart where it is absent', () => {
    refuses(withHeader(signRequest(), 'Authorization', null), 'not-authenticated');
  });

  it('is read strictly', () => {
    const bad: readonly string[] = [
      '',
      'Bearer x',
      good.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA512'),
      good.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'),
      good.replace('aws4_request', 'aws4'),
      good.replace('Credential=', 'credential='),
      good.replace('host;x-amz-date', 'x-amz-date;host'),
      good.replace('host;x-amz-date', 'host;host;x-amz-date'),
      good.replace('host;x-amz-date', 'host;;x-amz-date'),
      good.replace('host;x-amz-date', ''),
      good.replace('host;', `${Array.from({ length: 70 }, (_, at) => `a${100 + at}`).join(';')};host;`),
      good.slice(0, -1),
      `${good}0`,
      good.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase()),
      good.replace(/Signature=.*$/, ''),
      `${good}, Signature=${'0'.repeat(64)}`,
    ];
    for (const value of bad) {
      if (value === good) assert.fail('a mutation changed nothing');
      refuses(withHeader(signRequest(), 'Authorization', value), 'input-invalid');
    }
  });

  const mutation = fc
    .tuple(fc.nat(good.length), fc.nat(12), fc.string({ unit: 'binary', maxLength: 6 }))
    .map(([at, cut, put]) => good.slice(0, at) + put + good.slice(at + cut))
    .filter((text) => text.replaceAll(' ', '') !== good.replaceAll(' ', ''));

  it('never crashes the reader, whatever is changed in it, and never passes', () => {
    fc.assert(
      fc.property(mutation, (value) => {
        assert.throws(
          () => check(withHeader(signRequest(), 'Authorization', value)),
          (error: unknown) => error instanceof ClavigerError,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('takes arbitrary requests apart without a crash', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const wish: fc.Arbitrary<Wish> = fc.record({ method: text, path: text, query: text, body: text });
    fc.assert(
      fc.property(wish, fc.array(fc.tuple(text, text), { maxLength: 6 }), (parts, extra) => {
        const request = signRequest();
        const rawHeaders = [...request.rawHeaders, ...extra.flat()];
        try {
          check({ ...request, ...parts, body: Buffer.from(parts.body ?? ''), rawHeaders });
        } catch (error) {
          assert.ok(error instanceof ClavigerError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
