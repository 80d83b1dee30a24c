import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { operations } from '#operations';
import { assertNotKept } from '../../planted.fixture.ts';
import { auditEvents } from '#server';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const systemlike = {
  region: 'default',
  protocol: 'test',
  protocolOperation: '-',
  sourceAddress: '127.0.0.1',
  userAgent: '-',
  secureTransport: true,
};
const wrong = '400 invalid role or secret ID';

describe('AppRole', () => {
  let vault: VaultHouse;
  let ahead = 0;

  before(async () => {
    vault = await startVault({ clock: { now: () => Date.now() + ahead } });
    await vault.ask('POST', 'sys/auth/approle', { type: 'approle' });
  });
  after(() => vault.close());

  async function roleId(role: string): Promise<string> {
    const { data } = await vault.ask('GET', `auth/approle/role/${role}/role-id`);
    return String(data?.['role_id']);
  }

  async function newSecret(role: string, wish: object = {}): Promise<{ id: string; accessor: string }> {
    const { data } = await vault.ask('POST', `auth/approle/role/${role}/secret-id`, wish);
    return { id: String(data?.['secret_id']), accessor: String(data?.['secret_id_accessor']) };
  }

  const anonymous = { token: null };
  const logIn = (role_id: string, secret_id?: string) =>
    vault.send('POST', 'auth/approle/login', { role_id, secret_id }, anonymous);
  const refused = (role_id: string, secret_id?: string) =>
    vault.refusal('POST', 'auth/approle/login', { role_id, secret_id }, anonymous);

  it('gives a token with the policies of the role, for as long as the role says', async () => {
    await vault.ask('POST', 'auth/approle/role/web', {
      token_policies: 'reader, writer',
      token_ttl: '20m',
      token_max_ttl: '1h',
    });
    const { id } = await newSecret('web', { metadata: '{"host":"a"}' });
    const { status, body } = await logIn(await roleId('web'), id);
    assert.equal(status, 200);
    const auth = body.auth ?? {};
    assert.deepEqual(auth['policies'], ['default', 'reader', 'writer']);
    assert.deepEqual(auth['metadata'], { host: 'a', role_name: 'web' });
    assert.equal(auth['lease_duration'], 1200);
    assert.equal(auth['renewable'], true);
    assert.equal(body.data, null);
    const self = await vault.ask('GET', 'auth/token/lookup-self', undefined, {
      token: String(auth['client_token']),
    });
    assert.equal(self.data?.['path'], 'auth/approle/login');
    assert.equal(self.data?.['display_name'], 'approle');
    assert.equal(self.data?.['orphan'], true);
  });

  it('tells a wrong role id, a wrong secret id and one of another role alike', async () => {
    await vault.ask('POST', 'auth/approle/role/one', {});
    await vault.ask('POST', 'auth/approle/role/two', {});
    const { id } = await newSecret('two');
    assert.equal(await refused('no-such-role', id), wrong);
    assert.equal(await refused(await roleId('one'), 'no-such-secret'), wrong);
    assert.equal(await refused(await roleId('one'), id), wrong);
    assert.equal(await refused(await roleId('one')), '400 missing secret_id');
    assert.equal(await refused('', 'x'), '400 missing role_id');
    assert.equal((await logIn(await roleId('two'), id)).status, 200);
  });

  it('counts the uses of a secret id, and the last one is its end', async () => {
    await vault.ask('POST', 'auth/approle/role/count', { secret_id_num_uses: '2' });
    const { id, accessor } = await newSecret('count');
    const role = await roleId('count');
    assert.equal((await logIn(role, id)).status, 200);
    const look = await vault.ask('POST', 'auth/approle/role/count/secret-id-accessor/lookup', {
      secret_id_accessor: accessor,
    });
    assert.equal(look.data?.['secret_id_num_uses'], 1);
    assert.equal((await logIn(role, id)).status, 200);
    assert.equal(await refused(role, id), wrong);
    assert.match(
      await vault.refusal('POST', 'auth/approle/role/count/secret-id-accessor/lookup', {
        secret_id_accessor: accessor,
      }),
      /^404 failed to find accessor entry/,
    );
  });

  it('lets a secret id of one use in once, however many come at once', async () => {
    await vault.ask('POST', 'auth/approle/role/once', { secret_id_num_uses: 1 });
    const { id } = await newSecret('once');
    const role = await roleId('once');
    const all = await Promise.all(Array.from({ length: 8 }, () => logIn(role, id)));
    assert.equal(all.filter(({ status }) => status === 200).length, 1);
  });

  it('ends a secret id when its time is over', async () => {
    await vault.ask('POST', 'auth/approle/role/timed', { secret_id_ttl: '10m' });
    const role = await roleId('timed');
    const { id } = await newSecret('timed', { ttl: '5m' });
    assert.match(
      await vault.refusal('POST', 'auth/approle/role/timed/secret-id', { ttl: '11m' }),
      /^400 ttl cannot be longer/,
    );
    assert.equal((await logIn(role, id)).status, 200);
    ahead += 5 * 60_000;
    assert.equal(await refused(role, id), wrong);
    const tidied = await vault.send('POST', 'auth/approle/tidy/secret-id');
    assert.equal(tidied.status, 202);
    assert.match(String(tidied.body.warnings?.[0]), /Tidied: [1-9]/);
  });

  it('takes addresses into account, of the secret id and of the role', async () => {
    await vault.ask('POST', 'auth/approle/role/near', { secret_id_bound_cidrs: '127.0.0.0/8,10.0.0.0/8' });
    const role = await roleId('near');
    const here = await newSecret('near', { cidr_list: ['127.0.0.1/32'] });
    const there = await newSecret('near', { cidr_list: '10.1.0.0/16' });
    assert.equal((await logIn(role, here.id)).status, 200);
    assert.match(await refused(role, there.id), /^400 source address "127.0.0.1" unauthorized through CIDR/);
    assert.match(
      await vault.refusal('POST', 'auth/approle/role/near/secret-id', { cidr_list: '192.168.0.0/16' }),
      /^400 failed to verify subset relationship/,
    );
    await vault.ask('POST', 'auth/approle/role/near/secret-id-bound-cidrs', {
      secret_id_bound_cidrs: '10.0.0.0/8',
    });
    assert.equal(await refused(role, here.id), wrong);
    const unbound = await newSecret('near');
    assert.match(await refused(role, unbound.id), /^400 source address "127.0.0.1" unauthorized by CIDR/);
    await vault.ask('POST', 'auth/approle/role/bound', { token_bound_cidrs: '10.0.0.0/8' });
    const bound = await newSecret('bound');
    assert.match(await refused(await roleId('bound'), bound.id), /^403 /);
  });

  it('asks for no secret id where the role is bound by addresses alone', async () => {
    assert.equal(
      await vault.refusal('POST', 'auth/approle/role/bare', { bind_secret_id: false }),
      '400 at least one constraint should be enabled on the role',
    );
    await vault.ask('POST', 'auth/approle/role/bare', {
      bind_secret_id: 'false',
      secret_id_bound_cidrs: '127.0.0.1/32',
    });
    assert.equal((await logIn(await roleId('bare'))).status, 200);
    assert.equal(
      await vault.refusal('POST', 'auth/approle/role/bare/secret-id'),
      '400 bind_secret_id is not set on the role',
    );
  });

  it('reads, sets and resets each setting under a path of its own', async () => {
    await vault.ask('POST', 'auth/approle/role/parts', {});
    const at = 'auth/approle/role/parts';
    const cases: readonly [string, string, unknown, unknown, unknown][] = [
      ['policies', 'token_policies', 'a,b', ['a', 'b'], []],
      ['bound-cidr-list', 'bound_cidr_list', '10.0.0.0/8', ['10.0.0.0/8'], null],
      ['secret-id-bound-cidrs', 'secret_id_bound_cidrs', '10.0.0.0/8', ['10.0.0.0/8'], null],
      ['token-bound-cidrs', 'token_bound_cidrs', '10.0.0.0/8', ['10.0.0.0/8'], []],
      ['secret-id-num-uses', 'secret_id_num_uses', '7', 7, 0],
      ['secret-id-ttl', 'secret_id_ttl', '1h', 3600, 0],
      ['period', 'token_period', '30m', 1800, 0],
      ['token-num-uses', 'token_num_uses', 3, 3, 0],
      ['token-ttl', 'token_ttl', '5m', 300, 0],
      ['token-max-ttl', 'token_max_ttl', '10m', 600, 0],
    ];
    for (const [where, field, sent, told, usual] of cases) {
      assert.equal((await vault.send('POST', `${at}/${where}`, { [field]: sent })).status, 204, where);
      assert.deepEqual((await vault.ask('GET', `${at}/${where}`)).data?.[field], told, where);
      assert.equal((await vault.send('DELETE', `${at}/${where}`)).status, 204, where);
      assert.deepEqual((await vault.ask('GET', `${at}/${where}`)).data?.[field], usual, where);
      assert.match(await vault.refusal('POST', `${at}/${where}`, {}), /^400 missing/, where);
    }
    assert.deepEqual((await vault.ask('GET', `${at}/bind-secret-id`)).data, { bind_secret_id: true });
    assert.deepEqual((await vault.ask('GET', `${at}/local-secret-ids`)).data, { local_secret_ids: false });
    assert.match(
      await vault.refusal('POST', 'auth/approle/role/none/policies', { policies: 'a' }),
      /^404 role "none" does not exist/,
    );
  });

  it('changes what is sent and leaves the rest', async () => {
    await vault.ask('POST', 'auth/approle/role/keep', { policies: 'a', token_ttl: 60, role_id: 'chosen' });
    await vault.ask('POST', 'auth/approle/role/KEEP', { token_ttl: 120 });
    const { data } = await vault.ask('GET', 'auth/approle/role/keep');
    assert.deepEqual([data?.['token_policies'], data?.['token_ttl']], [['a'], 120]);
    assert.equal(await roleId('keep'), 'chosen');
    assert.equal(
      await vault.refusal('POST', 'auth/approle/role/keep', { token_ttl: 120, token_max_ttl: 60 }),
      "400 'token_ttl' cannot be greater than 'token_max_ttl'",
    );
    assert.match(
      await vault.refusal('POST', 'auth/approle/role/other', { role_id: 'chosen' }),
      /^400 role_id already in use/,
    );
  });

  it('keeps secret ids when the role id changes, and the old role id is none any more', async () => {
    await vault.ask('POST', 'auth/approle/role/moving', {});
    const old = await roleId('moving');
    const { id } = await newSecret('moving');
    await vault.ask('POST', 'auth/approle/role/moving/role-id', { role_id: 'mine' });
    assert.equal(await refused(old, id), wrong);
    assert.equal((await logIn('mine', id)).status, 200);
  });

  it('takes a secret id that the caller chose, lists, tells and ends them', async () => {
    await vault.ask('POST', 'auth/approle/role/own', {});
    const at = 'auth/approle/role/own';
    assert.match(await vault.refusal('LIST', `${at}/secret-id`), /^404/);
    const { data } = await vault.ask('POST', `${at}/custom-secret-id`, { secret_id: 'my secret id' });
    assert.equal(data?.['secret_id'], 'my secret id');
    assert.match(
      await vault.refusal('POST', `${at}/custom-secret-id`, { secret_id: 'my secret id' }),
      /already registered/,
    );
    const listed = await vault.ask('LIST', `${at}/secret-id`);
    assert.deepEqual(listed.data?.['keys'], [data?.['secret_id_accessor']]);
    const look = await vault.ask('POST', `${at}/secret-id/lookup`, { secret_id: 'my secret id' });
    assert.equal(look.data?.['secret_id_accessor'], data?.['secret_id_accessor']);
    assert.equal(look.data?.['expiration_time'], '0001-01-01T00:00:00Z');
    assert.equal((await vault.send('POST', `${at}/secret-id/lookup`, { secret_id: 'x' })).status, 204);
    assert.equal(
      (await vault.send('POST', `${at}/secret-id/destroy`, { secret_id: 'my secret id' })).status,
      204,
    );
    assert.equal(await refused(await roleId('own'), 'my secret id'), wrong);
    const { id, accessor } = await newSecret('own');
    await vault.ask('POST', `${at}/secret-id-accessor/destroy`, { secret_id_accessor: accessor });
    assert.equal(await refused(await roleId('own'), id), wrong);
  });

  it('gives no secret id of a role that is gone to one that has its name later', async () => {
    await vault.ask('POST', 'auth/approle/role/again', { role_id: 'again-id' });
    const { id } = await newSecret('again');
    assert.equal((await logIn('again-id', id)).status, 200);
    await vault.ask('DELETE', 'auth/approle/role/again');
    assert.equal(await refused('again-id', id), wrong);
    assert.match(await vault.refusal('GET', 'auth/approle/role/again'), /^404/);
    await vault.ask('POST', 'auth/approle/role/again', { role_id: 'again-id' });
    assert.equal(await refused('again-id', id), wrong);
  });

  it('is one principal, whose disabling ends its tokens and its logins', async () => {
    await vault.ask('POST', 'auth/approle/role/shut', {});
    const { id } = await newSecret('shut');
    const role = await roleId('shut');
    const token = String((await logIn(role, id)).body.auth?.['client_token']);
    const other = String((await logIn(role, id)).body.auth?.['client_token']);
    const self = async (which: string) =>
      (await vault.send('GET', 'auth/token/lookup-self', undefined, { token: which })).body.data?.[
        'entity_id'
      ];
    assert.equal(await self(token), await self(other));
    const { store } = vault.composition.house;
    const { principal: who } = vault.who;
    const principal = await store.principalByName(who.environment, 'approle/shut');
    assert.ok(principal);
    assert.deepEqual([principal.kind, principal.roles], ['workload', []]);
    const caller = { ...systemlike, principal: who, accountId: vault.who.accountId, requestId: randomUUID() };
    const wish = { name: 'approle/shut', roles: null, disabled: true };
    await vault.composition.door.run(operations.setPrincipal, caller, wish);
    assert.match(await refused(role, id), /^400 invalid credentials/);
    assert.match(await vault.refusal('GET', 'auth/token/lookup-self', undefined, { token }), /^403/);
  });

  it('never gives the policy root, and stays apart from mounts of other types and paths', async () => {
    await vault.ask('POST', 'auth/approle/role/rooted', { token_policies: 'Root' });
    const { id } = await newSecret('rooted');
    assert.equal(await refused(await roleId('rooted'), id), '400 auth methods cannot create root tokens');
    await vault.ask('POST', 'sys/auth/deep/approle', { type: 'approle' });
    await vault.ask('POST', 'auth/deep/approle/role/web', {});
    const other = await vault.ask('GET', 'auth/deep/approle/role/web/role-id');
    assert.notEqual(other.data?.['role_id'], await roleId('web'));
    assert.equal(await refused(String(other.data?.['role_id']), id), wrong, 'a role of another mount');
  });

  it('lists roles, and asks for a token for everything but the login', async () => {
    const { data } = await vault.ask('LIST', 'auth/approle/role');
    assert.ok((data?.['keys'] as string[] | undefined)?.includes('web'));
    for (const where of ['role', 'role/web', 'role/web/role-id'])
      assert.match(await vault.refusal('GET', `auth/approle/${where}`, undefined, anonymous), /^403/);
    assert.match(await vault.refusal('POST', 'auth/approle/role/web/secret-id', {}, anonymous), /^403/);
  });

  it('heeds what the mount says of its tokens', async () => {
    await vault.ask('POST', 'sys/auth/tuned', {
      type: 'approle',
      config: { default_lease_ttl: '10m', max_lease_ttl: '30m', token_type: 'batch' },
    });
    await vault.ask('POST', 'auth/tuned/role/web', { role_id: 'tuned' });
    const { data } = await vault.ask('POST', 'auth/tuned/role/web/secret-id', {});
    const body = { role_id: 'tuned', secret_id: data?.['secret_id'] };
    const first = await vault.ask('POST', 'auth/tuned/login', body, anonymous);
    assert.deepEqual(
      ['lease_duration', 'token_type', 'renewable'].map((name) => first.auth?.[name]),
      [600, 'batch', false],
    );
    const self = { token: String(first.auth?.['client_token']) };
    assert.equal((await vault.send('GET', 'auth/token/lookup-self', undefined, self)).status, 200);
    await vault.ask('POST', 'sys/auth/tuned/tune', { token_type: 'default-service' });
    await vault.ask('POST', 'auth/tuned/role/web', { token_ttl: '2h', token_period: 0 });
    const second = await vault.ask('POST', 'auth/tuned/login', body, anonymous);
    assert.deepEqual([second.auth?.['lease_duration'], second.auth?.['token_type']], [1800, 'service']);
    const accessor = { accessor: second.auth?.['accessor'] };
    const looked = await vault.ask('POST', 'auth/token/lookup-accessor', accessor);
    assert.equal(looked.data?.['explicit_max_ttl'], 0);
    assert.match(
      await vault.refusal('POST', 'auth/tuned/role/b', { token_type: 'batch', token_num_uses: 2 }),
      /limited use count/,
    );
    assert.match(
      await vault.refusal('POST', 'auth/tuned/role/b', { token_type: 'odd' }),
      /invalid 'token_type'/,
    );
  });

  it('is that of an environment, which a login names as its namespace', async () => {
    const caller = { ...systemlike, principal: vault.who.principal, accountId: vault.who.accountId };
    const { door } = vault.composition;
    const environment = { name: 'other', accountId: null };
    await door.run(operations.createEnvironment, { ...caller, requestId: randomUUID() }, environment);
    const wish = { environment: 'other', name: 'ops' };
    const { token } = await door.run(
      operations.createAdministrator,
      { ...caller, requestId: randomUUID() },
      wish,
    );
    await vault.ask('POST', 'sys/auth/there', { type: 'approle' }, { token });
    await vault.ask('POST', 'auth/there/role/web', { role_id: 'there' }, { token });
    const { data } = await vault.ask('POST', 'auth/there/role/web/secret-id', {}, { token });
    const body = { role_id: 'there', secret_id: data?.['secret_id'] };
    const named = { token: null, headers: { 'x-vault-namespace': 'other' } };
    const { status, body: answer } = await vault.send('POST', 'auth/there/login', body, named);
    assert.equal(status, 200);
    const mine = { token: String(answer.auth?.['client_token']) };
    assert.equal((await vault.send('GET', 'auth/token/lookup-self', undefined, mine)).status, 200);
    assert.match(await vault.refusal('POST', 'auth/there/login', body, anonymous), /^403/);
  });

  it('does not fill the log with what strangers try, and counts it there', async () => {
    const tried = 60;
    const refusals = () =>
      auditEvents(vault.composition.config.auditFolder, { operation: 'auth.log-in-by-app-role' }, 1000)
        .map(({ event }) => event)
        .filter(({ reason, facts }) => reason === 'login-refused' && facts?.['mount'] === 'many/');
    await vault.ask('POST', 'sys/auth/many', { type: 'approle' });
    for (let at = 0; at < tried; at += 1)
      assert.match(
        await vault.refusal('POST', 'auth/many/login', { role_id: `r${at}`, secret_id: 's' }, anonymous),
        /^400 invalid role/,
      );
    assert.equal(refusals().length, 10);
    await vault.composition.house.refusals.flush(true);
    const [newest, ...others] = refusals();
    assert.equal(others.length, 10);
    assert.equal(newest?.facts?.['refusedBesides'], tried - 10);
    assert.equal(newest?.sourceAddress, '127.0.0.1');
  });

  it('leaves no secret id in store, log or record', async () => {
    await vault.ask('POST', 'auth/approle/role/plant', {});
    const { id } = await newSecret('plant');
    await logIn(await roleId('plant'), id);
    await logIn(await roleId('plant'), 'planted-wrong-secret');
    await vault.ask('POST', 'auth/approle/role/plant/custom-secret-id', {
      secret_id: 'planted-custom-secret',
    });
    await logIn(await roleId('plant'), 'planted-custom-secret');
    assertNotKept(vault.home, [id, 'planted-wrong-secret', 'planted-custom-secret']);
  });
});
