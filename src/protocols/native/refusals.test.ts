import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { startNativeApi, type NativeApi, type Wish } from './native.fixture.ts';
import { routes } from './routes.ts';

const nobody = '00000000-0000-4000-8000-000000000000';

describe('what the native API refuses', () => {
  let native: NativeApi;
  before(async () => {
    native = await startNativeApi();
  });
  after(() => native.close());

  async function refuse(status: number, method: string, path: string, wish: Wish = {}) {
    const answer = await native.call(method, path, wish);
    const seen = `${method} ${path}: ${JSON.stringify(answer.body)}`;
    assert.equal(answer.status, status, seen);
    assert.equal(answer.headers['content-type'], 'application/problem+json', seen);
    assert.equal(answer.body['status'], status, seen);
    for (const member of ['type', 'title', 'detail'])
      assert.equal(typeof answer.body[member], 'string', seen);
    return answer;
  }

  it('asks for a token, and says how', async () => {
    for (const token of [null, 'clv_unknown-unknown-unknown', 'x', 'a b']) {
      const { headers } = await refuse(401, 'GET', '/keys', { token });
      assert.equal(headers['www-authenticate'], 'Bearer realm="claviger"');
    }
    await refuse(401, 'GET', '/no/such/thing', { token: null });
  });

  it('answers 404 for what is not there, 405 with Allow for another method', async () => {
    for (const path of ['/', '/key', '/keys/', '/keys/a/b/c', `/keys/${nobody}/no`, '/openapi.json/x'])
      await refuse(404, 'GET', path);
    for (const path of new Set(routes.map((route) => route.path))) {
      const url = path.replace(/\{[a-z]+\}/g, 'x');
      const { headers } = await refuse(405, 'PATCH', url);
      // a path without parts may be one that has them, too
      const fits = (pattern: string) => new RegExp(`^${pattern.replace(/\{[a-z]+\}/g, '[^/]+')}$`).test(url);
      const allowed = new Set(routes.filter((route) => fits(route.path)).map((route) => route.method));
      assert.deepEqual(new Set(headers['allow']?.split(', ')), allowed, path);
    }
  });

  it('tells apart a key that is not there and a key that can not be', async () => {
    assert.equal((await refuse(404, 'GET', `/keys/${nobody}`)).body['code'], 'key-not-found');
    assert.equal((await refuse(404, 'GET', '/keys/no-such-name')).body['code'], 'name-not-found');
    for (const path of ['/keys/%20', '/keys/a%25b', '/keys/name:', `/keys/${'a'.repeat(251)}`])
      assert.equal((await refuse(400, 'GET', path)).body['code'], 'name-invalid');
    for (const path of ['/keys/%', '/keys/%ff', '/keys/a%00b', '/principals/a%0ab/credentials'])
      assert.equal((await refuse(400, 'GET', path)).body['code'], 'input-invalid');
  });

  const bodies: readonly (readonly [string, string, RegExp])[] = [
    ['/keys', '{', /JSON/],
    ['/keys', '[]', /object/],
    ['/keys', '{"name":"a","name":"b"}', /twice/],
    ['/keys', '{"name":"a","n\\u0061me":"b"}', /twice/],
    ['/keys', `{"tags":${'['.repeat(50)}${']'.repeat(50)}}`, /deep/],
    ['/keys', '{"description":"\\ud800"}', /Unicode/],
    ['/keys', '{"colour":"red"}', /there is no "colour"/],
    ['/keys', '{"__proto__":{"spec":"AES_256"}}', /there is no|__proto__/],
    ['/keys', '{"spec":"AES_512"}', /^spec: /],
    ['/keys', '{"spec":["AES_256"]}', /^spec: /],
    ['/keys', '{"spec":"toString"}', /^spec: /],
    ['/keys', '{"usage":"everything"}', /^usage: /],
    ['/keys', '{"bypassLockoutCheck":"true"}', /^bypassLockoutCheck: /],
    ['/keys', '{"tags":[{"key":"a","value":1}]}', /^tags.0.value: /],
    ['/keys', '{"tags":[{"key":"a","value":"b","x":1}]}', /there is no "x"/],
    ['/random', '{"length":"32"}', /^length: /],
    ['/random', '{"length":1e9}', /^length: /],
    ['/random', '{"length":1.5}', /^length: /],
    ['/decrypt', '{}', /^ciphertext: /],
    ['/decrypt', '{"ciphertext":"YQ"}', /base64/],
    ['/decrypt', '{"ciphertext":"YR=="}', /base64/],
    ['/decrypt', '{"ciphertext":"-_-_"}', /base64/],
    ['/decrypt', '{"ciphertext":"YQ==","context":{"a":1}}', /^context.a: /],
    ['/decrypt', '{"ciphertext":"YQ==","context":[]}', /^context: /],
    ['/re-encrypt', '{"ciphertext":"YQ==","destination":{}}', /^destination.key: /],
    ['/principals', '{"name":"a","roles":["root"]}', /^roles.0: /],
    ['/principals', '{"name":"../a"}', /^name: /],
  ];
  for (const [path, raw, detail] of bodies) {
    it(`refuses ${path} ${raw.slice(0, 60)}`, async () => {
      const { body } = await refuse(400, 'POST', path, { raw });
      assert.equal(body['code'], 'input-invalid');
      assert.match(String(body['detail']), detail);
      assert.equal(typeof body['requestId'], 'string');
    });
  }

  it('reads queries as strictly as bodies', async () => {
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=',
      'limit=1e2',
      'limit=-1',
      'limit=1&limit=2',
      'x=1',
      'after=%00',
    ])
      await refuse(400, 'GET', '/keys', { query });
    await refuse(400, 'GET', '/status', { query: 'x=1' });
    await refuse(400, 'GET', '/status', { body: { x: 1 } });
  });

  it('does not repeat a value that it refuses', async () => {
    const planted = 'planted-secret-value';
    for (const [path, body] of [
      ['/decrypt', { ciphertext: planted }],
      ['/keys', { spec: planted }],
      ['/principals', { name: 'x', kind: planted }],
    ] as const) {
      assert.ok(!JSON.stringify((await refuse(400, 'POST', path, { body })).body).includes(planted), path);
    }
  });

  it('keeps the duties of roles apart', async () => {
    await native.call('POST', '/principals', { body: { name: 'reader', roles: ['auditor'] } });
    const { body } = await native.call('POST', '/principals/reader/tokens');
    const token = String(body['token']);
    assert.equal((await native.call('GET', '/keys', { token })).status, 200);
    assert.equal((await refuse(403, 'POST', '/keys', { token })).body['code'], 'access-denied');
    assert.equal((await refuse(403, 'POST', '/random', { token })).body['code'], 'access-denied');
  });

  it('never fails of itself, whatever comes to whichever route', async () => {
    const made = await native.call('POST', '/keys', { body: { name: 'fuzzed' } });
    const names = [...new Set(routes.flatMap((route) => Object.keys(route.body.shape)))];
    const part = fc.oneof(
      fc.constantFrom(String(made.body['id']), 'fuzzed', 'admin', 'default', nobody, '%', '%00', '..'),
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
    );
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('AES_256', 'encrypt', 'sign', 'fuzzed', 'YWJj', 'RSA_2048', 1, 16, -1, 2 ** 53, 1e308),
      fc.base64String({ maxLength: 200 }),
      fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
    );
    const raw = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.dictionary(fc.constantFrom(...names), value).map((body) => JSON.stringify(body)),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
      { weight: 1, arbitrary: fc.uint8Array() },
    );
    const query = fc.constantFrom('', '', '', 'limit=1', 'after=x', 'key=fuzzed', 'limit=%', 'a=b&&=');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes),
        fc.array(part, { minLength: 2, maxLength: 2 }),
        raw,
        query,
        async (route, parts, body, asked) => {
          // RSA generation and rotation of the one key are left out: they are slow, not interesting
          if (Buffer.from(body).toString().includes('RSA_')) return;
          const rest = [...parts];
          const path = route.path.replace(/\{[a-z]+\}/g, () => rest.shift() ?? 'x');
          const answer = await native.call(route.method, path, { raw: body, query: asked });
          assert.ok(answer.status < 500, `${route.method} ${path}: ${JSON.stringify(answer.body)}`);
          assert.ok(answer.status === 200 || typeof answer.body['detail'] === 'string');
        },
      ),
      { numRuns: 1500 },
    );
  });
});
