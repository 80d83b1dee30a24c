import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startVault, type VaultHouse } from './vault.fixture.ts';

const denied = '1 error occurred:\n\t* permission denied\n\n';

describe('a policy that lets things be made, and not changed', () => {
  let vault: VaultHouse;
  let maker: string;
  let changer: string;

  async function tokenWith(capability: string): Promise<string> {
    const places = [
      'secret/data/*',
      'secret/metadata/*',
      'one/*',
      'auth/approle/role/*',
      'auth/userpass/users/*',
      'auth/jwt/role/*',
    ];
    const policy = places.map((path) => `path "${path}" { capabilities = ["${capability}"] }`).join('\n');
    await vault.ask('PUT', `sys/policies/acl/only-${capability}`, { policy });
    const { auth } = await vault.ask('POST', 'auth/token/create', { policies: [`only-${capability}`] });
    return String(auth?.['client_token']);
  }

  before(async () => {
    vault = await startVault();
    for (const type of ['approle', 'userpass', 'jwt']) await vault.ask('POST', `sys/auth/${type}`, { type });
    await vault.ask('POST', 'sys/mounts/one', { type: 'kv', options: { version: '1' } });
    maker = await tokenWith('create');
    changer = await tokenWith('update');
  });
  after(() => vault.close());

  const things: readonly (readonly [string, (at: number) => object])[] = [
    ['secret/data/thing', (at) => ({ data: { at } })],
    ['secret/metadata/other', (at) => ({ max_versions: at + 1 })],
    ['one/thing', (at) => ({ at })],
    ['auth/approle/role/thing', (at) => ({ token_ttl: at + 1 })],
    ['auth/userpass/users/thing', (at) => ({ password: `password ${at}` })],
    [
      'auth/jwt/role/thing',
      (at) => ({ role_type: 'jwt', user_claim: 'sub', bound_subject: `s${at}`, token_ttl: at + 1 }),
    ],
  ];

  for (const [path, bodyOf] of things)
    it(`lets one of many win that make ${path} at once`, async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, at) => vault.send('POST', path, bodyOf(at), { token: maker })),
      );
      const refused = answers.filter(({ status }) => status >= 300);
      assert.equal(refused.length, 5);
      for (const { status, body } of refused) assert.deepEqual([status, body.errors], [403, [denied]]);
      assert.match(await vault.refusal('POST', path, bodyOf(7), { token: maker }), /^403 /);
      await vault.ask('POST', path, bodyOf(8), { token: changer });
      await vault.ask('DELETE', path.replace('/data/', '/metadata/'));
      assert.match(await vault.refusal('POST', path, bodyOf(9), { token: changer }), /^403 /);
    });
});
