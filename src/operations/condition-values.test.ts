import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compilePolicy, parsePolicy } from '#access';
import { hasCode } from '#domain';
import { samples } from '#ports/contract';
import { authorize } from './authorization.ts';
import type { EncryptionContext } from './operation.ts';
import { operations } from './table.ts';

const accountId = '111122223333';
const keyArn = `arn:aws:kms:us-east-1:${accountId}:key/k`;

/** Whether somebody without a role may encrypt with a context under a policy of one condition. */
function allows(condition: object, context: EncryptionContext): boolean {
  const [rule] = operations.encrypt.targets;
  assert.ok(rule);
  const statement = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*', Condition: condition };
  const policy = compilePolicy(parsePolicy(JSON.stringify({ Statement: statement })), { accountId, keyArn });
  const key = samples.sampleKey('production');
  const opened = {
    key,
    arn: keyArn,
    policy,
    peek: () => undefined,
    open: () => Promise.reject(new Error('not here')),
  };
  const reference = { kind: 'id', id: key.id } as const;
  try {
    authorize({
      operation: operations.encrypt,
      caller: {
        principal: samples.samplePrincipal('production', { roles: [] }),
        accountId,
        region: 'us-east-1',
        protocol: 'aws-kms',
        protocolOperation: 'Encrypt',
        sourceAddress: '10.0.0.1',
        userAgent: '-',
        secureTransport: false,
        requestId: 'r',
      },
      input: {
        key: reference,
        plaintext: new Uint8Array(),
        context,
        algorithm: null,
        version: null,
        dryRun: false,
      },
      target: { rule, opened },
      now: 0,
    });
    return true;
  } catch (error) {
    assert.ok(hasCode(error, 'access-denied'), String(error));
    return false;
  }
}

it('a condition on the encryption context sees only what the caller put there', () => {
  const on = (name: string) => ({ StringEquals: { [`kms:EncryptionContext:${name}`]: 'a' } });
  assert.equal(allows(on('purpose'), { purpose: 'a' }), true);
  assert.equal(allows(on('purpose'), { purpose: 'b' }), false);
  // capital or small makes no difference in the name of a condition key; kms:EncryptionContextKeys asks for more
  assert.equal(allows(on('Purpose'), { purpose: 'a' }), true);
  assert.equal(
    allows({ 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': 'Purpose' } }, { purpose: 'a' }),
    false,
  );
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.equal(allows(on(name), { purpose: 'a' }), false, name);
    assert.equal(allows({ Null: { [`kms:EncryptionContext:${name}`]: 'true' } }, {}), true, name);
  }
});

it('the older names of AWS for the same condition keys are answered too', () => {
  for (const [name, value] of [
    ['kms:KeySpec', 'SYMMETRIC_DEFAULT'],
    ['kms:CustomerMasterKeySpec', 'SYMMETRIC_DEFAULT'],
    ['kms:CustomerMasterKeyUsage', 'ENCRYPT_DECRYPT'],
    ['aws:ResourceAccount', '111122223333'],
  ] as const) {
    assert.equal(allows({ StringEquals: { [name]: value } }, {}), true, name);
    assert.equal(allows({ StringEquals: { [name]: 'other' } }, {}), false, name);
  }
});
