import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { errorCodes } from '#domain';
import { operations } from '#operations';
import { event } from '../../fixtures.ts';
import { usageOfAuditEvent } from './from-audit-event.ts';
import { agentFamilyOf, familyOf, networkOf, siteOf } from './network.ts';
import { classOfEventName, classOfOperation } from './operation-class.ts';
import { refusalOfErrorCode, refusalOfReason } from './refusal-class.ts';
import { isUse } from './usage-event.ts';

describe('the network of a caller', () => {
  it('is a /24 or a /48, or the name of a service', () => {
    const told: readonly [string, string][] = [
      ['10.1.2.3', '10.1.2.0/24'],
      ['::ffff:10.1.2.3', '10.1.2.0/24'],
      ['2001:db8:1:2::5', '2001:db8:1::/48'],
      ['2001:0DB8:0001:2:3:4:5:6', '2001:db8:1::/48'],
      ['::1', '0:0:0::/48'],
      ['fe80::1%eth0', 'fe80:0:0::/48'],
      ['AWS Internal', 'AWS Internal'],
      ['secretsmanager.amazonaws.com', 'secretsmanager.amazonaws.com'],
      ['', ''],
    ];
    for (const [address, network] of told) assert.equal(networkOf(address), network, address);
  });

  it('is the same for every writing of an address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const url = new URL(`http://[${address}]/`).hostname.slice(1, -1);
        if (!/^::ffff:/i.test(address) && !address.includes('.'))
          assert.equal(networkOf(url), networkOf(address));
      }),
    );
  });

  it('lies at a site only where it is private', () => {
    const sites = [
      '10.1.2.0/24',
      '172.16.5.0/24',
      '172.32.5.0/24',
      '192.168.7.0/24',
      '52.1.2.0/24',
      'fd00:1:2::/48',
      '2001:db8:1::/48',
    ];
    assert.deepEqual(sites.map(siteOf), ['10.1', '172.16', null, '192.168', null, 'fd00:1:2::/48', null]);
  });
});

describe('the client of a caller', () => {
  it('is its product and its language, whatever the version', () => {
    const told: readonly [string, string][] = [
      ['aws-sdk-go-v2/1.30.3 os/linux lang/go#1.23.1 md/GOOS#linux', 'aws-sdk-go-v2 go'],
      ['aws-sdk-go-v2/1.31.0 os/linux lang/go#1.24.0 md/GOOS#linux', 'aws-sdk-go-v2 go'],
      ['aws-cli/2.17.40 md/awscrt#0.21.2 lang/python#3.11.9', 'aws-cli awscrt'],
      ['Go-http-client/1.1', 'go-http-client'],
      ['', 'none'],
      ['AWS Internal', 'aws'],
    ];
    for (const [agent, family] of told) assert.equal(agentFamilyOf(agent), family, agent);
  });
});

describe('the family of a principal', () => {
  it('leaves out what tells copies apart, and nothing that tells people apart', () => {
    assert.equal(familyOf('billing-api-7f9c4d'), 'billing-api');
    assert.equal(familyOf('billing-api-5c8d7f9b64'), 'billing-api');
    for (const name of [
      'tenant-17',
      'user-20240101',
      'billing-api',
      'x-facade',
      'ada',
      '-7f9c4',
      'arn:aws:iam::1:role/a',
    ])
      assert.equal(familyOf(name), name === '-7f9c4' ? '' : name);
  });
});

describe('the class of an operation', () => {
  const exceptions = new Set([
    'keys.get-import-parameters',
    'keys.derive-public-keys',
    'keys.expire-imported-material',
  ]);
  const telling = /encrypt|decrypt|sign|mac|verify|shared-secret|data-key|rewrap|export|in-clear|import/;

  it('is known of every operation of ours that uses, brings or takes out a key', () => {
    const names = Object.values(operations).map(({ name }) => name);
    assert.ok(names.length > 100);
    const unknown = names.filter(
      (name) =>
        name.startsWith('keys.') &&
        telling.test(name) &&
        !exceptions.has(name) &&
        ['manage', 'read'].includes(classOfOperation(name)),
    );
    assert.deepEqual(unknown, [], 'add these to operation-class.ts');
  });

  it('of AWS is the same as of ours', () => {
    assert.equal(classOfEventName('Decrypt'), 'process');
    assert.equal(classOfEventName('GenerateDataKeyWithoutPlaintext'), 'protect');
    assert.equal(classOfEventName('ScheduleKeyDeletion'), 'destroy');
    assert.equal(classOfEventName('DescribeKey'), 'read');
    assert.equal(classOfEventName('ListAliases'), 'read');
    assert.equal(classOfEventName('CreateGrant'), 'manage');
    assert.equal(classOfEventName('keys.export-in-clear'), 'export');
    assert.ok(isUse('process') && isUse('export') && !isUse('read') && !isUse('destroy'));
  });
});

describe('the class of a refusal', () => {
  it('is known of what tells something about keys', () => {
    assert.equal(refusalOfReason('access-denied'), 'denied');
    assert.equal(refusalOfReason('key-suspended'), 'state');
    assert.equal(refusalOfReason('purpose-forbids'), 'purpose');
    assert.equal(refusalOfReason('toString'), 'other');
    for (const code of errorCodes) assert.ok(refusalOfReason(code).length > 0);
    assert.equal(refusalOfErrorCode('AccessDenied'), 'denied');
    assert.equal(refusalOfErrorCode('InvalidCiphertextException'), 'unreadable');
    assert.equal(refusalOfErrorCode('DisabledException'), 'state');
    assert.equal(refusalOfErrorCode('constructor'), 'other');
  });
});

describe('an event of ours in the normal form', () => {
  it('has principals by environment and nothing of the house for behaviour', () => {
    const usual = usageOfAuditEvent(
      event({ principal: 'api-7f9c4d', contextDigest: 'ab', sourceAddress: '10.0.0.9' }),
      { log: 'node-a', index: 3 },
      true,
    );
    assert.equal(usual.principal, 'default/api-7f9c4d');
    assert.equal(usual.family, 'default/api');
    assert.deepEqual([usual.contextShape, usual.contextDigest, usual.network], ['some', 'ab', '10.0.0.0/24']);
    assert.deepEqual([usual.operation, usual.refusal, usual.isInternal], ['protect', null, false]);
    const house = usageOfAuditEvent(
      event({
        protocol: 'internal',
        operation: 'keys.rotate-due',
        outcome: 'failed',
        reason: 'key-suspended',
      }),
      { log: 'node-a', index: 4 },
      true,
    );
    assert.deepEqual([house.isInternal, house.network, house.refusal], [true, 'local', 'state']);
  });
});
