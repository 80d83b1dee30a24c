import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hasCode, type AuditEvent } from '#domain';
import { operations } from '#operations';
import { auditEvents, renderCloudTrail, verifyAudit } from './audit-reader.ts';
import { configOf, temporaryFolder } from './home.fixture.ts';
import { administrator, startNode } from './node.fixture.ts';

const dayMillis = 86_400_000;

/** A house in which an administrator used a key, was refused once, and a key was rotated by the house; then it stopped. */
async function history(test: TestContext) {
  const home = temporaryFolder(test);
  let now = Date.parse('2026-06-01T00:00:00Z');
  const node = await startNode(test, home, { clock: { now: () => now } });
  const admin = await administrator(node, home);
  const asked = () => ({ ...admin, requestId: node.newRequestId() });
  const wish = {
    spec: 'AES_256',
    usage: 'encrypt',
    description: '',
    tags: [],
    owner: null,
    policy: null,
  } as const;
  const key = await node.door.run(operations.createKey, asked(), {
    ...wish,
    tags: [],
    bypassLockoutCheck: false,
    name: null,
    dataClassification: null,
  });
  const reference = { key: { kind: 'id', id: key.id } as const };
  await node.door.run(operations.enableRotation, asked(), {
    ...reference,
    periodDays: 90,
    onlySymmetricEncryption: false,
  });
  now += dayMillis;
  const encrypt = {
    ...reference,
    plaintext: Buffer.from('a secret plaintext'),
    algorithm: null,
    version: null,
    dryRun: false,
  };
  const aws = {
    ...asked(),
    protocol: 'aws-kms',
    protocolOperation: 'Encrypt',
    sourceAddress: '192.0.2.1',
    userAgent: 'aws-cli',
  };
  await node.door.run(operations.encrypt, aws, { ...encrypt, context: { purpose: 'test' } });
  now += dayMillis;
  const unknown = { key: { kind: 'id', id: '6f1ed002-ab48-4cbb-9d3c-0b6f8a5d2c11' } as const };
  await assert.rejects(node.door.run(operations.describeKey, asked(), unknown));
  now += 100 * dayMillis;
  await node.maintenance.tick();
  await node.close();
  return { home, config: configOf(home), keyId: key.id, accountId: admin.accountId };
}

describe('the audit log of a machine', () => {
  it('is listed newest first, by filter and up to a number', async (test) => {
    const { config, keyId } = await history(test);
    const list = (filter = {}, limit = 100) =>
      auditEvents(config.auditFolder, filter, limit).map(({ event }) => event.operation);
    const all = list();
    assert.deepEqual(all.slice(0, 3), ['keys.rotate-due', 'keys.describe', 'keys.encrypt']);
    assert.deepEqual(list({}, 2), all.slice(0, 2));
    assert.deepEqual(list({}, 0), []);
    assert.deepEqual(list({ keyId }), [
      'keys.rotate-due',
      'keys.encrypt',
      'keys.enable-rotation',
      'keys.create',
    ]);
    assert.deepEqual(list({ operation: 'keys.encrypt' }), ['keys.encrypt']);
    assert.deepEqual(list({ principal: 'system', keyId }), ['keys.rotate-due']);
    const from = Date.parse('2026-06-02T00:00:00Z');
    assert.deepEqual(list({ from, until: from + dayMillis }), ['keys.encrypt']);
    assert.deepEqual(list({ environment: 'elsewhere' }), []);
    assert.deepEqual(auditEvents(path.join(config.home, 'nowhere'), {}, 10), []);
  });

  it('is exported whole and in order as lines of JSON', async (test) => {
    const { config } = await history(test);
    const lines = await Array.fromAsync(renderCloudTrail(config, {}, 'jsonl'));
    const events = lines.map((line) => JSON.parse(line) as AuditEvent);
    assert.deepEqual(
      events.map(({ operation }) => operation).toReversed(),
      auditEvents(config.auditFolder, {}, 100).map(({ event }) => event.operation),
    );
    assert.doesNotMatch(lines.join(), /a secret plaintext|purpose/);
  });

  it('is exported in the words of OCSF', async (test) => {
    const { config, keyId } = await history(test);
    const lines = await Array.fromAsync(renderCloudTrail(config, { keyId }, 'ocsf'));
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      told.map((event) => event['type_uid']),
      [300_401, 300_403, 600_302, 300_403],
    );
    assert.deepEqual(told[0]?.['entity'], { uid: keyId, type: 'cryptographic key' });
  });

  it('is exported in the shape that CloudTrail gives to calls of AWS KMS', async (test) => {
    const { config, keyId, accountId } = await history(test);
    const lines = await Array.fromAsync(
      renderCloudTrail(config, { operation: 'keys.encrypt' }, 'cloudtrail'),
    );
    assert.equal(lines.length, 1);
    const record = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    const ARN = `arn:aws:kms:us-east-1:${accountId}:key/${keyId}`;
    const { eventID, requestID, additionalEventData, ...rest } = record;
    assert.match(String(eventID), /^[0-9a-f-]{36}$/);
    assert.equal(requestID, eventID);
    const { encryptionContextSha256, ...additional } = additionalEventData as Record<string, unknown>;
    assert.match(String(encryptionContextSha256), /^[0-9a-f]{64}$/);
    assert.deepEqual(additional, { node: 'one', protocol: 'aws-kms', keyVersion: 1 });
    assert.deepEqual(rest, {
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        principalId: 'admin',
        arn: `arn:aws:iam::${accountId}:user/admin`,
        accountId,
        userName: 'admin',
      },
      eventTime: '2026-06-02T00:00:00Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'Encrypt',
      awsRegion: 'us-east-1',
      sourceIPAddress: '192.0.2.1',
      userAgent: 'aws-cli',
      requestParameters: { keyId: ARN },
      responseElements: null,
      readOnly: true,
      resources: [{ accountId, type: 'AWS::KMS::Key', ARN }],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: accountId,
      eventCategory: 'Management',
    });
  });

  it('tells in that shape what the house did by itself, what was refused, and what other protocols call otherwise', async (test) => {
    const { config, keyId, accountId } = await history(test);
    const lines = await Array.fromAsync(renderCloudTrail(config, {}, 'cloudtrail'));
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const named = (name: string) =>
      records.find(({ eventName }) => eventName === name) ?? assert.fail(`no ${name}`);
    const rotation = named('RotateKey');
    assert.equal(rotation['eventType'], 'AwsServiceEvent');
    assert.deepEqual(rotation['userIdentity'], { accountId, invokedBy: 'AWS Internal' });
    assert.equal(rotation['awsRegion'], 'us-east-1');
    assert.equal(rotation['requestParameters'], null);
    assert.equal(rotation['readOnly'], false);
    assert.match(
      JSON.stringify(rotation['resources']),
      new RegExp(`arn:aws:kms:us-east-1:${accountId}:key/${keyId}`),
    );
    assert.equal(named('DescribeKey')['errorCode'], 'NotFoundException');
    assert.equal(named('CreateKey')['readOnly'], false);
    for (const record of records) {
      assert.equal(record['managementEvent'], true);
      assert.equal(record['eventCategory'], 'Management');
    }
  });
});

describe('verification', () => {
  it('passes what was written and names what is missing', async (test) => {
    const { config } = await history(test);
    const good = await verifyAudit(config, {});
    assert.deepEqual(
      good.map(({ findings }) => findings),
      [[]],
    );
    assert.ok((good[0]?.size ?? 0) >= 5);
    const folder = path.join(config.auditFolder, 'one');
    assert.deepEqual(
      (await verifyAudit(config, { folder })).map(({ findings }) => findings),
      [[]],
    );
    fs.renameSync(folder, path.join(config.home, 'moved'));
    fs.mkdirSync(config.auditFolder, { recursive: true });
    const [missing, ...more] = await verifyAudit(config, {});
    assert.equal(more.length, 0);
    assert.match(
      missing?.findings[0]?.problem ?? '',
      /the log of one is missing; the store knows of \d+ events/,
    );
    for (const offline of [true, false]) {
      const wish = { folder: path.join(config.home, 'nowhere'), offline };
      await assert.rejects(verifyAudit(config, wish), (error) => hasCode(error, 'integrity-failed'));
    }
  });
});
