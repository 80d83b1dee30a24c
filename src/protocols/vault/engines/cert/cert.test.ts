import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  extension,
  make,
  makeList,
  newKey,
  pemOf,
  server as serverPurpose,
  type Made,
  type Wish,
} from '../../../../../test/certificates.ts';
import { serveJson } from '../../issuer.fixture.ts';
import { assertNotKept } from '../../planted.fixture.ts';
import { startVault, type VaultHouse } from '../../vault.fixture.ts';

const day = 86_400_000;
const mismatch = '400 failed to match all constraints for this login certificate';

describe('auth/cert', () => {
  let vault: VaultHouse;
  let now = Date.now();
  const root = make({ name: 'root', authority: true, notAfter: Date.now() + 3000 * day });
  const other = make({ name: 'another root', authority: true });
  const tokens: string[] = [];

  before(async () => {
    vault = await startVault({ clock: { now: () => now } });
    await vault.ask('POST', 'sys/auth/cert', { type: 'cert' });
  });
  after(() => vault.close());
  beforeEach(async () => {
    now = Date.now();
    for (const kind of ['certs', 'crls']) {
      const { body } = await vault.send('LIST', `auth/cert/${kind}`);
      for (const name of (body.data?.['keys'] ?? []) as string[])
        await vault.ask('DELETE', `auth/cert/${kind}/${name}`);
    }
  });

  const write = (name: string, role: object): Promise<unknown> =>
    vault.ask('POST', `auth/cert/certs/${name}`, { certificate: root.pem, ...role });
  const shown = (...chain: readonly Made[]) => ({
    token: null,
    certificates: chain.map(({ der }) => der),
  });
  const logIn = async (chain: readonly Made[], body: object = {}) => {
    const { auth } = await vault.ask('POST', 'auth/cert/login', body, shown(...chain));
    tokens.push(String(auth?.['client_token']));
    return auth as Record<string, unknown>;
  };
  const refused = (chain: readonly Made[], body: object = {}): Promise<string> =>
    vault.refusal('POST', 'auth/cert/login', body, shown(...chain));

  it('gives a token for a certificate that a trusted authority signed', async () => {
    await write('Web', { token_policies: 'web', token_ttl: '1h', display_name: 'the web' });
    const client = make({ name: 'web-1', by: root, serial: Buffer.from([0x01, 0x02]) });
    const auth = await logIn([client]);
    assert.deepEqual(auth['policies'], ['default', 'web']);
    assert.equal(auth['lease_duration'], 3600);
    assert.deepEqual(auth['metadata'], {
      cert_name: 'web',
      common_name: 'web-1',
      serial_number: '258',
      subject_key_id: client.keyId.toString('hex').replaceAll(/..(?=.)/g, '$&:'),
      authority_key_id: root.keyId.toString('hex').replaceAll(/..(?=.)/g, '$&:'),
    });
    const { data } = await vault.ask('GET', 'auth/token/lookup-self', undefined, {
      token: String(auth['client_token']),
    });
    assert.equal(data?.['display_name'], 'cert-the web');
    assert.equal(data?.['path'], 'auth/cert/login');
    const again = await logIn([client], { name: 'WEB' });
    assert.equal(again['entity_id'], auth['entity_id']);
  });

  it('gives tokens at any path, also where the token of somebody else is sent', async () => {
    await vault.ask('POST', 'sys/auth/deep/er', { type: 'cert' });
    await vault.ask('PUT', 'auth/deep/er/certs/a', { certificate: root.pem });
    const options = { ...shown(make({ by: root })), token: vault.root };
    const { auth } = await vault.ask('PUT', 'auth/deep/er/login', {}, options);
    assert.deepEqual(auth?.['policies'], ['default']);
  });

  it('reads, lists and takes away what was written, in small letters', async () => {
    assert.equal((await vault.send('LIST', 'auth/cert/certs')).status, 404);
    await write('A', {
      allowed_names: 'a,b',
      allowed_common_names: ['c'],
      allowed_organizational_units: 'ou',
      required_extensions: '2.1.1.1:x,hex:2.1.1.2:0c*',
      policies: 'old',
      ttl: 60,
    });
    const { data } = await vault.ask('GET', 'auth/cert/certs/a');
    assert.equal(data?.['certificate'], root.pem);
    assert.equal(data?.['display_name'], 'a');
    assert.deepEqual(data?.['allowed_names'], ['a', 'b']);
    assert.deepEqual(data?.['required_extensions'], ['2.1.1.1:x', 'hex:2.1.1.2:0c*']);
    assert.deepEqual([data?.['token_policies'], data?.['token_ttl']], [['old'], 60]);
    assert.equal(data?.['ocsp_enabled'], false);
    await vault.ask('POST', 'auth/cert/certs/a', { allowed_names: '' });
    const changed = (await vault.ask('GET', 'auth/cert/certs/A')).data;
    assert.deepEqual(
      [changed?.['allowed_names'], changed?.['allowed_common_names'], changed?.['display_name']],
      [[], ['c'], 'a'],
    );
    assert.deepEqual((await vault.ask('LIST', 'auth/cert/certs')).data, { keys: ['a'] });
    await vault.ask('DELETE', 'auth/cert/certs/a');
    assert.equal((await vault.send('GET', 'auth/cert/certs/a')).status, 404);
  });

  const unwritten: readonly (readonly [string, object, string])[] = [
    ['no certificate', { certificate: '' }, '400 failed to parse certificate: there is no certificate'],
    ['no PEM', { certificate: 'x' }, '400 failed to parse certificate: there is no certificate'],
    [
      'what is broken',
      { certificate: root.pem.replace(/\nM.{20}/, '\n') },
      '400 failed to parse certificate: it can not be read',
    ],
    [
      'a certificate of a server',
      { certificate: make({ purposes: [serverPurpose] }).pem },
      '400 nonCA certificates should have TLS client authentication set as an extended key usage',
    ],
    [
      'one that is signed with SHA-1',
      { certificate: make({ hash: 'sha1', authority: true }).pem },
      '400 failed to parse certificate: its key or its signature algorithm is too weak',
    ],
    [
      'an extension without a pattern',
      { required_extensions: '2.1.1.1' },
      '400 "2.1.1.1" is neither OID:PATTERN nor hex:OID:PATTERN',
    ],
    [
      'OCSP',
      { ocsp_enabled: true },
      '400 ocsp_enabled is not offered here: write a revocation list to crls/NAME',
    ],
    [
      'a type of token and a period that exclude each other',
      { token_type: 'batch', token_period: '1h' },
      "400 'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens",
    ],
  ];
  for (const [what, role, answer] of unwritten)
    it(`refuses to trust ${what}`, async () => {
      assert.equal(
        await vault.refusal('POST', 'auth/cert/certs/x', { certificate: root.pem, ...role }),
        answer,
      );
    });

  it('refuses whoever shows nothing, or comes without TLS', async () => {
    await write('a', {});
    assert.equal(await refused([]), '400 client certificate must be supplied');
    assert.equal(
      await vault.refusal('POST', 'auth/cert/login', {}, { token: null }),
      '400 tls connection required',
    );
    const bytes = { token: null, certificates: [Buffer.from('no certificate')] };
    assert.equal(
      await vault.refusal('POST', 'auth/cert/login', {}, bytes),
      "400 failed to verify client's certificate: it can not be read",
    );
  });

  it('refuses certificates of nobody who is trusted, and names of no role, alike', async () => {
    await write('a', { allowed_common_names: 'web-*' });
    assert.equal(await refused([make({ name: 'web-1', by: other })]), mismatch);
    assert.equal(await refused([make({ name: 'web-1' })]), mismatch);
    assert.equal(await refused([make({ name: 'db-1', by: root })]), mismatch);
    assert.equal(await refused([make({ name: 'web-1', by: root })], { name: 'b' }), mismatch);
    await logIn([make({ name: 'web-1', by: root })]);
  });

  it('refuses an authority of the same name with another key', async () => {
    await write('a', {});
    const twin = { ...make({ name: 'root', authority: true }), keyId: root.keyId };
    assert.equal(await refused([make({ by: twin }), twin]), mismatch);
  });

  const bad: readonly (readonly [string, Wish, string])[] = [
    ['is over', { notAfter: Date.now() - 2 * day, notBefore: Date.now() - 9 * day }, 'it has expired'],
    ['is not yet good', { notBefore: Date.now() + day }, 'it is not yet valid'],
    ['is for servers', { purposes: [serverPurpose] }, 'it is not for the authentication of clients'],
    ['has a key that may not sign', { usage: 4 }, 'its key may not sign'],
    [
      'has a critical extension that nobody knows',
      { extensions: [extension('1.2.3.4', Buffer.from([5, 0]), true)] },
      'unhandled critical extension 1.2.3.4',
    ],
    ['is signed with SHA-1', { hash: 'sha1' }, 'the key or the signature algorithm is too weak'],
  ];
  for (const [what, wish, why] of bad)
    it(`refuses a certificate that ${what}, also where it is trusted itself`, async () => {
      await write('a', {});
      const answer = await refused([make({ by: root, ...wish })]);
      assert.ok(answer.startsWith("400 failed to verify client's certificate: x509: "), answer);
      assert.ok(answer.endsWith(why), answer);
    });

  it('ends with the certificate, by the clock of the house', async () => {
    await write('a', {});
    const client = make({ by: root, notAfter: now + day });
    await logIn([client]);
    now += 2 * day;
    assert.match(await refused([client]), /it has expired$/);
  });

  it('goes by authorities between, and by none that is not sent or may not', async () => {
    await write('a', {});
    const between = make({ name: 'between', authority: true, by: root });
    const client = make({ by: between });
    await logIn([client, between]);
    assert.equal(await refused([client]), mismatch);
    const noAuthority = make({ name: 'none', by: root, usage: 33 });
    assert.equal(await refused([make({ by: noAuthority }), noAuthority]), mismatch);
  });

  it('trusts one certificate alone, whoever signed it', async () => {
    const pinned = make({ name: 'pinned' });
    await write('pin', { certificate: pinned.pem, token_policies: 'pinned' });
    await write('all', { certificate: root.pem, token_policies: 'all' });
    assert.deepEqual((await logIn([pinned]))['policies'], ['default', 'pinned']);
    const forged = make({ name: 'pinned', serial: pinned.serial });
    assert.equal(await refused([forged]), mismatch);
    const own = make({ name: 'a', by: root });
    await write('own', { certificate: own.pem + root.pem, token_policies: 'own' });
    assert.deepEqual((await logIn([own]))['policies'], ['default', 'own']);
    // an authority that stands behind a client's certificate is not trusted for it
    assert.equal(await refused([make({ name: 'b', by: root })], { name: 'own' }), mismatch);
  });

  it('trusts one that calls itself an authority, as command lines make them', async () => {
    const self = make({ name: 'self', authority: true, usage: null });
    await write('self', { certificate: self.pem });
    await logIn([self]);
  });

  it('gives extensions that are allowed with the token', async () => {
    const text = Buffer.concat([Buffer.from([0x0c, 5]), Buffer.from('stage')]);
    const client = make({ by: root, extensions: [extension('2.1.1.1', text)] });
    await write('a', {
      required_extensions: '2.1.1.1:st*,hex:2.1.1.1:0C05*',
      allowed_metadata_extensions: '2.1.1.1,2.1.1.9',
    });
    assert.equal((await logIn([client]))['metadata']?.['2-1-1-1' as never], 'stage');
    assert.equal(await refused([make({ by: root })]), mismatch);
  });

  it('refuses what is revoked, in the middle of a path, too, until the list is taken away', async () => {
    await write('a', {});
    const between = make({ name: 'between', authority: true, by: root });
    const client = make({ by: between });
    const crl = (revoked: readonly Buffer[], nextUpdate?: number): string =>
      pemOf('X509 CRL', makeList({ by: root, revoked, ...(nextUpdate ? { nextUpdate } : {}) }));
    await vault.ask('POST', 'auth/cert/crls/One', { crl: crl([make().serial]) });
    await logIn([client, between]);
    for (const serial of [between.serial, client.serial]) {
      // one that is over goes on saying what is revoked
      await vault.ask('POST', 'auth/cert/crls/one', { crl: crl([serial], now - day) });
      assert.equal(await refused([client, between]), mismatch);
    }
    const { data } = await vault.ask('GET', 'auth/cert/crls/ONE');
    assert.deepEqual(data, {
      cdp: null,
      serials: { [BigInt(`0x${client.serial.toString('hex')}`).toString()]: {} },
    });
    assert.deepEqual((await vault.ask('LIST', 'auth/cert/crls')).data, { keys: ['one'] });
    await vault.ask('DELETE', 'auth/cert/crls/one');
    assert.equal(await vault.refusal('DELETE', 'auth/cert/crls/one'), '400 no such CRL one');
    assert.equal(await vault.refusal('GET', 'auth/cert/crls/one'), '400 no such CRL one');
    await logIn([client, between]);
  });

  it('asks an address for a list again once it is due, and uses the last one where it does not answer', async () => {
    await write('a', {});
    const client = make({ by: root });
    let list: Buffer | null = makeList({ by: root, revoked: [], nextUpdate: now + day });
    const served = await serveJson(() => (list ? { body: list } : { status: 500, json: {} }));
    try {
      await vault.ask('POST', 'auth/cert/crls/far', { url: `${served.url}/crl` });
      const { cdp } = (await vault.ask('GET', 'auth/cert/crls/far')).data as { cdp: { url: string } };
      assert.equal(cdp.url, `${served.url}/crl`);
      await logIn([client]);
      list = makeList({ by: root, revoked: [client.serial], nextUpdate: now + 3 * day });
      await logIn([client]);
      assert.equal(served.asked.length, 1);
      now += 2 * day;
      assert.equal(await refused([client]), mismatch);
      assert.equal(served.asked.length, 2);
      list = null;
      now += 2 * day;
      assert.equal(await refused([client]), mismatch);
      assert.equal(await refused([client]), mismatch);
      assert.equal(served.asked.length, 3);
      assert.match(
        await vault.refusal('POST', 'auth/cert/crls/b', { url: `${served.url}/crl` }),
        /^400 failed to parse CRL: http:\/\/127.0.0.1:\d+ answered with status 500$/,
      );
    } finally {
      served.close();
    }
  });

  const unread: readonly (readonly [string, object, RegExp])[] = [
    ['nothing', {}, /^400 one of 'crl' or 'url' must be provided$/],
    ['an empty address', { url: '' }, /^400 empty CRL url$/],
    ['an address that is not safe', { url: 'http://example.com/crl' }, /^400 url must begin with https/],
    ['no list', { crl: 'x' }, /^400 failed to parse CRL: there is no revocation list in PEM$/],
    [
      'a delta',
      {
        crl: pemOf(
          'X509 CRL',
          makeList({
            by: root,
            revoked: [],
            extensions: [extension('2.5.29.27', Buffer.from([2, 1, 1]), true)],
          }),
        ),
      },
      /^400 failed to parse CRL: it is a delta/,
    ],
  ];
  for (const [what, body, answer] of unread)
    it(`takes no revocation list of ${what}`, async () => {
      assert.match(await vault.refusal('POST', 'auth/cert/crls/x', body), answer);
    });

  it('lets a token last longer for its own certificate alone', async () => {
    await write('a', { token_ttl: '1h', token_policies: 'web' });
    const key = newKey();
    const client = make({ name: 'c', by: root, key });
    const token = String((await logIn([client]))['client_token']);
    const renew = (...chain: readonly Made[]) =>
      vault.refusal('POST', 'auth/token/renew-self', {}, { ...shown(...chain), token });
    await vault.ask('POST', 'auth/token/renew-self', {}, { ...shown(client), token });
    // one that was made anew for the same key
    await vault.ask(
      'POST',
      'auth/token/renew-self',
      {},
      { ...shown(make({ name: 'c', by: root, key })), token },
    );
    assert.equal(await renew(), '400 client certificate must be supplied');
    assert.equal(
      await renew(make({ name: 'c', by: root })),
      '400 client identity during renewal not matching client identity used during login',
    );
    assert.equal(await renew(make({ name: 'c', by: other, key })), mismatch);
    await vault.ask('POST', 'auth/cert/config', { disable_binding: true });
    assert.equal((await vault.ask('GET', 'auth/cert/config')).data?.['disable_binding'], true);
    await vault.ask('POST', 'auth/token/renew-self', {}, { token });
    await vault.ask('POST', 'auth/cert/config', {});
    await write('a', { token_policies: 'more' });
    assert.equal(await renew(client), '400 policies have changed, not renewing');
    await write('a', { token_policies: 'web' });
    await vault.ask('POST', 'auth/token/renew-self', {}, { ...shown(client), token });
    await vault.ask('DELETE', 'auth/cert/certs/a');
    assert.equal(await renew(client), '400 the role of the token is no more, not renewing');
  });

  it('is bound to the authority, also where another one signed for the same key', async () => {
    await write('a', { certificate: root.pem + other.pem });
    const key = newKey();
    const token = String((await logIn([make({ by: root, key })]))['client_token']);
    assert.equal(
      await vault.refusal('POST', 'auth/token/renew-self', {}, { ...shown(make({ by: other, key })), token }),
      '400 client authority identity during renewal not matching client identity used during login',
    );
  });

  it('keeps people of several names apart, and those without one by their keys', async () => {
    await write('a', {});
    const [one, two, nameless] = await Promise.all([
      logIn([make({ name: 'one', by: root })]),
      logIn([make({ name: 'two', by: root })]),
      logIn([make({ name: null, by: root })]),
    ]);
    const ids = new Set([one, two, nameless].map((auth) => auth?.['entity_id']));
    assert.equal(ids.size, 3);
  });

  it('tells of the alias what goes with the token, where it is to', async () => {
    const text = Buffer.concat([Buffer.from([0x0c, 4]), Buffer.from('blue')]);
    const client = make({ name: 'alias', by: root, extensions: [extension('2.1.1.1', text)] });
    await write('a', { allowed_metadata_extensions: '2.1.1.1', token_policies: 'own-team' });
    const methods = (await vault.ask('GET', 'sys/auth')).data as Record<string, { accessor: string }>;
    const accessor = methods['cert/']?.accessor;
    await vault.ask('PUT', 'sys/policies/acl/own-team', {
      policy: `path "secret/data/{{identity.entity.aliases.${accessor}.metadata.2-1-1-1}}/*" { capabilities = ["create", "read", "update"] }`,
    });
    const put = async () => {
      const token = String((await logIn([client]))['client_token']);
      const body = { data: { a: 'b' } };
      const { status } = await vault.send('POST', 'secret/data/blue/a', body, { token });
      return [status, (await vault.send('POST', 'secret/data/red/a', body, { token })).status];
    };
    assert.deepEqual(await put(), [403, 403]);
    await vault.ask('POST', 'auth/cert/config', { enable_identity_alias_metadata: true });
    assert.deepEqual(await put(), [200, 403]);
    await vault.ask('POST', 'auth/cert/config', {});
    assert.deepEqual(await put(), [403, 403]);
  });

  it('refuses common names that would stand for a key, or are no names', async () => {
    await write('a', {});
    for (const name of [`key:${'0'.repeat(64)}`, 'x'.repeat(600)])
      assert.equal(
        await refused([make({ name, by: root })]),
        '400 the common name of the certificate is one that no client can have',
      );
  });

  it('refuses serial numbers without end', async () => {
    await write('a', {});
    assert.match(await refused([make({ by: root, serial: Buffer.alloc(3000, 1) })]), /too long$/);
  });

  it('refuses certificates of more bytes than are good for who may be anybody', async () => {
    await write('a', {});
    const names = Array.from({ length: 9000 }, () => ({ dNSName: 'a' }));
    assert.match(await refused([make({ by: root, names })]), /larger than 16384 bytes$/);
    const between = make({ name: 'between', authority: true, by: root, names });
    assert.equal(await refused([make({ by: between }), between]), mismatch);
  });

  it('gives a token to addresses that the role wants alone', async () => {
    await write('a', { token_bound_cidrs: '10.0.0.0/8' });
    assert.match(await refused([make({ by: root })]), /^403 /);
  });

  it('asks policies about names of roles in small letters, too', async () => {
    await vault.ask('PUT', 'sys/policies/acl/not-a', {
      policy:
        'path "auth/cert/*" { capabilities = ["read"] } path "auth/cert/certs/a" { capabilities = ["deny"] }',
    });
    await write('a', {});
    const { auth } = await vault.ask('POST', 'auth/token/create', { policies: ['not-a'] });
    const token = String(auth?.['client_token']);
    await vault.ask('GET', 'auth/cert/config', undefined, { token });
    for (const name of ['a', 'A'])
      assert.match(await vault.refusal('GET', `auth/cert/certs/${name}`, undefined, { token }), /^403/);
  });

  it('refuses settings that nothing would heed', async () => {
    assert.match(
      await vault.refusal('POST', 'auth/cert/config', { enable_metadata_on_failures: 'true' }),
      /^400 enable_metadata_on_failures is not offered here/,
    );
  });

  it('keeps no token that it gave', () => {
    assert.ok(tokens.length > 10);
    assertNotKept(vault.home, tokens);
  });
});
