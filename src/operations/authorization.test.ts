import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Key } from '#domain';
import { byId, encryptUnder, makeKey, openWorld, type TestWorld } from './house.fixture.ts';
import type { Operation } from './operation.ts';
import { operations } from './table.ts';

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** A policy that leaves the account its say, and lets eve do an action under a condition. */
function allowingEve(action: string, condition: Condition): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'kms:*',
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:user/eve' },
        Action: action,
        Resource: '*',
        Condition: condition,
      },
    ],
  });
}

describe('what policies may ask of a request', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const eve = () => world.caller({ name: 'eve', roles: [] });

  /** Whether eve, who has no role, may do this under a condition. */
  async function mayEve<I, O>(
    operation: Operation<I, O>,
    made: { key: Key; action: string; condition: Condition },
    input: I,
  ): Promise<boolean> {
    const { key, action, condition } = made;
    const policy = allowingEve(action, condition);
    const reference = byId(key);
    await world.door.run(operations.putPolicy, world.caller(), {
      key: reference,
      policy,
      bypassLockoutCheck: false,
    });
    try {
      await world.door.run(operation, eve(), input);
      return true;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'access-denied');
      return false;
    }
  }

  it("says spec, usage and algorithm in AWS's words", async () => {
    const key = await makeKey(world);
    const input = {
      key: byId(key),
      plaintext: Buffer.from('x'),
      context: null,
      algorithm: null,
      version: null,
      dryRun: false,
    };
    const may = (condition: Condition) =>
      mayEve(operations.encrypt, { key, action: 'kms:Encrypt', condition }, input);
    for (const [name, word, own] of [
      ['kms:KeySpec', 'SYMMETRIC_DEFAULT', 'AES_256'],
      ['kms:KeyUsage', 'ENCRYPT_DECRYPT', 'encrypt'],
      ['kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT', 'XAES_256_GCM'],
      ['kms:MultiRegion', 'false', 'true'],
    ] as const) {
      assert.equal(await may({ StringEquals: { [name]: word } }), true, name);
      assert.equal(await may({ StringEquals: { [name]: own } }), false, name);
    }
    assert.equal(await may({ Null: { 'kms:SigningAlgorithm': 'true' } }), true);
    assert.equal(await may({ Null: { 'kms:EncryptionContextKeys': 'true' } }), true);
  });

  it('says the algorithm and the form of what is signed', async () => {
    const key = await makeKey(world, { spec: 'EC_P256', usage: 'sign' });
    const input = {
      key: byId(key),
      message: Buffer.alloc(32),
      form: 'digest',
      algorithm: null,
      dryRun: false,
    } as const;
    const may = (condition: Condition) =>
      mayEve(operations.sign, { key, action: 'kms:Sign', condition }, input);
    assert.equal(await may({ StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } }), true);
    assert.equal(await may({ StringEquals: { 'kms:KeySpec': 'ECC_NIST_P256' } }), true);
    assert.equal(await may({ StringEquals: { 'kms:MessageType': 'DIGEST' } }), true);
    assert.equal(await may({ StringEquals: { 'kms:MessageType': 'RAW' } }), false);
    assert.equal(await may({ Null: { 'kms:EncryptionAlgorithm': 'true' } }), true);
  });

  it('says the algorithm of codes, of agreements, and the spec of a data key pair', async () => {
    const mac = await makeKey(world, { spec: 'HMAC_384', usage: 'mac' });
    const macInput = { key: byId(mac), message: Buffer.from('m'), algorithm: null, dryRun: false };
    const macCondition = { StringEquals: { 'kms:MacAlgorithm': 'HMAC_SHA_384' } };
    assert.equal(
      await mayEve(
        operations.generateMac,
        { key: mac, action: 'kms:GenerateMac', condition: macCondition },
        macInput,
      ),
      true,
    );
    const pair = await makeKey(world, { spec: 'EC_P256', usage: 'key-agreement' });
    const { publicKey } = await world.door.run(operations.getPublicKey, world.caller(), { key: byId(pair) });
    const agreed = { StringEquals: { 'kms:KeyAgreementAlgorithm': 'ECDH' } };
    assert.equal(
      await mayEve(
        operations.deriveSharedSecret,
        { key: pair, action: 'kms:DeriveSharedSecret', condition: agreed },
        { key: byId(pair), publicKey, algorithm: null, dryRun: false },
      ),
      true,
    );
    const key = await makeKey(world);
    const pairInput = { key: byId(key), spec: 'EC_P256', context: null, dryRun: false } as const;
    for (const [word, expected] of [
      ['ECC_NIST_P256', true],
      ['EC_P256', false],
    ] as const) {
      const condition = { StringEquals: { 'kms:DataKeyPairSpec': word } };
      const made = { key, action: 'kms:GenerateDataKeyPair', condition };
      assert.equal(await mayEve(operations.generateDataKeyPair, made, pairInput), expected);
    }
  });

  it('tells who was refused, what, and why', async () => {
    const key = await makeKey(world);
    await assert.rejects(encryptUnder(world, byId(key), {}, eve()), {
      code: 'access-denied',
      details: {
        principalArn: 'arn:aws:iam::111122223333:user/eve',
        action: 'kms:Encrypt',
        resource: `arn:aws:kms:eu-north-1:111122223333:key/${key.id}`,
        reason: 'no-role',
      },
    });
    assert.deepEqual(
      [world.log.last().outcome, world.log.last().reason, world.log.last().keyId],
      ['refused', 'access-denied', key.id],
    );
  });
});
