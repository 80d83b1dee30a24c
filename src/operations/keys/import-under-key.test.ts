import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { z } from 'zod';
import { openKeyBlock, sealKeyBlock, SecretBytes, type KeyBlockHeader } from '#crypto';
import type { Key, KeySpec, KeyUsage } from '#domain';
import { byId, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { awaitingKey, importInto } from './import.fixture.ts';

type Wish = Partial<z.infer<typeof operations.importUnderKey.input>>;

describe('the import under a key of the environment', () => {
  let world: TestWorld;
  let kek: Key;
  // known outside as well, as between partners
  const shared = randomBytes(32);
  before(async () => {
    world = await openWorld();
    kek = await awaitingKey(world, { usage: 'wrap' });
    await importInto(world, kek, shared);
  });
  after(() => world.dispose());

  const importUnder = (key: Pick<Key, 'id'>, wrapped: Uint8Array, wish: Wish = {}, caller = world.caller()) =>
    world.door.run(operations.importUnderKey, caller, {
      key: byId(key),
      wrappingKey: byId(kek),
      wrappingVersion: null,
      form: 'AES_KWP' as 'AES_KWP' | 'TR_31_D',
      wrapped,
      expiresAt: null,
      ...wish,
    });
  function kwp(bytes: Uint8Array): Uint8Array {
    const cipher = createCipheriv('id-aes256-wrap-pad', shared, Buffer.from('a65959a6', 'hex'));
    return Buffer.concat([cipher.update(bytes), cipher.final()]);
  }
  const code = async (key: Pick<Key, 'id'>) => {
    const input = { key: byId(key), message: Buffer.from('m'), algorithm: null, dryRun: false };
    return Buffer.from((await world.door.run(operations.generateMac, world.caller(), input)).mac);
  };

  it('takes what AES-KWP wrapped outside, and records under which key', async () => {
    const bytes = randomBytes(32);
    const key = await awaitingKey(world, { spec: 'HMAC_256', usage: 'mac' });
    const done = await importUnder(key, kwp(bytes));
    assert.deepEqual(done.key.imported, { isPresent: true, expiresAt: null });
    const record = world.log.events.at(-1);
    assert.deepEqual(
      [record?.facts?.['form'], record?.facts?.['wrappingKey'], record?.otherKeyId],
      ['AES_KWP', kek.id, kek.id],
    );
    const twin = await awaitingKey(world, { spec: 'HMAC_256', usage: 'mac' });
    await importInto(world, twin, bytes);
    assert.deepEqual(await code(key), await code(twin));
  });

  it('refuses what does not unwrap, what does not suit, and keys that do not wrap', async () => {
    const key = await awaitingKey(world);
    const wrapped = kwp(randomBytes(32));
    const damaged = Uint8Array.from(wrapped);
    damaged[8] = (damaged[8] ?? 0) ^ 1;
    await assert.rejects(importUnder(key, damaged), { code: 'ciphertext-invalid' });
    await assert.rejects(importUnder(key, kwp(randomBytes(16))), { code: 'material-unsuitable' });
    const encrypting = byId(await makeKey(world));
    await assert.rejects(importUnder(key, wrapped, { wrappingKey: encrypting }), { code: 'purpose-forbids' });
    await assert.rejects(importUnder(await makeKey(world), wrapped), { code: 'operation-unsupported' });
    await assert.rejects(importUnder(key, wrapped, { expiresAt: 1 }), { code: 'input-invalid' });
    await assert.rejects(importUnder(key, wrapped, { wrappingVersion: 2 }), { code: 'key-not-found' });
    await importUnder(key, wrapped);
  });

  it('asks for both permissions, and for keys of one environment', async () => {
    const key = await awaitingKey(world);
    const wrapped = kwp(randomBytes(32));
    for (const roles of [['operator'], ['user']] as const)
      await assert.rejects(importUnder(key, wrapped, {}, world.caller({ name: 'x', roles })), {
        code: 'access-denied',
      });
    const beta = world.caller({ environment: 'beta' });
    const there = await awaitingKey(world, {}, beta);
    await assert.rejects(importUnder(there, wrapped, {}, beta), { code: 'key-not-found' });
    await importUnder(key, wrapped, {}, world.caller({ name: 'x', roles: ['operator', 'user'] }));
  });

  it('refuses a wrapping key that is suspended', async () => {
    const key = await awaitingKey(world);
    await world.door.run(operations.disableKey, world.caller(), { key: byId(kek) });
    await assert.rejects(importUnder(key, kwp(randomBytes(32))), { code: 'key-suspended' });
    await world.door.run(operations.enableKey, world.caller(), { key: byId(kek) });
  });

  const plain: KeyBlockHeader = {
    version: 'D',
    usage: 'D0',
    algorithm: 'A',
    modeOfUse: 'B',
    keyVersion: '00',
    exportability: 'E',
    optionalBlocks: [],
  };
  function block(bytes: Uint8Array, change: Partial<KeyBlockHeader> = {}): Uint8Array {
    using protectionKey = SecretBytes.copyOf(shared);
    using key = SecretBytes.copyOf(bytes);
    return Buffer.from(sealKeyBlock({ protectionKey, header: { ...plain, ...change }, key }), 'latin1');
  }
  const tr31 = { form: 'TR_31_D' } as const;

  it('takes key blocks whose header says what the key is for', async () => {
    const hmac = { usage: 'M7', algorithm: 'H', modeOfUse: 'C' };
    for (const [spec, usage, length, header] of [
      ['AES_256', 'encrypt', 32, {}],
      ['AES_128', 'encrypt', 16, { modeOfUse: 'N', exportability: 'N' }],
      ['AES_256', 'wrap', 32, { usage: 'K0' }],
      ['AES_256', 'mac', 32, { usage: 'M6', modeOfUse: 'C' }],
      ['HMAC_256', 'mac', 32, hmac],
      ['HMAC_384', 'mac', 48, { ...hmac, optionalBlocks: [{ id: 'HM', data: '22' }] }],
    ] as const satisfies readonly (readonly [KeySpec, KeyUsage, number, Partial<KeyBlockHeader>])[]) {
      const key = await awaitingKey(world, { spec, usage });
      const done = await importUnder(key, block(randomBytes(length), header), tr31);
      assert.equal(done.key.imported?.isPresent, true, `${spec} ${usage}`);
    }
  });

  it('refuses key blocks that say anything else', async () => {
    const wrong: readonly (readonly [Parameters<typeof awaitingKey>[1], Partial<KeyBlockHeader>])[] = [
      [{}, { usage: 'K0' }],
      [{}, { usage: 'M6', modeOfUse: 'C' }],
      [{}, { modeOfUse: 'E' }],
      [{}, { modeOfUse: 'D' }],
      [{ exportable: true }, { exportability: 'N' }],
      [{ usage: 'mac' }, { usage: 'M6', modeOfUse: 'G' }],
      [{ spec: 'HMAC_256', usage: 'mac' }, {}],
      [
        { spec: 'HMAC_256', usage: 'mac' },
        { usage: 'M7', algorithm: 'H', modeOfUse: 'C', optionalBlocks: [{ id: 'HM', data: '22' }] },
      ],
    ];
    for (const [wish, header] of wrong) {
      const key = await awaitingKey(world, wish);
      await assert.rejects(importUnder(key, block(randomBytes(32), header), tr31), {
        code: 'material-unsuitable',
      });
    }
    const key = await awaitingKey(world);
    const own = block(randomBytes(32));
    own[own.length - 1] = own.at(-1) === 48 ? 49 : 48;
    await assert.rejects(importUnder(key, own, tr31), { code: 'ciphertext-invalid' });
    await assert.rejects(importUnder(key, Buffer.from('no block'), tr31), { code: 'input-invalid' });
    await importUnder(await awaitingKey(world, { exportable: true }), block(randomBytes(32)), tr31);
  });

  it('opens what leaves in a key block; a pair has no place in one', async () => {
    const courier = () => world.caller({ name: 'eve', roles: ['exporter', 'user'] });
    const exportBlock = (key: Key, exportability?: 'E') =>
      world.door.run(operations.exportUnderKey, courier(), {
        key: byId(key),
        version: null,
        place: 'p',
        holder: 'h',
        wrappingKey: byId(kek),
        ...tr31,
        ...(exportability ? { exportability } : {}),
      });
    const hmac = await makeKey(world, { spec: 'HMAC_384', usage: 'mac', exportable: true });
    const sealed = await exportBlock(hmac);
    const again = await awaitingKey(world, { spec: 'HMAC_384', usage: 'mac' });
    await importUnder(again, sealed.wrapped, tr31);
    assert.deepEqual(await code(again), await code(hmac));
    const aes = await makeKey(world, { exportable: true });
    const { wrapped, wrap } = await exportBlock(aes, 'E');
    assert.equal(wrap, 'TR_31_D');
    using protectionKey = SecretBytes.copyOf(shared);
    const opened = openKeyBlock({ protectionKey, block: Buffer.from(wrapped).toString('latin1') });
    assert.deepEqual(
      [opened.header.usage, opened.header.exportability, opened.header.keyVersion, opened.key.length],
      ['D0', 'E', '01', 32],
    );
    opened.key[Symbol.dispose]();
    const back = await awaitingKey(world, { exportable: true });
    assert.equal((await importUnder(back, wrapped, tr31)).key.imported?.isPresent, true);
    const pair = await makeKey(world, { spec: 'EC_P256', usage: 'sign', exportable: true });
    await assert.rejects(exportBlock(pair), { code: 'operation-unsupported' });
  });
});
