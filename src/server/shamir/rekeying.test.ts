import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { readCredentials } from '../home.fixture.ts';
import { shamirHome, startSealable, type TestSealable } from './shamir.fixture.ts';

type Rekey = {
  readonly rekeyId: string;
  readonly step: string;
  readonly setId: string;
  readonly given: number;
  readonly needed: number;
  readonly newShares?: readonly string[] | null;
};

async function unsealed(test: TestContext) {
  const made = await shamirHome(test);
  const running = await startSealable(test, made.config);
  await running.unseal(...made.shares.slice(0, 3));
  const token = readCredentials(made.home)['CLAVIGER_TOKEN'] ?? '';
  return { ...made, ...running, ...rekeysOf(running, token), token };
}

function rekeysOf({ ask }: TestSealable, token: string) {
  const post = async (path: string, body: unknown, by = token) => {
    const answer = await ask('POST', `/api/v1/root/rekeys${path}`, body, by);
    return { ...answer, rekey: answer.body as unknown as Rekey };
  };
  return {
    post,
    begin: async (shares = 4, threshold = 2) => (await post('', { shares, threshold })).rekey,
    authorise: (id: string, share: string | undefined) => post(`/${id}/authorise`, { share }),
    confirm: (id: string, share: string | null | undefined) => post(`/${id}/confirm`, { share }),
    cancel: (id: string) => ask('DELETE', `/api/v1/root/rekeys/${id}`, undefined, token),
  };
}

async function sealAgain({ ask, states }: TestSealable, token: string): Promise<void> {
  await ask('POST', '/api/v1/seal', {}, token);
  while (states.at(-1) !== 'sealed') await new Promise((next) => setImmediate(next));
}

describe('a rekey', () => {
  it('gives new shares for the same keys, once the custodians of both sets have come', async (test) => {
    const server = await unsealed(test);
    const { shares, ask, token, begin, authorise, confirm } = server;
    await ask('POST', '/api/v1/keys', { name: 'k' }, token);
    const sealedText = await ask('POST', '/api/v1/keys/k/encrypt', { plaintext: 'AAAA' }, token);
    const begun = await begin();
    assert.deepEqual([begun.step, begun.given, begun.needed], ['authorise', 0, 3]);
    const first = await authorise(begun.rekeyId, shares[4]);
    assert.deepEqual([first.rekey.given, first.rekey.newShares], [1, null]);
    assert.equal((await authorise(begun.rekeyId, shares[4])).body['code'], 'share-repeated');
    await authorise(begun.rekeyId, shares[2]);
    const { rekey } = await authorise(begun.rekeyId, shares[0]);
    const fresh = rekey.newShares ?? [];
    assert.deepEqual([rekey.step, rekey.given, rekey.needed, fresh.length], ['confirm', 0, 4, 4]);
    assert.notEqual(rekey.setId, begun.setId);
    // until they are confirmed the present set stands
    assert.equal((await ask('GET', '/api/v1/seal-status')).body['setId'], begun.setId);
    assert.equal((await confirm(begun.rekeyId, shares[1])).body['code'], 'share-foreign');
    assert.equal((await authorise(begun.rekeyId, shares[1])).body['code'], 'conflict');
    for (const share of fresh.slice(0, 3))
      assert.equal((await confirm(begun.rekeyId, share)).rekey.step, 'confirm');
    assert.equal((await confirm(begun.rekeyId, fresh[0])).body['code'], 'share-repeated');
    const done = await confirm(begun.rekeyId, fresh[3]);
    assert.deepEqual([done.status, done.rekey.step, done.rekey.setId], [200, 'done', rekey.setId]);

    await sealAgain(server, token);
    assert.equal((await server.unseal(shares[0])).body['code'], 'share-foreign');
    assert.equal((await server.unseal(fresh[3], fresh[1])).body['sealed'], false);
    const opened = await ask('POST', '/api/v1/decrypt', { ciphertext: sealedText.body['ciphertext'] }, token);
    assert.equal(opened.body['plaintext'], 'AAAA');
  });

  it('is for administrators', async (test) => {
    const { ask, token, post } = await unsealed(test);
    await ask('POST', '/api/v1/principals', { name: 'ops', roles: ['operator', 'user', 'auditor'] }, token);
    const ops = String((await ask('POST', '/api/v1/principals/ops/tokens', {}, token)).body['token']);
    const calls = ['', `/${crypto.randomUUID()}/authorise`, `/${crypto.randomUUID()}/confirm`];
    for (const [at, path] of calls.entries()) {
      const body = at === 0 ? { shares: 5, threshold: 3 } : { share: 'x' };
      assert.equal((await post(path, body, ops)).body['code'], 'access-denied', path);
    }
  });

  it('is not authorised by too few, foreign or forged shares', async (test) => {
    const { shares, begin, authorise, confirm } = await unsealed(test);
    const others = await shamirHome(test);
    const { rekeyId } = await begin();
    assert.equal((await authorise(rekeyId, others.shares[0])).body['code'], 'share-foreign');
    assert.equal((await authorise(rekeyId, `${shares[0]}x`)).body['code'], 'share-invalid');
    assert.equal((await authorise(rekeyId, shares[0])).rekey.newShares, null);
    assert.equal((await authorise(rekeyId, shares[1])).rekey.newShares, null);
    assert.equal((await confirm(rekeyId, shares[2])).body['code'], 'conflict');
    assert.equal((await confirm(rekeyId, null)).body['code'], 'conflict');
  });

  it('ends when it is given up, at a seal, and only one goes on at a time', async (test) => {
    const server = await unsealed(test);
    const { shares, token, begin, authorise, cancel, post, confirm } = server;
    const { rekeyId, setId } = await begin();
    assert.equal((await post('', { shares: 5, threshold: 3 })).body['code'], 'conflict');
    assert.equal((await cancel(rekeyId)).status, 200);
    assert.equal((await cancel(rekeyId)).body['code'], 'conflict');
    assert.equal((await authorise(rekeyId, shares[0])).body['code'], 'conflict');
    const again = await begin();
    for (const share of shares.slice(0, 3)) await authorise(again.rekeyId, share);
    await sealAgain(server, token);
    assert.equal((await server.unseal(...shares.slice(2))).body['sealed'], false);
    assert.equal((await confirm(again.rekeyId, null)).body['code'], 'conflict');
    assert.equal((await server.ask('GET', '/api/v1/seal-status')).body['setId'], setId);
  });

  it('refuses a scheme out of bounds', async (test) => {
    const { post } = await unsealed(test);
    for (const [shares, threshold] of [
      [1, 1],
      [17, 3],
      [3, 4],
      [5, 1],
      [5.5, 2],
    ])
      assert.equal((await post('', { shares, threshold })).status, 400, `${shares} ${threshold}`);
  });

  it('can do without the confirmation, when that is said', async (test) => {
    const server = await unsealed(test);
    const { shares, begin, authorise, confirm, token } = server;
    const { rekeyId } = await begin(2, 2);
    await authorise(rekeyId, shares[0]);
    await authorise(rekeyId, shares[1]);
    const { rekey } = await authorise(rekeyId, shares[2]);
    assert.equal((await confirm(rekeyId, null)).rekey.step, 'done');
    await sealAgain(server, token);
    assert.equal((await server.unseal(...(rekey.newShares ?? []))).body['sealed'], false);
  });
});
