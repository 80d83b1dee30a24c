import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, StopError } from '#domain';
import { rootOfTrustContract } from '#ports/contract';
import { readKmsCredentials } from './credentials.ts';
import { openKmsRoot } from './kms-root.ts';
import { startKmsService, type KmsService } from './kms.fixture.ts';
import { parseKmsPlace } from './place.ts';

const quick = { attemptMillisMax: 3000, pauses: [1, 1] };
const context = 'claviger test one';
const arn = 'arn:aws:kms:us-east-1:111122223333:key/12345678-aaaa-bbbb-cccc-1234567890ab';

const isRefused = (error: unknown): boolean => error instanceof StopError && error.code === 'root-refused';
const isUnavailable = (error: unknown): boolean =>
  error instanceof ClavigerError && !(error instanceof StopError) && error.code === 'root-unavailable';

rootOfTrustContract('aws-kms, a second Claviger', async () => {
  const service = await startKmsService();
  const [mine, another] = [await service.newKey(), await service.newKey()];
  const place = (key: string) => parseKmsPlace(`${key}?endpoint=${service.server().address}`);
  const open = (key: string) => openKmsRoot(place(key), service.credentialsFile, quick);
  const root = open(mine);
  return {
    root,
    again: async () => open(mine),
    other: async () => open(another),
    dispose: () => service.dispose(),
  };
});

describe('a root in an external KMS', () => {
  let service: KmsService;
  let key: string;
  before(async () => {
    service = await startKmsService();
    key = await service.newKey();
  });
  after(() => service.dispose());
  const open = (file = service.credentialsFile) =>
    openKmsRoot(parseKmsPlace(`${key}?endpoint=${service.server().address}`), file, quick);
  const secret = new Uint8Array(32).fill(9);

  it('is of the served tier, and says which key it is and where', () => {
    const { kind, where, tier } = open().describe();
    assert.deepEqual([kind, tier], ['aws-kms', 'served']);
    assert.ok(where.includes(key) && where.includes(service.server().address));
  });

  it('is unavailable while the service is stopped, and works when it is back', async () => {
    const root = open();
    const wrapped = await root.wrap(secret, context);
    await service.stop();
    await assert.rejects(root.unwrap(wrapped, context), isUnavailable);
    await assert.rejects(root.wrap(secret, context), isUnavailable);
    await service.start();
    assert.deepEqual(new Uint8Array(await root.unwrap(wrapped, context)), secret);
  });

  it('stops at a disabled key, and at one that is to be deleted', async () => {
    const root = open();
    const wrapped = await root.wrap(secret, context);
    await service.call('DisableKey', { KeyId: key });
    await assert.rejects(root.unwrap(wrapped, context), isRefused);
    await service.call('EnableKey', { KeyId: key });
    assert.deepEqual(new Uint8Array(await root.unwrap(wrapped, context)), secret);
    const doomed = await service.newKey();
    const other = openKmsRoot(
      parseKmsPlace(`${doomed}?endpoint=${service.server().address}`),
      service.credentialsFile,
      quick,
    );
    await service.call('ScheduleKeyDeletion', { KeyId: doomed, PendingWindowInDays: 7 });
    await assert.rejects(other.wrap(secret, context), isRefused);
  });

  it('stops at wrong credentials, once', async () => {
    const file = path.join(service.home, 'wrong');
    const text = fs.readFileSync(service.credentialsFile, 'utf8');
    for (const wrong of [
      text.replace(/.\n$/, (end) => (end === 'x\n' ? 'y\n' : 'x\n')),
      text.replace(/= ..../, '= AKIZ'),
    ]) {
      fs.writeFileSync(file, wrong, { mode: 0o600 });
      await assert.rejects(open(file).wrap(secret, context), isRefused);
    }
  });
});

type Reply = { status?: number; body: string | Buffer };

/** A service that answers what a test wants; it counts the requests. */
async function scripted(replies: () => Reply) {
  let asked = 0;
  const server = http.createServer((request, response) => {
    asked += 1;
    request.resume();
    request.once('end', () => {
      const { status = 200, body } = replies();
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-kms-'));
  const file = path.join(folder, 'credentials');
  fs.writeFileSync(file, 'aws_access_key_id=AKIA1234\naws_secret_access_key=abc\n', { mode: 0o600 });
  const { port } = server.address() as AddressInfo;
  const root = openKmsRoot(parseKmsPlace(`${arn}?endpoint=http://127.0.0.1:${port}`), file, quick);
  return {
    root,
    asked: () => asked,
    async dispose() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe('what a service answers', () => {
  async function outcome(reply: Reply): Promise<{ error: unknown; asked: number }> {
    const service = await scripted(() => reply);
    try {
      const error = await service.root.wrap(new Uint8Array(32), context).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      return { error, asked: service.asked() };
    } finally {
      await service.dispose();
    }
  }
  const json = (value: object, status = 200): Reply => ({ status, body: JSON.stringify(value) });

  it('is asked for again, so many times, where it may pass', async () => {
    for (const reply of [
      json({ __type: 'ThrottlingException' }, 400),
      json({ __type: 'com.amazonaws.kms#KMSInternalException' }, 500),
      json({ __type: 'DependencyTimeoutException:http://x' }, 400),
      json({}, 429),
      { status: 503, body: 'gone' },
      { status: 200, body: '<html>' },
      json([]),
      { status: 200, body: Buffer.alloc(100_000, 32) },
    ]) {
      const { error, asked } = await outcome(reply);
      assert.ok(isUnavailable(error), String(error));
      assert.equal(asked, quick.pauses.length + 1);
    }
  });

  it('is final where the service refuses, or speaks of another key', async () => {
    const blob = Buffer.alloc(40).toString('base64');
    for (const reply of [
      json({ __type: 'AccessDeniedException' }, 400),
      json({ __type: 'InvalidCiphertextException' }, 400),
      json({ __type: 'DisabledException' }, 400),
      json({ __type: 'SomethingNew' }, 400),
      json({ __type: { a: 1 } }, 400),
      json({}, 302),
      json({ KeyId: `${arn}x`, CiphertextBlob: blob }),
      json({ CiphertextBlob: blob }),
      json({ KeyId: arn }),
      json({ KeyId: arn, CiphertextBlob: '' }),
      json({ KeyId: arn, CiphertextBlob: 'a b=' }),
      json({ KeyId: arn, CiphertextBlob: Buffer.alloc(6145).toString('base64') }),
    ]) {
      const { error, asked } = await outcome(reply);
      assert.ok(isRefused(error), `${JSON.stringify(reply)}: ${String(error)}`);
      assert.equal(asked, 1);
    }
    assert.equal((await outcome(json({ KeyId: arn, CiphertextBlob: blob }))).error, null);
  });

  it('never ends in anything but a root that is unavailable or refuses, whatever the bytes are', async () => {
    let body: Buffer = Buffer.alloc(0);
    const service = await scripted(() => ({ body }));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (bytes) => {
          body = Buffer.from(bytes);
          await assert.rejects(
            service.root.wrap(new Uint8Array(1), context),
            (error) => isRefused(error) || isUnavailable(error),
          );
        },
      ),
      { numRuns: 60 },
    );
    await service.dispose();
  });
});

describe('the place of an external KMS', () => {
  it('is AWS itself, unless an endpoint is named', () => {
    assert.equal(parseKmsPlace(arn).endpoint.href, 'https://kms.us-east-1.amazonaws.com/');
    const place = parseKmsPlace(`${arn}?endpoint=https://kms.example:8443&credentials-file=/etc/x`);
    assert.deepEqual([place.endpoint.host, place.credentialsFile], ['kms.example:8443', '/etc/x']);
  });

  it('is asked over http on this machine only', () => {
    for (const host of ['127.0.0.1:1', 'localhost', '[::1]:8'])
      assert.ok(parseKmsPlace(`${arn}?endpoint=http://${host}`));
    for (const host of ['192.0.2.1', 'example.org', 'localhost.example.org', '127.example.org', '[::2]'])
      assert.throws(() => parseKmsPlace(`${arn}?endpoint=http://${host}`), /must be https/);
  });

  it('is refused in every other form', () => {
    for (const wrong of [
      '',
      'key',
      arn.replace('key/', 'alias/'),
      `${arn}/x`,
      `${arn}?`.replace('arn:', 'urn:'),
      `${arn}?endpoint=`,
      `${arn}?endpoint=ftp://127.0.0.1`,
      `${arn}?endpoint=https://a:b@c`,
      `${arn}?endpoint=https://a/b`,
      `${arn}?endpoint=https://a&endpoint=https://b`,
      `${arn}?region=x`,
      `${arn}?credentials-file=`,
    ])
      assert.throws(() => parseKmsPlace(wrong), { code: 'configuration-invalid' }, wrong);
    assert.throws(() => openKmsRoot(parseKmsPlace(arn), null), /CLAVIGER_ROOT_CREDENTIALS_FILE/);
  });
});

describe('the credentials of an external KMS', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-kms-'));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'credentials');
  const write = (text: string, mode = 0o600): void => {
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, text, { mode });
  };

  it('are read from both forms', async () => {
    for (const text of [
      '[default]\naws_access_key_id = AKIA1\naws_secret_access_key = s/+=\naws_session_token=tok==\n',
      "export AWS_ACCESS_KEY_ID='AKIA1'\r\nexport AWS_SECRET_ACCESS_KEY='s/+='\nAWS_SESSION_TOKEN=\"tok==\"\nexport OTHER='x y'\n",
    ]) {
      write(text);
      const { accessKeyId, secretAccessKey, sessionToken } = await readKmsCredentials(file);
      assert.deepEqual([accessKeyId, sessionToken], ['AKIA1', 'tok==']);
      assert.ok(secretAccessKey.equals(Buffer.from('s/+=')));
    }
  });

  it('are refused when others can read them, or when they are not one access key', async () => {
    const good = 'aws_access_key_id=AKIA1\naws_secret_access_key=s\n';
    write(good, 0o640);
    await assert.rejects(readKmsCredentials(file), /chmod 600/);
    for (const wrong of [
      '',
      good.slice(10),
      `${good}${good}`,
      good.replace('AKIA1', 'a/b'),
      'x'.repeat(20_000),
    ]) {
      write(wrong);
      await assert.rejects(readKmsCredentials(file), isRefused);
    }
    await assert.rejects(readKmsCredentials(`${file}.absent`), isUnavailable);
  });
});
