import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { tokenId } from '#access';
import { operations } from '#operations';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

describe('what a token keeps for itself', () => {
  let vault: VaultHouse;
  let now = Date.now();

  before(async () => {
    vault = await startVault({ clock: { now: () => now } });
  });
  after(() => vault.close());

  async function make(wish: object = {}): Promise<string> {
    const { auth } = await vault.ask('POST', 'auth/token/create', { policies: ['default'], ...wish });
    return String(auth?.['client_token']);
  }

  async function kept(token: string): Promise<number> {
    const { environment } = vault.who.principal;
    let count = 0;
    for (const collection of ['cubbyhole', 'cubbyhole-total']) {
      const page = { after: null, limit: 10_000 };
      const found = await vault.composition.house.store.documents.list(
        { environment, collection },
        `${tokenId(token)}/`,
        page,
      );
      count += found.length;
    }
    return count;
  }

  it('is bounded in its number', async () => {
    const token = await make();
    for (let at = 0; at < 256; at += 1)
      await vault.ask('POST', `cubbyhole/${at}`, { a: String(at) }, { token });
    const full = '400 a token keeps at most 256 values in its cubbyhole: delete one first';
    assert.equal(await vault.refusal('POST', 'cubbyhole/one-more', { a: '' }, { token }), full);
    await vault.ask('POST', 'cubbyhole/7', { a: 'another' }, { token });
    await vault.ask('DELETE', 'cubbyhole/8', undefined, { token });
    await vault.ask('DELETE', 'cubbyhole/8', undefined, { token });
    await vault.ask('POST', 'cubbyhole/one-more', { a: '' }, { token });
    assert.equal(await vault.refusal('POST', 'cubbyhole/two-more', { a: '' }, { token }), full);
    await vault.ask('POST', 'auth/token/revoke-self', {}, { token });
    assert.equal(await kept(token), 0);
  });

  it('is bounded in its total, also for who writes at once', async () => {
    const token = await make();
    const mega = 'x'.repeat(1_000_000);
    const write = (at: number) => vault.send('POST', `cubbyhole/${at}`, { mega }, { token });
    const answers = await Promise.all(Array.from({ length: 6 }, (_, at) => write(at)));
    const done = answers.filter(({ status }) => status === 204).length;
    assert.equal(done, 4);
    const refused = answers.find(({ status }) => status !== 204);
    assert.match(refused?.body.errors?.[0] ?? '', /^a token keeps at most 4194304 bytes in its cubbyhole/);
    const at = answers.findIndex(({ status }) => status === 204);
    await vault.ask('POST', `cubbyhole/${at}`, { mega: '' }, { token });
    await vault.ask('POST', 'cubbyhole/another', { mega }, { token });
  });

  it('is none of a batch token, of which nothing else is kept', async () => {
    const token = await make({ type: 'batch' });
    const told = '400 cubbyhole operations are only supported by "service" type tokens';
    for (const [method, path] of [
      ['POST', 'cubbyhole/a'],
      ['GET', 'cubbyhole/a'],
      ['DELETE', 'cubbyhole/a'],
      ['LIST', 'cubbyhole/'],
    ] as const)
      assert.equal(await vault.refusal(method, path, { a: '1' }, { token }), told);
    assert.equal(await kept(token), 0);
  });

  it('ends with a token that is over', async () => {
    const token = await make({ ttl: '60s' });
    await vault.ask('POST', 'cubbyhole/a', { a: '1' }, { token });
    assert.equal(await kept(token), 2);
    now += 61_000;
    await vault.composition.maintenance.tick();
    assert.equal(await kept(token), 0);
  });

  it('ends with the credential of a principal', async () => {
    const { principal, accountId } = vault.who;
    const caller = () => ({
      principal,
      accountId,
      region: 'eu-north-1',
      protocol: 'native',
      protocolOperation: '-',
      sourceAddress: '-',
      userAgent: '-',
      secureTransport: true,
      requestId: vault.composition.newRequestId(),
    });
    const { door } = vault.composition;
    const { token: made } = await door.run(operations.createToken, caller(), { principal: principal.name });
    await vault.ask('POST', 'cubbyhole/a', { a: '1' }, { token: made });
    assert.deepEqual((await vault.ask('GET', 'cubbyhole/a', undefined, { token: made })).data, { a: '1' });
    assert.equal(await kept(made), 2);
    await door.run(operations.deleteCredential, caller(), {
      principal: principal.name,
      id: tokenId(made),
    });
    assert.equal(await kept(made), 0);
  });

  it('tells what was wrapped as cubbyhole/response, once', async () => {
    const headers = { 'x-vault-wrap-ttl': '60' };
    const { wrap_info: info } = await vault.ask('POST', 'sys/wrapping/wrap', { answer: '42' }, { headers });
    const token = String(info?.['token']);
    const { data } = await vault.ask('GET', 'cubbyhole/response', undefined, { token });
    const response = JSON.parse(String(data?.['response'])) as { data: unknown };
    assert.deepEqual(response.data, { answer: '42' });
    assert.match(await vault.refusal('GET', 'cubbyhole/response', undefined, { token }), /^403 /);
    assert.match(await vault.refusal('POST', 'sys/wrapping/unwrap', {}, { token }), /^400 wrapping token/);
  });

  it('is a wrapping of nobody else, and the own value where there is one', async () => {
    const token = await make();
    assert.equal(await vault.refusal('GET', 'cubbyhole/response', undefined, { token }), '404 ');
    await vault.ask('POST', 'cubbyhole/response', { own: '1' }, { token });
    assert.deepEqual((await vault.ask('GET', 'cubbyhole/response', undefined, { token })).data, { own: '1' });
    const headers = { 'x-vault-wrap-ttl': '60' };
    const { wrap_info: info } = await vault.ask('POST', 'sys/wrapping/wrap', { answer: '42' }, { headers });
    const wrapping = String(info?.['token']);
    for (const [method, path] of [
      ['POST', 'cubbyhole/response'],
      ['GET', 'cubbyhole/other'],
      ['DELETE', 'cubbyhole/response'],
    ] as const)
      assert.match(await vault.refusal(method, path, { a: '1' }, { token: wrapping }), /^403 /);
    const { data } = await vault.ask('POST', 'sys/wrapping/unwrap', {}, { token: wrapping });
    assert.deepEqual(data, { answer: '42' });
  });
});
