import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClient, createCustodian } from './index.ts';

type Asked = { readonly head: string; readonly authorization: string | null; readonly body: unknown };

/** A server that remembers what it was asked, and answers with what it is given. */
function answering(answer: object) {
  const asked: Asked[] = [];
  const send: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    asked.push({
      head: `${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`,
      authorization: headers.get('authorization'),
      body: typeof init?.body === 'string' ? JSON.parse(init.body) : null,
    });
    return Response.json(answer);
  };
  return { asked, send };
}

describe('the client of a custodian', () => {
  it('gives shares in the body, and sends no token', async () => {
    const status = { sealed: true, setId: 'aaaa-bbbb', shares: 5, threshold: 3, given: 1 };
    const { asked, send } = answering(status);
    const custodian = createCustodian({ address: 'http://keys.example', fetch: send });
    assert.deepEqual(await custodian.unseal('a share'), status);
    assert.deepEqual(await custodian.status(), status);
    assert.deepEqual(await custodian.reset(), status);
    assert.deepEqual(asked, [
      { head: 'POST /api/v1/unseal', authorization: null, body: { share: 'a share' } },
      { head: 'GET /api/v1/seal-status', authorization: null, body: null },
      { head: 'POST /api/v1/unseal/reset', authorization: null, body: null },
    ]);
  });
});

describe('the client of an administrator', () => {
  it('seals and rekeys with its token', async () => {
    const { asked, send } = answering({ rekeyId: 'r/1', step: 'authorise' });
    const client = createClient({ address: 'http://keys.example', token: 'clv_x', fetch: send });
    await client.seal();
    assert.equal((await client.rootRekeys.begin({ shares: 5, threshold: 3 })).rekeyId, 'r/1');
    await client.rootRekeys.authorise('r/1', 'one');
    await client.rootRekeys.confirm('r/1', null);
    await client.rootRekeys.cancel('r/1');
    assert.ok(asked.every(({ authorization }) => authorization === 'Bearer clv_x'));
    assert.deepEqual(
      asked.map(({ head, body }) => [head, body]),
      [
        ['POST /api/v1/seal', null],
        ['POST /api/v1/root/rekeys', { shares: 5, threshold: 3 }],
        ['POST /api/v1/root/rekeys/r%2F1/authorise', { share: 'one' }],
        ['POST /api/v1/root/rekeys/r%2F1/confirm', { share: null }],
        ['DELETE /api/v1/root/rekeys/r%2F1', null],
      ],
    );
  });
});
