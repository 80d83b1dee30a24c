import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as kms from '@aws-sdk/client-kms';
import { loadConfig, startServer, type RunningServer } from '#server';
import {
  scratchToken,
  softHsmModule,
  withoutSoftHsm,
  type ScratchToken,
} from '../../src/roots/pkcs11/softhsm.fixture.ts';
import { newHome, removeHome, startTestServer } from '../servers.ts';

const skip = withoutSoftHsm();
const dayMillis = 86_400_000;
const utf8 = (text: string) => new Uint8Array(Buffer.from(text));

describe('keys in an HSM, through the AWS API', { skip }, () => {
  let token: ScratchToken;
  let home: string;
  let server: RunningServer;
  let client: kms.KMSClient;
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };

  function start(env: Record<string, string> = {}): Promise<RunningServer> {
    const config = loadConfig({
      env: {
        CLAVIGER_HOME: home,
        CLAVIGER_LISTEN: '127.0.0.1:0',
        CLAVIGER_LOG_LEVEL: 'silent',
        CLAVIGER_ROOT: token.uri('claviger-root'),
        CLAVIGER_DEFAULT_TIER: 'hsm',
        ...env,
      },
    });
    return startServer(config, { clock });
  }

  /** What the token holds under a label, as another program sees it. */
  function objects(): string {
    const words = [
      '--module',
      softHsmModule ?? '',
      '--token-label',
      token.label,
      '--login',
      '--pin',
      'right-pin-1',
    ];
    return execFileSync('pkcs11-tool', [...words, '--list-objects'], {
      encoding: 'utf8',
      env: { ...process.env, ...token.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /** The private and secret objects of a key, each with what pkcs11-tool says of it. */
  function objectsOf(keyId: string): string[] {
    return objects()
      .split(/\n(?=\S)/)
      .filter((entry) => /^(Secret|Private) Key/.test(entry) && entry.includes(keyId));
  }

  before(async () => {
    token = scratchToken('interop');
    Object.assign(process.env, token.env);
    home = newHome();
    server = await start();
    client = connect();
  });
  after(async () => {
    client.destroy();
    await server.stop();
    removeHome(home);
    token.remove();
  });

  function connect(): kms.KMSClient {
    const text = fs.readFileSync(path.join(home, 'credentials.env'), 'utf8');
    const value = (name: string) => new RegExp(`^export ${name}='([^']*)'$`, 'm').exec(text)?.[1] ?? '';
    return new kms.KMSClient({
      endpoint: server.address,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: value('AWS_ACCESS_KEY_ID'),
        secretAccessKey: value('AWS_SECRET_ACCESS_KEY'),
      },
    });
  }

  async function newKey(input: kms.CreateKeyCommandInput = {}): Promise<kms.KeyMetadata> {
    const { KeyMetadata } = await client.send(new kms.CreateKeyCommand(input));
    assert.ok(KeyMetadata);
    return KeyMetadata;
  }

  async function destroy(ids: readonly string[]): Promise<void> {
    for (const KeyId of ids)
      await client.send(new kms.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    ahead = 8 * dayMillis;
    try {
      // the first may be a round that the timer began before
      for (let round = 0; round < 2; round += 1) await server.composition.maintenance.tick();
    } finally {
      ahead = 0;
    }
  }

  it('makes, uses, rotates and destroys AES, RSA-2048 and P-256 keys', async () => {
    const aes = await newKey();
    const rsa = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });
    const ec = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    assert.equal(aes.Origin, 'AWS_CLOUDHSM');
    assert.match(aes.CustomKeyStoreId ?? '', /^cks-[0-9a-f]{17}$/);

    const EncryptionContext = { purpose: 'test' };
    const sealed = await client.send(
      new kms.EncryptCommand({ KeyId: aes.KeyId, Plaintext: utf8('hello'), EncryptionContext }),
    );
    await client.send(new kms.RotateKeyOnDemandCommand({ KeyId: aes.KeyId }));
    const opened = await client.send(
      new kms.DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob, EncryptionContext }),
    );
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Buffer.from('hello'));
    await assert.rejects(
      client.send(new kms.DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob })),
      (error) => error instanceof kms.InvalidCiphertextException,
    );
    const data = await client.send(new kms.GenerateDataKeyCommand({ KeyId: aes.KeyId, KeySpec: 'AES_256' }));
    const again = await client.send(new kms.DecryptCommand({ CiphertextBlob: data.CiphertextBlob }));
    assert.deepEqual(again.Plaintext, data.Plaintext);

    for (const [key, SigningAlgorithm] of [
      [rsa, 'RSASSA_PSS_SHA_256'],
      [rsa, 'RSASSA_PKCS1_V1_5_SHA_512'],
      [ec, 'ECDSA_SHA_256'],
    ] as const) {
      const wish = { KeyId: key.KeyId, SigningAlgorithm, Message: utf8('message') } as const;
      const { Signature } = await client.send(new kms.SignCommand(wish));
      const { SignatureValid } = await client.send(new kms.VerifyCommand({ ...wish, Signature }));
      assert.equal(SignatureValid, true);
    }

    const ids = [aes, rsa, ec].map(({ KeyId }) => KeyId ?? '');
    const counts = ids.map((id) => {
      const found = objectsOf(id);
      for (const entry of found) {
        assert.match(entry, /Access:.*sensitive/);
        assert.match(entry, /never extractable/);
      }
      return found.length;
    });
    // the AES key was rotated
    assert.deepEqual(counts, [2, 1, 1]);

    await destroy(ids);
    for (const id of ids) {
      assert.equal(objects().includes(id), false);
      const [seen] = await server.composition.house.store.destructions.ofKey(id);
      assert.deepEqual([seen?.step, seen?.execution?.method], ['verified', 'device-zeroization']);
      assert.ok(seen?.checks.every(({ method, opens }) => method === 'device-search' && !opens));
      await assert.rejects(client.send(new kms.EncryptCommand({ KeyId: id, Plaintext: utf8('x') })));
    }
  });

  it('does not say of a key that it is gone while its object is still in the token', async (test) => {
    const { KeyId = '' } = await newKey();
    const { house, maintenance } = server.composition;
    const device = house.devices?.device;
    assert.ok(device);
    const broken = test.mock.method(device, 'destroy', async () => undefined);
    await destroy([KeyId]);
    broken.mock.restore();
    const record = async () => (await house.store.destructions.ofKey(KeyId))[0];
    const failed = await record();
    assert.deepEqual(
      [failed?.step, failed?.checks.map(({ method, opens }) => [method, opens])],
      ['executed', [['device-search', true]]],
    );
    assert.equal(objectsOf(KeyId).length, 1);
    for (const label of await device.labels('')) if (label.includes(KeyId)) await device.destroy(label);
    ahead = 9 * dayMillis;
    for (let round = 0; round < 2; round += 1) await maintenance.tick();
    ahead = 0;
    assert.equal((await record())?.step, 'verified');
  });

  it('makes a key in the device by the custom key store, and refuses another one', async () => {
    const { CustomKeyStoreId } = await newKey();
    const key = await newKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId });
    assert.equal(objectsOf(key.KeyId ?? '').length, 1);
    await assert.rejects(
      newKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: 'cks-00000000000000000' }),
      (error) => error instanceof kms.CustomKeyStoreNotFoundException,
    );
  });

  it('refuses, when it is asked to make them, keys that the device can not use', async () => {
    await assert.rejects(
      newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
      (error) => error instanceof kms.UnsupportedOperationException,
    );
  });

  it('encrypts to an RSA key only what the device can open again', async () => {
    const { KeyId } = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    const wish = { KeyId, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' } as const;
    const { CiphertextBlob } = await client.send(
      new kms.EncryptCommand({ ...wish, Plaintext: utf8('hello') }),
    );
    const { Plaintext } = await client.send(new kms.DecryptCommand({ ...wish, CiphertextBlob }));
    assert.deepEqual(Buffer.from(Plaintext ?? []), Buffer.from('hello'));
    const other = { KeyId, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256', Plaintext: utf8('hello') } as const;
    await assert.rejects(
      client.send(new kms.EncryptCommand(other)),
      (error) => error instanceof kms.UnsupportedOperationException,
    );
  });

  it('is not ready while the token is away, and works again without a restart', async () => {
    const { KeyId } = await newKey();
    const { CiphertextBlob } = await client.send(new kms.EncryptCommand({ KeyId, Plaintext: utf8('hello') }));
    const tokens = path.join(token.folder, 'tokens');
    fs.renameSync(tokens, `${tokens}.away`);
    fs.mkdirSync(tokens);
    try {
      const ready = await fetch(`${server.address}/readyz`);
      assert.equal(ready.status, 503);
      const { checks } = (await ready.json()) as { checks: Record<string, string> };
      assert.deepEqual([checks['rootOfTrust'], checks['device']], ['failing', 'failing']);
      await assert.rejects(client.send(new kms.DecryptCommand({ CiphertextBlob })), kms.KMSServiceException);
    } finally {
      fs.rmSync(tokens, { recursive: true });
      fs.renameSync(`${tokens}.away`, tokens);
    }
    const { Plaintext } = await client.send(new kms.DecryptCommand({ CiphertextBlob }));
    assert.deepEqual(Buffer.from(Plaintext ?? []), Buffer.from('hello'));
    assert.equal((await fetch(`${server.address}/readyz`)).status, 200);
  });

  it('finishes a destruction that was cut off after the device did its part', async () => {
    const key = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    const id = key.KeyId ?? '';
    const stored = await server.composition.house.store.key(id);
    const label = stored?.key.versions[0]?.device?.label ?? '';
    await server.composition.house.devices?.device.destroy(label);
    assert.equal(objects().includes(id), false);
    await destroy([id]);
    const after = await server.composition.house.store.key(id);
    assert.equal(after?.key.versions[0]?.state, 'destroyed');
  });

  it('does not say destroyed while the token is away', async () => {
    const id = (await newKey()).KeyId ?? '';
    const tokens = path.join(token.folder, 'tokens');
    fs.renameSync(tokens, `${tokens}.away`);
    fs.mkdirSync(tokens);
    const state = async () => (await server.composition.house.store.key(id))?.key.versions[0]?.state;
    try {
      await destroy([id]);
      assert.equal(await state(), 'active');
    } finally {
      fs.rmSync(tokens, { recursive: true });
      fs.renameSync(`${tokens}.away`, tokens);
    }
    assert.equal(objectsOf(id).length, 1);
  });

  it('keeps every key that was answered, and names what kill -9 left in the token', async () => {
    const killedHome = newHome();
    const env = { ...token.env, CLAVIGER_ROOT: token.uri('killed-root'), CLAVIGER_DEFAULT_TIER: 'hsm' };
    const first = await startTestServer({ home: killedHome, env });
    const request = { method: 'POST', headers: { authorization: `Bearer ${first.env['CLAVIGER_TOKEN']}` } };
    const body = JSON.stringify({ spec: 'EC_P256', usage: 'sign' });
    const create = () => fetch(`${first.address}/api/v1/keys`, { ...request, body });
    const answered: string[] = [];
    const working = Array.from({ length: 4 }, async () => {
      for (;;) answered.push(((await (await create()).json()) as { id: string }).id);
    });
    const ended = Promise.allSettled(working);
    while (answered.length < 12) await new Promise((next) => setImmediate(next));
    await first.stop('SIGKILL');
    await ended;
    const second = await startTestServer({ home: killedHome, env });
    try {
      for (const id of answered) assert.equal(objectsOf(id).length, 1);
      const found = await fetch(`${second.address}/api/v1/keys`, { headers: request.headers });
      const { keys } = (await found.json()) as { keys: { id: string; tier: string }[] };
      const known = new Set(keys.map(({ id }) => id));
      assert.ok(answered.every((id) => known.has(id)));
      for (const { id } of keys) assert.equal(objectsOf(id).length, 1);
    } finally {
      await second.stop();
      removeHome(killedHome);
    }
  });

  it('opens everything again after a restart', async () => {
    const { KeyId } = await newKey();
    const { CiphertextBlob } = await client.send(new kms.EncryptCommand({ KeyId, Plaintext: utf8('hello') }));
    client.destroy();
    await server.stop();
    server = await start();
    client = connect();
    const { Plaintext } = await client.send(new kms.DecryptCommand({ CiphertextBlob }));
    assert.deepEqual(Buffer.from(Plaintext ?? []), Buffer.from('hello'));
  });
});
