import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { openSecret, SecretBytes } from '#crypto';
import { createHierarchy } from '#operations';
import { asWrappedMaterial, type RootOfTrust } from '#ports';
import { openShredStore, openStore } from '#storage';
import { backupHome } from './make.ts';
import { encrypt, newKey, openHouse } from './recovery.fixture.ts';
import { loadSecrets, loadStore, withPair } from './restore.ts';

/** Every file below a folder. */
function filesIn(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => fs.statSync(file).isFile());
}

/** All runs of 32 bytes of some bytes, and of what stands in them as hexadecimal or base64: candidates for a key. */
function* candidates(bytes: Buffer, step: number): Generator<Buffer> {
  for (let at = 0; at + 32 <= bytes.length; at += step) yield bytes.subarray(at, at + 32);
  const text = bytes.toString('latin1');
  for (const [found] of text.matchAll(/[0-9a-fA-F]{64}/g)) yield Buffer.from(found, 'hex');
  for (const [found] of text.matchAll(/[A-Za-z0-9+/_-]{43}=?/g))
    yield Buffer.from(found.replaceAll('-', '+').replaceAll('_', '/'), 'base64').subarray(0, 32);
}

describe('all but the root', () => {
  it('opens nothing: the stores, the home, the backup, the escrow and all holders together', async (test) => {
    const house = await openHouse(test);
    const id = await newKey(house.node, house.home);
    await encrypt(house.node, house.home, id);
    const files = { backup: house.place('b'), escrow: house.place('e') };
    await backupHome(house.config, { file: files.backup, withAudit: true, escrowFile: files.escrow });
    const thief = path.join(house.folder, 'thief');
    fs.mkdirSync(thief, { mode: 0o700 });
    const urls = [`sqlite:${thief}/store.db`, `sqlite:${thief}/shreds.db`] as const;
    const holderKeys = await house.holders.keys(0, 1, 2);
    const shreds = await openShredStore(urls[1]);
    // whoever has all holders' keys reads both files; that must not be enough
    await withPair({ file: files.backup, escrow: files.escrow, holderKeys }, async (pair) => {
      await loadStore(urls[0], pair);
      await loadSecrets(shreds, pair.escrow, new Map());
    });
    const store = await openStore(urls[0]);
    test.after(async () => {
      await shreds.close();
      await store.close();
    });
    const found = await store.key(id);
    assert.ok(found);
    const { key } = found;
    const wrapped = found.materials[0]?.material;
    const environment = await store.environment(key.environment);
    const secret = await shreds.get(key.id);
    assert.ok(wrapped && environment && secret);

    // the format as the source says it, with every run of bytes of the loot as the key that is missing
    const loot = filesIn(house.home).filter((file) => !file.includes(`${path.sep}root${path.sep}`));
    assert.ok(loot.length > 4);
    const salts = {
      kek: { salt: Buffer.from('claviger root'), info: `claviger environment ${key.environment}` },
      shred: { salt: Buffer.from(key.id), info: `claviger shred ${key.id}` },
    };
    let tries = 0;
    const opens = (candidate: Buffer): boolean => {
      tries += 1;
      using kek = SecretBytes.copyOf(candidate);
      for (const [place, sealed] of [
        [salts.kek, environment.wrappedKek],
        [salts.shred, secret],
      ] as const) {
        try {
          openSecret({ kek, ...place }, sealed)[Symbol.dispose]();
          return true;
        } catch {
          // as it must be
        }
      }
      return false;
    };
    for (const file of loot) {
      const bytes = fs.readFileSync(file);
      const step = Math.max(1, Math.floor(bytes.length / 3000));
      for (const candidate of candidates(bytes, step)) assert.ok(!opens(candidate), `${file} holds a key`);
    }
    for (const file of [files.backup, files.escrow]) {
      const bytes = fs.readFileSync(file);
      for (const candidate of candidates(bytes, 16)) assert.ok(!opens(candidate), `${file} holds a key`);
    }
    assert.ok(tries > 10_000);
    // the same search does find the root, so that it would have found a key
    const root = fs.readFileSync(path.join(house.home, 'root', 'root.key'));
    assert.ok([...candidates(root, 1)].some(opens), 'the search does not know the format');

    // and the program itself, with a root of its own, opens nothing either
    const foreign: RootOfTrust = {
      describe: () => ({ kind: 'test', where: 'nowhere', tier: 'development' }),
      wrap: async (bytes) => asWrappedMaterial(bytes),
      unwrap: async () => Buffer.alloc(32),
      close: async () => undefined,
    };
    const hierarchy = createHierarchy({ root: foreign, store, shreds });
    const place = { environment: key.environment, keyId: key.id, version: 1 };
    await assert.rejects(hierarchy.openMaterial(place, key.spec, wrapped), { code: 'integrity-failed' });
    hierarchy.close();
    for (const file of [...loot, files.backup, files.escrow])
      assert.ok(!fs.readFileSync(file).includes('the plaintext'), file);
  });
});
