import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertNotKept } from '../../planted.fixture.ts';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const wrong = '400 invalid username or password';

describe('userpass', () => {
  let vault: VaultHouse;
  let ahead = 0;

  before(async () => {
    vault = await startVault({ clock: { now: () => Date.now() + ahead } });
    await vault.ask('POST', 'sys/auth/userpass', { type: 'userpass' });
  });
  after(() => vault.close());

  const anonymous = { token: null };
  const logIn = (user: string, password: string) =>
    vault.send('POST', `auth/userpass/login/${user}`, { password }, anonymous);
  const refused = (user: string, password: string) =>
    vault.refusal('POST', `auth/userpass/login/${user}`, { password }, anonymous);

  it('gives a token for the password, with the policies of the user', async () => {
    await vault.ask('POST', 'auth/userpass/users/Ada', { password: 'correct horse', policies: 'dev' });
    const { status, body } = await logIn('ada', 'correct horse');
    assert.equal(status, 200);
    assert.deepEqual(body.auth?.['policies'], ['default', 'dev']);
    assert.deepEqual(body.auth?.['metadata'], { username: 'ada' });
    const token = String(body.auth?.['client_token']);
    const self = await vault.ask('GET', 'auth/token/lookup-self', undefined, { token });
    assert.equal(self.data?.['display_name'], 'userpass-ada');
    assert.equal(self.data?.['path'], 'auth/userpass/login/ada');
  });

  it('ends the tokens of a method, and what was made under them, with the method or its move', async () => {
    const enter = async (at: string): Promise<string> => {
      await vault.ask('POST', `auth/${at}/users/eve`, { password: 'long enough', policies: 'maker' });
      const login = await vault.ask('POST', `auth/${at}/login/eve`, { password: 'long enough' }, anonymous);
      return String(login.auth?.['client_token']);
    };
    await vault.ask('PUT', 'sys/policies/acl/maker', {
      policy: 'path "auth/token/create" { capabilities = ["update"] }',
    });
    await vault.ask('POST', 'sys/auth/first', { type: 'userpass' });
    await vault.ask('POST', 'sys/auth/firstborn', { type: 'userpass' });
    const [one, other] = [await enter('first'), await enter('firstborn')];
    const { auth } = await vault.ask('POST', 'auth/token/create', {}, { token: one });
    const child = String(auth?.['client_token']);
    const seen = async (token: string) =>
      (await vault.send('GET', 'auth/token/lookup-self', undefined, { token })).status;
    assert.deepEqual([await seen(one), await seen(child), await seen(other)], [200, 200, 200]);
    await vault.ask('DELETE', 'sys/auth/first');
    assert.deepEqual([await seen(one), await seen(child), await seen(other)], [403, 403, 200]);
    await vault.ask('POST', 'sys/remount', { from: 'auth/firstborn', to: 'auth/second' });
    assert.equal(await seen(other), 403);
    assert.equal(await seen(await enter('second')), 200);
    assert.equal(await seen(vault.root), 200);
  });

  it('tells a wrong password and an unknown user alike', async () => {
    assert.equal(await refused('ada', 'wrong'), wrong);
    assert.equal(await refused('nobody', 'wrong'), wrong);
    assert.equal(await refused('ada', ''), '400 missing password');
    assert.equal((await logIn('ada', 'correct horse')).status, 200);
  });

  it('changes password and policies by paths of their own, and the rest by the user', async () => {
    const at = 'auth/userpass/users/bob';
    assert.equal(await vault.refusal('POST', at, {}), '400 missing password');
    assert.equal(
      await vault.refusal('POST', `${at}/password`, { password: 'x' }),
      '400 username does not exist',
    );
    await vault.ask('POST', at, { password: 'first', token_ttl: '5m' });
    await vault.ask('POST', `${at}/password`, { password: 'second' });
    await vault.ask('POST', `${at}/policies`, { policies: 'a,b' });
    assert.equal(await refused('bob', 'first'), wrong);
    const { body } = await logIn('bob', 'second');
    assert.deepEqual(body.auth?.['policies'], ['a', 'b', 'default']);
    assert.equal(body.auth?.['lease_duration'], 300);
    await vault.ask('POST', at, { token_ttl: '10m' });
    assert.equal((await logIn('bob', 'second')).body.auth?.['lease_duration'], 600);
    const { data } = await vault.ask('GET', at);
    assert.deepEqual([data?.['token_ttl'], data?.['token_policies']], [600, ['a', 'b']]);
    assert.deepEqual((await vault.ask('LIST', 'auth/userpass/users')).data?.['keys'], ['ada', 'bob']);
    await vault.ask('DELETE', at);
    assert.equal(await refused('bob', 'second'), wrong);
    assert.match(await vault.refusal('GET', at), /^404/);
  });

  it('locks a name for 15 minutes after five failures, and no other name', async () => {
    await vault.ask('POST', 'auth/userpass/users/carl', { password: 'right' });
    for (let failure = 0; failure < 5; failure += 1) assert.equal(await refused('carl', 'wrong'), wrong);
    assert.equal(await refused('carl', 'right'), '403 permission denied');
    assert.equal(await refused('CARL', 'right'), '403 permission denied');
    assert.equal((await logIn('ada', 'correct horse')).status, 200);
    ahead += 15 * 60_000;
    assert.equal((await logIn('carl', 'right')).status, 200);
  });

  it('locks names that nobody has just the same', async () => {
    for (let failure = 0; failure < 5; failure += 1) assert.equal(await refused('ghost', 'wrong'), wrong);
    assert.equal(await refused('ghost', 'wrong'), '403 permission denied');
  });

  it('forgets failures after a success', async () => {
    await vault.ask('POST', 'auth/userpass/users/dora', { password: 'right' });
    for (let round = 0; round < 2; round += 1) {
      for (let failure = 0; failure < 4; failure += 1) assert.equal(await refused('dora', 'wrong'), wrong);
      assert.equal((await logIn('dora', 'right')).status, 200);
    }
  });

  it('lets nobody guess more by guessing at once', async () => {
    await vault.ask('POST', 'auth/userpass/users/eve', { password: 'right' });
    const guesses = Array.from({ length: 12 }, (_, index) => refused('eve', `guess ${index}`));
    const answers = await Promise.all(guesses);
    assert.equal(answers.filter((answer) => answer === wrong).length, 5);
    assert.equal(answers.filter((answer) => answer === '403 permission denied').length, 7);
  });

  it('has a bound on those that wait', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, (_, index) => logIn(`crowd${index}`, 'x')));
    const busy = all.filter(({ status }) => status === 429).length;
    assert.ok(busy > 0 && busy <= 60 - 34, `${busy} were told to come again`);
    assert.equal((await logIn('ada', 'correct horse')).status, 200);
  });

  it('keeps no password anywhere', async () => {
    await vault.ask('POST', 'auth/userpass/users/plant', { password: 'planted-password-one' });
    await logIn('plant', 'planted-password-one');
    await logIn('plant', 'planted-password-two');
    await logIn('planted-in-the-wrong-place', 'x');
    assertNotKept(vault.home, ['planted-password-one', 'planted-password-two', 'planted-in-the-wrong-place']);
  });
});
