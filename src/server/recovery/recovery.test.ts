import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readEvents, logFolders } from '#audit';
import { hasCode } from '#domain';
import { operations, recoveryHolders } from '#operations';
import type { Clock } from '#ports';
import { openShredStore, openStore } from '#storage';
import { configOf, readCredentials } from '../home.fixture.ts';
import { startNode } from '../node.fixture.ts';
import { manifestMaker, readContent } from './content.ts';
import { drillBackup } from './drill.ts';
import { backupHome, escrowHome } from './make.ts';
import {
  administratorOf,
  byId,
  decrypt,
  encrypt,
  newKey,
  openHouse,
  type TestHouse,
} from './recovery.fixture.ts';
import { restoreHome } from './restore.ts';
import { openFileKey, openSealedFile, writeSealedFile } from './sealed-file.ts';
import { verifyFile } from './verify.ts';

const dayMillis = 86_400_000;

function laterClock(): Clock & { skip(millis: number): void } {
  let ahead = 0;
  return { now: () => Date.now() + ahead, skip: (millis) => void (ahead += millis) };
}

/** A home beside the first, with the root of the first and nothing else of it. */
function emptyHome(house: TestHouse, name = 'fresh') {
  const home = house.place(name);
  const root = path.join(house.home, 'root', 'root.key');
  return { home, config: configOf(home, { CLAVIGER_ROOT: `file:${root}`, CLAVIGER_NODE: 'two' }) };
}

async function startRestored(test: TestContext, home: string, house: TestHouse) {
  const { compose } = await import('../compose.ts');
  const { createLogger } = await import('../logger.ts');
  const node = await compose({
    config: emptyHome(house, path.basename(home)).config,
    logger: createLogger('silent'),
    worker: 0,
  });
  test.after(() => node.close());
  return node;
}

async function destroy(house: TestHouse, id: string, clock: { skip(millis: number): void }): Promise<void> {
  const caller = await administratorOf(house.node, house.home);
  await house.node.door.run(operations.scheduleDestruction, caller, { key: byId(id), waitingDays: 7 });
  clock.skip(8 * dayMillis);
  await house.node.door.runAsSystem(operations.beginDestruction, 'default', { key: byId(id) });
  await house.node.door.runAsSystem(operations.destroyDueKey, 'default', { key: byId(id) });
}

describe('a destroyed key and copies of different ages', () => {
  it('gets no secret back from an escrow that is older than the backup', async (test) => {
    const clock = laterClock();
    const house = await openHouse(test, { clock });
    const gone = await newKey(house.node, house.home);
    const kept = await newKey(house.node, house.home);
    await escrowHome(house.config, house.place('e1'));
    await destroy(house, gone, clock);
    await backupHome(house.config, { file: house.place('b2'), withAudit: false, escrowFile: null });
    const { config } = emptyHome(house);
    const holderKeys = await house.holders.keys(0, 1);
    const wish = { file: house.place('b2'), escrow: house.place('e1'), holderKeys, auditFolder: null };
    await restoreHome(config, wish);
    const shreds = await openShredStore(config.shredUrl);
    assert.equal(await shreds.get(gone), null);
    assert.notEqual(await shreds.get(kept), null);
    await shreds.close();
  });

  it('is known from a log that only knows of a destruction that was done again', async (test) => {
    const clock = laterClock();
    const house = await openHouse(test, { clock });
    const gone = await newKey(house.node, house.home);
    const ciphertext = await encrypt(house.node, house.home, gone);
    const first = { file: house.place('b1'), withAudit: false, escrowFile: house.place('e1') };
    await backupHome(house.config, first);
    await destroy(house, gone, clock);
    await escrowHome(house.config, house.place('e2'));
    const holderKeys = await house.holders.keys(0, 1);
    const second = emptyHome(house, 'second');
    const again = { file: house.place('b1'), escrow: house.place('e2'), holderKeys, auditFolder: null };
    assert.equal((await restoreHome(second.config, again)).destroyedAgain, 1);
    const node = await startRestored(test, second.home, house);
    await node.maintenance.tick();
    const third = emptyHome(house, 'third');
    const { auditFolder } = second.config;
    const old = { file: house.place('b1'), escrow: house.place('e1'), holderKeys, auditFolder };
    assert.equal((await restoreHome(third.config, old)).destroyedAgain, 1);
    const restored = await startRestored(test, third.home, house);
    const token = readCredentials(house.home)['CLAVIGER_TOKEN'] ?? '';
    await assert.rejects(decrypt(restored, third.home, ciphertext, token), { code: 'key-destroyed' });
  });
});

describe('backup and recovery', () => {
  it('brings everything back on an empty machine', async (test) => {
    const house = await openHouse(test);
    const { node, home, config } = house;
    const ids = [await newKey(node, home, 'alias-a'), await newKey(node, home)];
    const texts = await Promise.all(ids.map((id) => encrypt(node, home, id)));
    await node.door.run(operations.rotateKey, await administratorOf(node, home), { key: byId(ids[0] ?? '') });
    const made = await backupHome(config, {
      file: house.place('b'),
      withAudit: true,
      escrowFile: house.place('e'),
    });
    assert.deepEqual([made.backup?.manifest.keys, made.escrow?.secrets, made.replaced], [2, 2, []]);

    const framed = await verifyFile(house.place('b'), []);
    assert.deepEqual([framed.opened, framed.head.kind], [false, 'backup']);
    const keys = await house.holders.keys(0, 2);
    assert.equal((await verifyFile(house.place('b'), keys)).manifest?.keys, 2);
    assert.deepEqual((await verifyFile(house.place('e'), keys)).escrow, { secrets: 2, destroyed: 0 });

    const fresh = emptyHome(house);
    const wish = { file: house.place('b'), escrow: house.place('e'), holderKeys: keys, auditFolder: null };
    const done = await restoreHome(fresh.config, wish);
    assert.deepEqual([done.destroyedAgain, done.withoutSecret], [0, []]);
    const restored = await startRestored(test, fresh.home, house);
    const token = readCredentials(home)['CLAVIGER_TOKEN'] ?? '';
    for (const text of texts) assert.equal(await decrypt(restored, fresh.home, text, token), 'the plaintext');
    const again = await restored.house.store.name('default', 'us-east-1', 'alias-a');
    assert.equal(again?.keyId, ids[0]);
    await assert.rejects(restoreHome(fresh.config, wish), /not empty/);
    await assert.rejects(restoreHome(config, wish), /not empty/);
  });

  it('takes no backup that the house did not make, whoever could encrypt it to the holders', async (test) => {
    const house = await openHouse(test);
    await newKey(house.node, house.home);
    await backupHome(house.config, {
      file: house.place('b'),
      withAudit: false,
      escrowFile: house.place('e'),
    });
    const holderKeys = await house.holders.keys(0, 1);
    const real = await openSealedFile(house.place('b'), 'backup');
    using key = await openFileKey(real, holderKeys);
    const maker = manifestMaker();
    const rows: unknown[] = [];
    const content = readContent(real, key);
    let seal = '';
    for (let next = await content.next(); ; next = await content.next()) {
      if (next.done) {
        ({ seal } = next.value);
        break;
      }
      // somebody makes himself an administrator
      const forged = JSON.parse(
        JSON.stringify(next.value).replaceAll('"admin"', '"adxin"'),
      ) as typeof next.value;
      maker.add(JSON.stringify(forged), forged);
      rows.push(forged);
    }
    const holders = await recoveryHolders(house.node.house.store);
    assert.ok(holders);
    const {
      format: _format,
      threshold: _threshold,
      commitment: _commitment,
      holders: _holders,
      ...heading
    } = real.head;
    async function* forgery(): AsyncGenerator<unknown> {
      yield* rows;
      yield { manifest: maker.finish(), seal };
    }
    await writeSealedFile(house.place('forged'), { heading, holders }, forgery(), async () => undefined);
    const forgedWish = {
      file: house.place('forged'),
      escrow: house.place('e'),
      holderKeys,
      auditFolder: null,
    };
    assert.equal((await verifyFile(house.place('forged'), holderKeys)).opened, true);
    const { config } = emptyHome(house);
    await assert.rejects(restoreHome(config, forgedWish), /not made by this house/);
    await assert.rejects(
      drillBackup(house.config, { ...forgedWish, record: false, onProgress: () => undefined }),
      /not made by this house/,
    );
    const { compose } = await import('../compose.ts');
    const { createLogger } = await import('../logger.ts');
    await assert.rejects(compose({ config, logger: createLogger('silent'), worker: 0 }), /was not finished/);
  });

  it('does not bring back what was destroyed after the backup, and records who tries to use it', async (test) => {
    const clock = laterClock();
    const house = await openHouse(test, { clock });
    const { node, home, config } = house;
    const [kept, gone] = [await newKey(node, home), await newKey(node, home, 'gone')];
    const [keptText, goneText] = [await encrypt(node, home, kept), await encrypt(node, home, gone)];
    await backupHome(config, { file: house.place('b'), withAudit: false, escrowFile: house.place('e1') });
    await destroy(house, gone, clock);
    const key = { id: gone, createdAt: 0, destroyedAt: clock.now() };
    assert.equal((await node.house.store.copies.copiesThatCanOpen(key)).length, 1);

    const second = await escrowHome(config, house.place('e2'));
    assert.deepEqual([second.escrow?.secrets, second.escrow?.destroyed, second.replaced.length], [1, 1, 1]);
    assert.equal(
      (await node.house.store.copies.copiesThatCanOpen(key)).length >= 1,
      true,
      'replaced is not destroyed',
    );
    const caller = await administratorOf(node, home);
    await node.door.run(operations.acknowledgeDestroyed, caller, { copy: second.replaced[0]?.id ?? '' });
    const open = await node.house.store.copies.copiesThatCanOpen({
      ...key,
      destroyedAt: Date.now() - dayMillis,
    });
    assert.deepEqual(open, []);

    const fresh = emptyHome(house);
    const holderKeys = await house.holders.keys(1, 2);
    const done = await restoreHome(fresh.config, {
      file: house.place('b'),
      escrow: house.place('e2'),
      holderKeys,
      auditFolder: null,
    });
    assert.deepEqual([done.destroyedAgain, done.withoutSecret], [1, []]);
    const restored = await startRestored(test, fresh.home, house);
    const token = readCredentials(home)['CLAVIGER_TOKEN'] ?? '';
    assert.equal(await decrypt(restored, fresh.home, keptText, token), 'the plaintext');
    const user = await administratorOf(restored, fresh.home, token);
    const isGone = (error: unknown) => hasCode(error, 'key-destroyed');
    await assert.rejects(decrypt(restored, fresh.home, goneText, token), isGone);
    await assert.rejects(restored.door.run(operations.rotateKey, user, { key: byId(gone) }), isGone);
    await assert.rejects(restored.door.run(operations.enableKey, user, { key: byId(gone) }), isGone);
    assert.equal(await restored.house.store.name('default', 'us-east-1', 'gone'), null);
    assert.deepEqual((await restored.house.store.key(gone))?.materials, []);
    // who asked for it is in the log alone: the backup is older than that
    const [record] = await restored.house.store.destructions.ofKey(gone);
    assert.deepEqual([record?.step, record?.requestedBy], ['executed', 'system']);
    for (let round = 0; round < 2; round += 1) await restored.maintenance.tick();
    const [seen] = await restored.house.store.destructions.ofKey(gone);
    assert.deepEqual(
      [seen?.step, seen?.checks.map(({ method, opens }) => [method, opens])],
      ['verified', [['material-absent', false]]],
    );
    const log = logFolders(fresh.config.auditFolder).flatMap((folder) => [
      ...readEvents(folder, { keyId: gone }),
    ]);
    const told = log.map(({ event }) => `${event.operation} ${event.outcome}`);
    assert.ok(told.includes('keys.decrypt refused'));
    assert.ok(told.includes('backup.replay-destruction success'));
  });

  it('learns of destructions from the logs, where the escrow is older than they are', async (test) => {
    const clock = laterClock();
    const house = await openHouse(test, { clock });
    const gone = await newKey(house.node, house.home);
    const made = { file: house.place('b'), withAudit: false, escrowFile: house.place('e') };
    await backupHome(house.config, made);
    await destroy(house, gone, clock);
    const fresh = emptyHome(house);
    const holderKeys = await house.holders.keys(0, 1);
    const wish = {
      file: made.file,
      escrow: made.escrowFile,
      holderKeys,
      auditFolder: house.config.auditFolder,
    };
    assert.equal((await restoreHome(fresh.config, wish)).destroyedAgain, 1);
    const store = await openStore(fresh.config.databaseUrl);
    assert.equal((await store.key(gone))?.key.versions[0]?.state, 'destroyed');
    await store.close();
  });

  it('carries the records of destructions, and says of none what is not so', async (test) => {
    const clock = laterClock();
    const house = await openHouse(test, { clock });
    const { node, home } = house;
    const admin = await administratorOf(node, home);
    const caller = () => ({ ...admin, requestId: node.newRequestId() });
    const ids = {
      kept: await newKey(node, home),
      off: await newKey(node, home),
      begun: await newKey(node, home),
      waiting: await newKey(node, home),
    };
    for (const id of [ids.off, ids.begun]) {
      const wish = { key: byId(id), waitingDays: 7, reason: 'over' };
      await node.door.run(operations.scheduleDestruction, caller(), wish);
    }
    await node.door.run(operations.cancelDestruction, caller(), { key: byId(ids.off) });
    clock.skip(8 * dayMillis);
    await node.door.runAsSystem(operations.beginDestruction, 'default', { key: byId(ids.begun) });
    const late = { key: byId(ids.waiting), waitingDays: 30, reason: 'not yet' };
    await node.door.run(operations.scheduleDestruction, caller(), late);
    const made = { file: house.place('b'), withAudit: false, escrowFile: house.place('e') };
    await backupHome(house.config, made);
    await node.door.runAsSystem(operations.destroyDueKey, 'default', { key: byId(ids.begun) });

    const fresh = emptyHome(house);
    const wish = {
      file: made.file,
      escrow: made.escrowFile,
      holderKeys: await house.holders.keys(0, 1),
      auditFolder: house.config.auditFolder,
    };
    assert.equal((await restoreHome(fresh.config, wish)).destroyedAgain, 1);
    const restored = await startRestored(test, fresh.home, house);
    const steps = async () => {
      const all = Object.entries(ids).map(async ([name, id]) => {
        const [record] = await restored.house.store.destructions.ofKey(id);
        return [name, record?.step, record?.reason];
      });
      return Promise.all(all);
    };
    const others = [
      ['kept', undefined, undefined],
      ['off', 'cancelled', 'over'],
    ];
    assert.deepEqual(await steps(), [
      ...others,
      ['begun', 'executed', 'over'],
      ['waiting', 'scheduled', 'not yet'],
    ]);
    for (let round = 0; round < 2; round += 1) await restored.maintenance.tick();
    assert.deepEqual(await steps(), [
      ...others,
      ['begun', 'verified', 'over'],
      ['waiting', 'scheduled', 'not yet'],
    ]);
    const [seen] = await restored.house.store.destructions.ofKey(ids.begun);
    assert.deepEqual(
      seen?.checks.map(({ method, node: by, opens }) => [method, by, opens]),
      [['known-ciphertext', 'two', false]],
    );
  });

  it('gives time to call off once more what was called off after the backup', async (test) => {
    // the backup is old, and the day of the destruction passed since
    const house = await openHouse(test, { clock: { now: () => Date.now() - 30 * dayMillis } });
    const { node, home } = house;
    const id = await newKey(node, home);
    const caller = await administratorOf(node, home);
    const wish = { key: byId(id), waitingDays: 7, reason: null };
    const { destruction } = await node.door.run(operations.scheduleDestruction, caller, wish);
    await backupHome(house.config, {
      file: house.place('b'),
      withAudit: false,
      escrowFile: house.place('e'),
    });
    const fresh = emptyHome(house);
    const before = Date.now();
    const done = await restoreHome(fresh.config, {
      file: house.place('b'),
      escrow: house.place('e'),
      holderKeys: await house.holders.keys(0, 1),
      auditFolder: null,
    });
    assert.deepEqual([done.destroyedAgain, done.postponed, done.withoutSecret], [0, 1, []]);
    const restored = await startRestored(test, fresh.home, house);
    for (let round = 0; round < 2; round += 1) await restored.maintenance.tick();
    const stored = await restored.house.store.key(id);
    const [record] = await restored.house.store.destructions.ofKey(id);
    assert.equal(record?.step, 'scheduled');
    assert.equal(stored?.key.destruction?.dueAt, record?.dueAt);
    assert.ok((record?.dueAt ?? 0) >= before + 7 * dayMillis);
    assert.equal(record?.requestedAt, destruction?.requestedAt);
    const token = readCredentials(home)['CLAVIGER_TOKEN'] ?? '';
    const again = await administratorOf(restored, fresh.home, token);
    await restored.door.run(operations.cancelDestruction, again, { key: byId(id) });
    const events = logFolders(fresh.config.auditFolder).flatMap((folder) => [
      ...readEvents(folder, { operation: 'backup.postpone-destruction' }),
    ]);
    assert.deepEqual(
      events.map(({ event }) => [event.keyId, event.facts?.['before']]),
      [[id, destruction?.dueAt]],
    );
  });

  it('refuses strangers, too few holders, another escrow and another root', async (test) => {
    const house = await openHouse(test);
    await newKey(house.node, house.home);
    await backupHome(house.config, {
      file: house.place('b'),
      withAudit: false,
      escrowFile: house.place('e'),
    });
    const other = await openHouse(test);
    await escrowHome(other.config, other.place('e'));
    const [b, e] = [house.place('b'), house.place('e')];
    await assert.rejects(verifyFile(b, await other.holders.keys(0, 1)), /belongs to no holder/);
    await assert.rejects(
      verifyFile(b, await house.holders.keys(0)),
      /needs the keys of 2 holders; 1 came \(ada\)/,
    );
    await assert.rejects(verifyFile(b, await house.holders.keys(0, 0)), /1 came/);
    const { config } = emptyHome(house);
    const holderKeys = await house.holders.keys(0, 1);
    const wish = { file: b, escrow: e, holderKeys, auditFolder: null };
    await assert.rejects(restoreHome(config, { ...wish, escrow: other.place('e') }), /another store/);
    await assert.rejects(restoreHome(config, { ...wish, escrow: b }), /is an? backup file/);
    await assert.rejects(restoreHome(config, { ...wish, file: e }), /escrow file/);
    assert.equal(fs.existsSync(config.home), false, 'nothing was begun');

    const root = path.join(other.home, 'root', 'root.key');
    const wrongRoot = configOf(house.place('wrong'), { CLAVIGER_ROOT: `file:${root}`, CLAVIGER_NODE: 'two' });
    await assert.rejects(restoreHome(wrongRoot, wish));
    await assert.rejects(startNode(test, wrongRoot.home), /restore into this store was not finished/);
    const rightRoot = emptyHome(house, 'wrong').config;
    await restoreHome(rightRoot, wish);
    await startRestored(test, rightRoot.home, house);
  });

  it('notices every changed byte and every cut', async (test) => {
    const house = await openHouse(test);
    await newKey(house.node, house.home);
    await escrowHome(house.config, house.place('e'));
    const bytes = fs.readFileSync(house.place('e'));
    const keys = await house.holders.keys(0, 1);
    const bad = house.place('bad');
    const refused = async (changed: Uint8Array, what: string) => {
      fs.writeFileSync(bad, changed);
      await assert.rejects(verifyFile(bad, keys), (error) => error instanceof Error && 'code' in error, what);
    };
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 150)) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await refused(changed, `byte ${at}`);
      await refused(bytes.subarray(0, at), `cut at ${at}`);
    }
    await refused(Buffer.concat([bytes, Buffer.from([0])]), 'longer');
  });

  it('opens nothing without the root: the store files, the backup and the escrow, with every holder at hand', async (test) => {
    const house = await openHouse(test);
    const ids = [await newKey(house.node, house.home), await newKey(house.node, house.home)];
    const [file, escrow] = [house.place('b'), house.place('e')];
    await backupHome(house.config, { file, withAudit: true, escrowFile: escrow });
    const holderKeys = await house.holders.keys(0, 1, 2);
    const { withPair } = await import('./restore.ts');
    const { readContent } = await import('./content.ts');
    // everything that is written down anywhere, in clear as far as anybody without the root gets
    const known = new Set<string>();
    const add = (bytes: Uint8Array) => {
      for (const length of [32, 16])
        for (let at = 0; at + length <= bytes.length; at += 1)
          known.add(Buffer.from(bytes.subarray(at, at + length)).toString('hex'));
    };
    await withPair({ file, escrow, holderKeys }, async (pair) => {
      for (const secret of pair.escrow.secrets.values()) add(secret);
      for await (const record of readContent(pair.backup, pair.backupKey)) {
        if (!('row' in record)) continue;
        for (const value of record.row)
          if (typeof value === 'string' && /^[A-Za-z0-9+/]{40,}=*$/.test(value))
            add(Buffer.from(value, 'base64'));
      }
    });
    assert.ok(known.size > 500);
    // with full knowledge of the format: each candidate as key-encryption key, secret and material's key
    const { openSecret, SecretBytes } = await import('#crypto');
    let tried = 0;
    for (const id of ids) {
      const sealed = await house.node.shreds.get(id);
      assert.ok(sealed);
      const salt = Buffer.from(id);
      for (const candidate of known) {
        if (candidate.length !== 64) continue;
        using kek = SecretBytes.take(Buffer.from(candidate, 'hex'));
        assert.throws(() => openSecret({ kek, salt, info: `claviger shred ${id}` }, sealed));
        tried += 1;
      }
    }
    assert.ok(tried > 500);
    // the search itself can find: with the root it opens
    const stored = await house.node.house.store.environment('default');
    assert.ok(stored);
    const bytes = await house.node.house.root.unwrap(stored.wrappedKek, 'claviger environment default');
    using kek = SecretBytes.take(bytes);
    const [id = ''] = ids;
    const sealed = await house.node.shreds.get(id);
    using _opened = openSecret(
      { kek, salt: Buffer.from(id), info: `claviger shred ${id}` },
      sealed ?? new Uint8Array(),
    );
    assert.equal(known.has(kek.use((key) => Buffer.from(key).toString('hex'))), false);
  });

  it('proves in a drill that each live key comes back, and says so on the key', async (test) => {
    const clock = laterClock();
    const house = await openHouse(test, { clock });
    const { node, home, config } = house;
    const [live, gone] = [await newKey(node, home), await newKey(node, home)];
    await destroy(house, gone, clock);
    await backupHome(config, { file: house.place('b'), withAudit: false, escrowFile: house.place('e') });
    const seen: number[] = [];
    const drill = await drillBackup(config, {
      file: house.place('b'),
      escrow: house.place('e'),
      holderKeys: await house.holders.keys(0, 1),
      record: true,
      onProgress: (done) => void seen.push(done),
    });
    assert.deepEqual([drill.proven, drill.destroyed, drill.unproven, drill.recorded], [1, 1, [], 1]);
    assert.deepEqual(seen, [1, 2]);
    const stored = await node.house.store.key(live);
    assert.ok((stored?.key.provenRecoverableAt ?? 0) > 0);
  });

  it('says in a drill which keys an escrow can not bring back', async (test) => {
    const house = await openHouse(test);
    await escrowHome(house.config, house.place('e'));
    const id = await newKey(house.node, house.home);
    await backupHome(house.config, { file: house.place('b'), withAudit: false, escrowFile: null });
    const drill = await drillBackup(house.config, {
      file: house.place('b'),
      escrow: house.place('e'),
      holderKeys: await house.holders.keys(0, 1),
      record: false,
      onProgress: () => undefined,
    });
    assert.deepEqual([drill.proven, drill.unproven.map((entry) => entry.id)], [0, [id]]);
  });
});
