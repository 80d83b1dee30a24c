import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  algorithmsFor,
  currentVersion,
  factsOf,
  keySpecNames,
  keyUsages,
  periodFor,
  rotatesUnseen,
  usualPolicy,
  type KeySpec,
  type KeyUsage,
} from '#domain';
import {
  byId,
  decryptText,
  encryptUnder,
  makeKey,
  openWorld,
  someDay,
  type TestWorld,
} from '../house.fixture.ts';
import type { KeyReference } from '../operation.ts';
import { operations } from '../table.ts';

/** One of each kind whose making takes no time, and all secrets. */
const quick = keySpecNames.filter((spec) => !/^RSA_[34]|^SLH_DSA.*S$/.test(spec));

describe('making a key', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const message = Buffer.from('message');

  /** Uses a key once for each algorithm of its usage, there and back. */
  async function use(spec: KeySpec, usage: KeyUsage, key: KeyReference): Promise<void> {
    const run = world.door.run;
    for (const algorithm of algorithmsFor(spec, usage)) {
      const common = { key, algorithm, dryRun: false };
      if (usage === 'encrypt') {
        const sealed = await encryptUnder(world, key, { algorithm });
        const named = factsOf(spec).asymmetric ? { key, algorithm } : {};
        assert.equal(await decryptText(world, sealed, named), 'the plaintext');
      } else if (usage === 'sign') {
        const signing = { ...common, message, form: 'raw' } as const;
        const prehashed =
          algorithm === 'ED25519_PH' ? ({ form: 'digest', message: Buffer.alloc(64) } as const) : {};
        const { signature } = await run(operations.sign, world.caller(), { ...signing, ...prehashed });
        await run(operations.verify, world.caller(), { ...signing, ...prehashed, signature });
      } else if (usage === 'mac') {
        const { mac } = await run(operations.generateMac, world.caller(), { ...common, message });
        await run(operations.verifyMac, world.caller(), { ...common, message, mac });
      } else if (usage === 'key-agreement') {
        const { publicKey } = await run(operations.getPublicKey, world.caller(), { key });
        const { secret } = await run(operations.deriveSharedSecret, world.caller(), { ...common, publicKey });
        assert.ok(secret.length >= 32);
      }
    }
  }

  it('makes one of every spec for each of its usages, which works', async () => {
    for (const spec of quick) {
      for (const usage of factsOf(spec).usages) {
        const sized = factsOf(spec).sizes ? { materialBytes: 100 } : {};
        const key = await makeKey(world, { spec, usage, ...sized });
        const version = currentVersion(key);
        assert.deepEqual([key.spec, key.usage, version.number, version.state], [spec, usage, 1, 'active']);
        assert.equal(version.publicKey !== null, factsOf(spec).asymmetric);
        const traits = { spec, usage, isUnseen: rotatesUnseen(key) };
        assert.deepEqual(version.cryptoPeriod, periodFor(usualPolicy, traits));
        await use(spec, usage, byId(key));
      }
    }
  });

  it('gives an HMAC key the size that it says, every version', async () => {
    const key = await makeKey(world, { spec: 'HMAC', usage: 'mac', materialBytes: 33, exportable: true });
    const rotated = await world.door.run(operations.rotateKey, world.caller(), { key: byId(key) });
    assert.deepEqual([key.materialBytes, rotated.materialBytes], [33, 33]);
    const wish = { key: byId(key), versions: null, usage: null, form: 'raw', place: 'here', holder: 'ada' };
    const exporter = world.caller({ roles: ['exporter', 'user'] });
    const { materials } = await world.door.run(operations.exportInClear, exporter, {
      ...wish,
      part: 'material',
      form: 'raw',
    });
    assert.deepEqual(
      materials.map(({ material }) => material.length),
      [33, 33],
    );
    for (const materialBytes of [undefined, 0, 31, 513, 32, 48, 64, 33.5])
      await assert.rejects(
        makeKey(world, {
          spec: 'HMAC',
          usage: 'mac',
          ...(materialBytes === undefined ? {} : { materialBytes }),
        }),
        { code: 'input-invalid' },
        String(materialBytes),
      );
    await assert.rejects(makeKey(world, { materialBytes: 32 }), { code: 'input-invalid' });
  });

  it('refuses every usage that a spec does not offer', async () => {
    for (const spec of keySpecNames) {
      for (const usage of keyUsages.filter((each) => !factsOf(spec).usages.includes(each)))
        await assert.rejects(
          makeKey(world, { spec, usage }),
          { code: 'purpose-forbids' },
          `${spec} ${usage}`,
        );
    }
    const unknown = 'constructor' as KeySpec;
    await assert.rejects(makeKey(world, { spec: unknown }), { code: 'input-invalid' });
  });

  it('writes down whose it is, where it lives and how it is protected', async () => {
    const caller = world.caller({ name: 'carl', roles: ['operator'] });
    const wish = { description: 'for mail', tags: [{ key: 'team', value: 'mail' }], name: 'mail' };
    const key = await makeKey(world, wish, caller);
    const { versions, policy, id, ...rest } = key;
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(policy, /arn:aws:iam::111122223333:root/);
    assert.match(versions[0]?.materialId ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      environment: 'alpha',
      region: 'eu-north-1',
      spec: 'AES_256',
      usage: 'encrypt',
      owner: 'carl',
      description: 'for mail',
      tags: [{ key: 'team', value: 'mail' }],
      dataClassification: 'unclassified',
      origin: 'generated',
      tier: world.root.describe().tier,
      rotation: null,
      suspendedAt: null,
      destruction: null,
      createdAt: someDay,
      createdBy: 'carl',
      revision: 1,
    });
    assert.deepEqual((await world.store.key(id))?.key, key);
    assert.equal((await world.store.name('alpha', 'eu-north-1', 'mail'))?.keyId, id);
  });

  it('is for who has the right to it', async () => {
    for (const roles of [[], ['user'], ['auditor']] as const)
      await assert.rejects(makeKey(world, {}, world.caller({ name: 'eve', roles })), {
        code: 'access-denied',
      });
    const disabled = world.caller({ disabled: true });
    await assert.rejects(makeKey(world, {}, disabled), { code: 'access-denied' });
  });

  it('is not for who may only use what is there, and finds it gone', async () => {
    const making = makeKey(world, {}, { ...world.caller(), presumes: 'there' });
    await assert.rejects(making, { code: 'access-denied' });
    await makeKey(world, {}, { ...world.caller(), presumes: 'absent' });
  });

  it('lets nobody lock themselves out by accident', async () => {
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:user/bob' },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    });
    await assert.rejects(makeKey(world, { policy }), { code: 'policy-lockout' });
    await assert.rejects(makeKey(world, { policy: '{}' }), { code: 'policy-malformed' });
    const key = await makeKey(world, { policy, bypassLockoutCheck: true });
    await assert.rejects(encryptUnder(world, byId(key)), { code: 'access-denied' });
    await encryptUnder(world, byId(key), {}, world.caller({ name: 'bob', roles: [] }));
  });
});
