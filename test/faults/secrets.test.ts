import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { signedHeaders } from '../../bench/sign.ts';
import { contentsOf } from '../contents.ts';
import { freePort, newHome, removeHome } from '../servers.ts';
import { asker, type Asker, killNodes, spawnNode } from './node.ts';
import { foundIn, type Planter, planter } from './planted.ts';

after(killNodes);

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly token: string };
type Keys = { readonly sealing: string; readonly signing: string; readonly mac: string };
type Refusal = { readonly place: string; readonly init: RequestInit };

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A server whose passphrase and whose administrator's credentials are planted. */
async function plantedServer({ plant }: Planter, home: string, outside: string) {
  const credentials: Credentials = {
    accessKeyId: 'AKIAPLANTEDPLANTED00',
    secretAccessKey: plant('secret access key'),
    token: plant('token'),
  };
  const principal = { name: 'ci', roles: ['administrator', 'user'], ...credentials };
  const environments = [{ name: 'default', principals: [{ name: 'admin', admin: true }, principal] }];
  const bootstrap = path.join(outside, 'bootstrap.json');
  fs.writeFileSync(bootstrap, JSON.stringify({ environments }), { mode: 0o600 });
  const passphrase = path.join(outside, 'passphrase');
  fs.writeFileSync(passphrase, plant('passphrase'), { mode: 0o600 });
  const node = spawnNode(home, await freePort(), {
    CLAVIGER_LOG_LEVEL: 'debug',
    CLAVIGER_BOOTSTRAP: bootstrap,
    CLAVIGER_ROOT: 'passphrase:',
    CLAVIGER_PASSPHRASE_FILE: passphrase,
  });
  await node.ready();
  return { node, credentials };
}

async function makeKeys({ aws }: Asker): Promise<Keys> {
  const make = async (KeySpec: string, KeyUsage: string): Promise<string> => {
    const { body } = await aws('CreateKey', { KeySpec, KeyUsage });
    return (body['KeyMetadata'] as { KeyId: string }).KeyId;
  };
  return {
    sealing: await make('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'),
    signing: await make('ECC_NIST_P256', 'SIGN_VERIFY'),
    mac: await make('HMAC_256', 'GENERATE_VERIFY_MAC'),
  };
}

/** Secrets in requests that work and in their answers. Gives a ciphertext that opens only with its context. */
async function useKeys({ plant, note }: Planter, { aws, native }: Asker, keys: Keys): Promise<unknown> {
  const KeyId = keys.sealing;
  const EncryptionContext = { [plant('context name')]: plant('context value') };
  const Plaintext = base64(plant('plaintext'));
  const { CiphertextBlob } = (await aws('Encrypt', { KeyId, Plaintext, EncryptionContext })).body;
  const opened = await aws('Decrypt', { CiphertextBlob, EncryptionContext });
  assert.equal(opened.body['Plaintext'], Plaintext);
  const sealed = await native('POST', `/keys/${KeyId}/encrypt`, {
    plaintext: base64(plant('plaintext of the native API')),
    context: { purpose: plant('context of the native API') },
  });
  assert.equal(sealed.status, 200);
  note('data key', (await aws('GenerateDataKey', { KeyId, KeySpec: 'AES_256' })).body['Plaintext']);
  note('native data key', (await native('POST', `/keys/${KeyId}/data-key`, {})).body['plaintext']);
  const pair = await aws('GenerateDataKeyPair', { KeyId, KeyPairSpec: 'ECC_NIST_P384' });
  note('private key', pair.body['PrivateKeyPlaintext']);
  note('random bytes', (await aws('GenerateRandom', { NumberOfBytes: 32 })).body['Plaintext']);
  const Message = base64(plant('message'));
  await aws('Sign', { KeyId: keys.signing, Message, SigningAlgorithm: 'ECDSA_SHA_256' });
  await aws('GenerateMac', { KeyId: keys.mac, Message, MacAlgorithm: 'HMAC_SHA_256' });
  note('made token', (await native('POST', '/principals/ci/tokens', {})).body['token'], 'latin1');
  const made = await native('POST', '/principals/ci/access-keys', {});
  note('made secret access key', made.body['secretAccessKey'], 'latin1');
  return CiphertextBlob;
}

/** Secrets that are delivered: written, read, patched, destroyed, by Vault's paths; and some that are refused. */
async function keepSecrets({ plant }: Planter, address: string, token: string): Promise<void> {
  const ask = async (method: string, place: string, body: unknown, wanted: number): Promise<string> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { 'x-vault-token': token, 'content-type': type };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(`${address}/v1/${place}`, init);
    const text = await answer.text();
    assert.equal(answer.status, wanted, `${method} ${place}: ${text}`);
    return text;
  };
  const value = plant('secret value');
  await ask('POST', 'secret/data/planted', { data: { [plant('member of a secret')]: [value] } }, 200);
  assert.ok((await ask('GET', 'secret/data/planted', undefined, 200)).includes(value));
  await ask('PATCH', 'secret/data/planted', { data: { more: plant('patched value') } }, 200);
  await ask('GET', 'secret/subkeys/planted', undefined, 200);
  await ask('POST', 'secret/destroy/planted', { versions: [1] }, 204);
  const refused = [
    { data: plant('value that is no object') },
    { data: { n: 2 ** 60, text: plant('value beside a large number') } },
    { data: { text: plant('value for another version') }, options: { cas: 7 } },
    { data: {}, options: { cas: plant('check that is no number') } },
    { text: plant('value that stands too high') },
  ];
  for (const body of refused) {
    const told = await ask('POST', 'secret/data/planted', body, 400);
    assert.ok(!told.includes('Planted'), told);
  }
  await ask('POST', 'sys/mounts/kv', { type: 'kv' }, 204);
  await ask('POST', 'kv/planted', { password: plant('value of version 1') }, 204);
  await ask('GET', 'kv/planted', undefined, 200);
}

/** Secrets in requests of the AWS protocol that are refused. */
function refusedByAws({ plant }: Planter, keys: Keys, ciphertext: unknown): [string, string][] {
  const KeyId = keys.sealing;
  const wrong = { [plant('wrong context name')]: plant('wrong context') };
  const bodies = [
    { KeyId, Plaintext: plant('plaintext that is no base64') },
    { KeyId, Plaintext: [plant('plaintext in a list')] },
    { KeyId, Plaintext: { a: plant('plaintext in an object') } },
    { KeyId, Plaintext: base64(plant('large plaintext').padEnd(5000, 'x')) },
    { KeyId: '1234', Plaintext: base64(plant('plaintext for no key')) },
    { KeyId, Plaintext: 'AAAA', EncryptionContext: plant('context that is a string') },
    { KeyId, Plaintext: 'AAAA', EncryptionContext: { a: [plant('context in a list')] } },
    { KeyId: keys.signing, Plaintext: base64(plant('plaintext for a signing key')) },
  ];
  const message = { KeyId: keys.signing, Message: plant('message'), SigningAlgorithm: 'X' };
  return [
    ...bodies.map((body): [string, string] => ['Encrypt', JSON.stringify(body)]),
    ['Decrypt', JSON.stringify({ CiphertextBlob: ciphertext, EncryptionContext: wrong })],
    ['Encrypt', `{"KeyId":"${KeyId}","Plaintext":"${plant('cut body')}`],
    ['Encrypt', `{"Plaintext":"${base64(plant('first of two'))}","Plaintext":"AAAA","KeyId":"${KeyId}"}`],
    ['NoSuchOperation', JSON.stringify({ Plaintext: base64(plant('unknown operation')) })],
    ['Sign', JSON.stringify(message)],
  ];
}

/** Secrets in requests whose sender is not believed. */
function refusedSenders({ plant }: Planter, body: string, headers: Record<string, string>): Refusal[] {
  const post = (place: string, more: Record<string, string>): Refusal => ({
    place,
    init: { body, headers: { ...headers, ...more } },
  });
  return [
    post('/', {}),
    post('/', { authorization: `AWS4-HMAC-SHA256 ${plant('malformed header')}` }),
    post('/', { authorization: `Bearer ${plant('bearer')}` }),
    post('/', { 'x-amz-security-token': plant('session token') }),
    post(`/?X-Amz-Signature=${plant('signature in a query')}`, {}),
  ];
}

/** Secrets in requests of the native API that are refused. */
function refusedByNative({ plant }: Planter, keys: Keys, token: string): Refusal[] {
  const bearer = { authorization: `Bearer ${token}` };
  const place = `/api/v1/keys/${keys.sealing}/encrypt`;
  const json = (value: object): RequestInit => ({ body: JSON.stringify(value), headers: bearer });
  const headed = (headers: Record<string, string>): RequestInit => ({ body: '{}', headers });
  return [
    { place, init: json({ plaintext: plant('native plaintext') }) },
    { place, init: json({ plaintext: [plant('native list')] }) },
    { place, init: { body: `{"plaintext":"${plant('native cut body')}`, headers: bearer } },
    { place, init: json({ plaintext: 'AAAA', context: plant('native context') }) },
    { place, init: headed({ authorization: `Bearer ${plant('unknown token')}` }) },
    { place, init: headed({ authorization: `Basic ${plant('basic')}` }) },
    { place, init: headed({ cookie: `session=${plant('cookie')}`, 'x-vault-token': plant('vault token') }) },
    { place: `${place}?access_token=${plant('token in a query')}`, init: headed({}) },
    { place: `/v1/transit?token=${plant('token for nothing')}`, init: { body: plant('body for nothing') } },
    { place: '/api/v1/decrypt', init: json({ ciphertext: base64(plant('ciphertext')) }) },
  ];
}

/** Every file of a home but the one that is made to hold credentials. */
function requireClean(home: string, output: string, { planted }: Planter): void {
  const files = contentsOf(home).filter(({ name }) => path.basename(name) !== 'credentials.env');
  assert.ok(files.length > 8, `only ${files.length} files`);
  for (const { name, bytes } of files) assert.deepEqual(foundIn(bytes, planted), [], name);
  assert.deepEqual(foundIn(output, planted), [], 'output');
}

describe('the search for planted secrets', () => {
  it('finds them in every form', () => {
    const bytes = randomBytes(24);
    const planted = [{ what: 'it', bytes }];
    for (const offset of [0, 1, 2, 3]) {
      const inside = Buffer.concat([randomBytes(offset), bytes, randomBytes(5)]);
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        assert.deepEqual(foundIn(`{"a":"${inside.toString(encoding)}"}`, planted), ['it'], encoding);
    }
    assert.deepEqual(foundIn(Buffer.concat([Buffer.from('x'), bytes]), planted), ['it']);
    assert.deepEqual(foundIn(randomBytes(5000), planted), []);
  });
});

describe('secrets in requests', () => {
  it('are found in no file, log, metric or error', { timeout: 120_000 }, async () => {
    const planting = planter();
    const [home, outside] = [newHome(), newHome()];
    const { node, credentials } = await plantedServer(planting, home, outside);
    const client = asker(node.address, {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      CLAVIGER_TOKEN: credentials.token,
    });
    const keys = await makeKeys(client);
    const ciphertext = await useKeys(planting, client, keys);
    await keepSecrets(planting, node.address, credentials.token);

    const signed = (operation: string, body: string) =>
      signedHeaders(node.address, `TrentService.${operation}`, body, {
        id: credentials.accessKeyId,
        secret: credentials.secretAccessKey,
      });
    const body = JSON.stringify({
      KeyId: keys.sealing,
      Plaintext: base64(planting.plant('wrong signature')),
    });
    const refusals: Refusal[] = [
      ...refusedByAws(planting, keys, ciphertext).map(([operation, wrong]) => ({
        place: '/',
        init: { body: wrong, headers: signed(operation, wrong) },
      })),
      ...refusedSenders(planting, body, signed('Encrypt', `${body} `)),
      ...refusedByNative(planting, keys, credentials.token),
    ];
    for (const [index, { place, init }] of refusals.entries()) {
      const answer = await fetch(`${node.address}${place}`, { method: 'POST', ...init });
      const told = JSON.stringify([...answer.headers]) + (await answer.text());
      assert.ok(answer.status >= 400 && answer.status < 500, `refusal ${index}: ${answer.status} ${told}`);
      assert.deepEqual(foundIn(told, planting.planted), [], `refusal ${index}: ${told}`);
    }
    const metrics = await (await fetch(`${node.address}/metrics`)).text();
    assert.deepEqual(foundIn(metrics, planting.planted), [], 'metrics');
    assert.ok(planting.planted.length > 40);
    requireClean(home, node.output(), planting);
    node.signal('SIGTERM');
    assert.equal(await node.ended, 0);
    requireClean(home, node.output(), planting);
    removeHome(home);
    removeHome(outside);
  });
});
