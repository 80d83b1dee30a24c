import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { open, seal, SecretBytes, type KeyMaterial } from '#crypto';
import { StopError } from '#domain';
import { asWrappedMaterial, type WrappedMaterial } from '#ports';
import { createFileRoot, openFileRoot } from '#roots';
import { createHierarchy, type Hierarchy, type MaterialPlace } from './hierarchy.ts';
import { openWorld, type TestWorld } from './house.fixture.ts';

describe('the key hierarchy', () => {
  let world: TestWorld;
  let hierarchy: Hierarchy;
  before(async () => {
    world = await openWorld();
    ({ hierarchy } = world.house);
    for (const keyId of ['one', 'two']) await hierarchy.newShredSecret('alpha', keyId);
    await hierarchy.newShredSecret('beta', 'three');
  });
  after(() => world.dispose());

  const place: MaterialPlace = { environment: 'alpha', keyId: 'one', version: 1 };

  function sealBytes(where = place, length = 32): Promise<WrappedMaterial> {
    using material = SecretBytes.copyOf(new Uint8Array(length).fill(7));
    return hierarchy.sealMaterial(where, material.copy());
  }

  const opens = async (wrapped: WrappedMaterial, where = place): Promise<boolean> => {
    const material: KeyMaterial = await hierarchy.openMaterial(where, 'AES_256', wrapped);
    const nothing = new Uint8Array(0);
    const sealed = seal('AES_GCM', material, Buffer.from('x'), nothing);
    return Buffer.from(open('AES_GCM', material, sealed, nothing)).toString() === 'x';
  };

  async function stops(work: Promise<unknown>, code = 'integrity-failed'): Promise<void> {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof StopError, String(error));
      assert.equal(error.code, code);
      return true;
    });
  }

  it('opens what it sealed, and seals nothing the same way twice', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => sealBytes()));
    for (const wrapped of all) assert.equal(await opens(wrapped), true);
    assert.equal(new Set(all.map((each) => Buffer.from(each).toString('hex'))).size, 20);
  });

  it('stops at material in another place', async () => {
    const wrapped = await sealBytes();
    for (const wrong of [
      { ...place, version: 2 },
      { ...place, version: 11 },
      { ...place, keyId: 'two' },
      { environment: 'beta', keyId: 'three', version: 1 },
      { ...place, environment: 'beta' },
    ])
      await stops(opens(wrapped, wrong));
  });

  it('stops at material that was changed, cut or lengthened, or is of another spec', async () => {
    const wrapped = await sealBytes();
    for (let index = 0; index < wrapped.length; index += 1) {
      const changed = new Uint8Array(wrapped);
      changed[index] = (changed[index] ?? 0) ^ 0x80;
      await stops(opens(asWrappedMaterial(changed)));
      await stops(opens(asWrappedMaterial(wrapped.slice(0, index))));
    }
    await stops(opens(asWrappedMaterial(new Uint8Array([...wrapped, 0]))));
    await stops(opens(await sealBytes(place, 16)));
  });

  it('stops under another root, at every kind of secret', async () => {
    const file = path.join(world.folder, 'other', 'root.key');
    await createFileRoot(file);
    const root = await openFileRoot(file);
    const other = createHierarchy({ root, store: world.store, shreds: world.shreds });
    const wrapped = await sealBytes();
    await stops(other.openMaterial(place, 'AES_256', wrapped), 'root-refused');
    await stops(other.newShredSecret('alpha', 'four'), 'root-refused');
    using secret = SecretBytes.copyOf(Buffer.from('secret'));
    const small = await hierarchy.sealSmall('alpha', 'thing', secret);
    await stops(other.openSmall('alpha', 'thing', small), 'root-refused');
    assert.equal(await world.shreds.get('four'), null);
    await root.close();
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  it('stops when the shred secrets of two keys are swapped', async () => {
    await hierarchy.newShredSecret('alpha', 'left');
    await hierarchy.newShredSecret('alpha', 'right');
    const wrapped = await sealBytes({ ...place, keyId: 'left' });
    const right = await world.shreds.get('right');
    assert.ok(right);
    await world.shreds.shred('left');
    await world.shreds.put('left', right);
    await stops(opens(wrapped, { ...place, keyId: 'left' }));
  });

  it('opens small secrets under their own name and environment only', async () => {
    using secret = SecretBytes.copyOf(Buffer.from('secret'));
    const wrapped = await hierarchy.sealSmall('alpha', 'access key A', secret);
    using opened = await hierarchy.openSmall('alpha', 'access key A', wrapped);
    assert.equal(opened.equals(secret), true);
    await stops(hierarchy.openSmall('alpha', 'access key B', wrapped));
    await stops(hierarchy.openSmall('beta', 'access key A', wrapped));
  });

  it('opens nothing of a key that was shredded, in whatever copy', async () => {
    await hierarchy.newShredSecret('alpha', 'gone');
    const wrapped = await sealBytes({ ...place, keyId: 'gone' });
    await hierarchy.shred('gone');
    await assert.rejects(opens(wrapped, { ...place, keyId: 'gone' }), { code: 'key-destroyed' });
    await hierarchy.newShredSecret('alpha', 'gone');
    await stops(opens(wrapped, { ...place, keyId: 'gone' }));
  });

  it('names material by key, environment and bytes', async () => {
    const id = (environment: string, keyId: string, byte: number): Promise<string> => {
      const material = SecretBytes.copyOf(new Uint8Array(32).fill(byte));
      return hierarchy.materialId(environment, keyId, material);
    };
    const one = await id('alpha', 'one', 1);
    assert.match(one, /^[0-9a-f]{64}$/);
    assert.equal(await id('alpha', 'one', 1), one);
    const others = [await id('beta', 'one', 1), await id('alpha', 'two', 1), await id('alpha', 'one', 2)];
    assert.equal(new Set([one, ...others]).size, 4);
  });

  it('tries the root again after a failure, and asks it once for all that wait', async () => {
    let asked = 0;
    const root = {
      ...world.root,
      unwrap: (...words: Parameters<typeof world.root.unwrap>) => {
        asked += 1;
        return asked === 1 ? Promise.reject(new Error('the disk')) : world.root.unwrap(...words);
      },
    };
    const slow = createHierarchy({ root, store: world.store, shreds: world.shreds });
    const wrapped = await sealBytes();
    await assert.rejects(slow.openMaterial(place, 'AES_256', wrapped), /the disk/);
    await Promise.all(Array.from({ length: 10 }, () => slow.openMaterial(place, 'AES_256', wrapped)));
    assert.equal(asked, 2);
    slow.close();
  });

  it('has no key for an environment that is not there', async () => {
    await assert.rejects(hierarchy.newShredSecret('gamma', 'x'), { code: 'environment-not-found' });
  });
});
