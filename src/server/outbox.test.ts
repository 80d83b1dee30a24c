import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { newLogKeys, openAuditLog, openLogKeys, readEvents, verifyLog, type LogOptions } from '#audit';
import type { AuditEvent } from '#domain';
import { samples } from '#ports/contract';
import { openStore } from '#storage';
import { openOutbox } from './outbox.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-outbox-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));
const keys = openLogKeys(newLogKeys());
let houses = 0;

async function openHouse(options: Partial<LogOptions> = {}) {
  houses += 1;
  const home = path.join(scratch, String(houses));
  const folder = path.join(home, 'audit', 'node-a');
  const store = await openStore(`sqlite:${path.join(home, 'store.db')}`);
  const openLog = () => openAuditLog({ folder, node: 'node-a', keys, recoverMillis: 2, ...options });
  const commit = (event: AuditEvent) =>
    store.commit({
      changes: [samples.createKey(samples.sampleKey('production'), [])],
      events: [event],
    });
  const logged = () => [...readEvents(folder)].map(({ event }) => event.id);
  return { store, folder, openLog, commit, logged };
}

const newEvent = () => samples.sampleEvent({ node: 'node-a' });

describe('the outbox', () => {
  it('brings in what a crash left between commit and log, once', async () => {
    const { store, openLog, commit, logged } = await openHouse();
    const [lost, kept] = [newEvent(), newEvent()];
    await commit(lost);
    await commit(kept);
    const before = openLog();
    await before.append(kept);
    await before.close();
    const log = openLog();
    const outbox = await openOutbox({ store, log, missing: log.missing });
    assert.deepEqual(logged(), [kept.id, lost.id]);
    assert.deepEqual(await store.outbox('node-a'), []);
    await outbox.settle();
    await log.close();
    assert.deepEqual(logged(), [kept.id, lost.id]);
    await store.close();
  });

  it('leaves alone what an operation has in hand, however long that takes', async () => {
    const gate = Promise.withResolvers<void>();
    const { store, openLog, commit, logged } = await openHouse();
    const log = openLog();
    const outbox = await openOutbox({ store, log, missing: log.missing });
    const event = { ...newEvent(), at: 1 };
    outbox.begin(event.id);
    await commit(event);
    const slow = gate.promise.then(() => log.append(event)).then(() => outbox.logged(event.id));
    await outbox.settle();
    await outbox.settle();
    assert.deepEqual(logged(), []);
    gate.resolve();
    await slow;
    outbox.end(event.id);
    await outbox.settle();
    assert.deepEqual(await store.outbox('node-a'), []);
    await outbox.settle();
    await log.close();
    assert.deepEqual(logged(), [event.id]);
    await store.close();
  });

  it('forgets nothing that a failing disk only pretended to hold', async () => {
    let failing = false;
    const broken = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
    const data = (fd: number) => new Promise<void>((done) => fs.fdatasync(fd, () => done()));
    const files: NonNullable<LogOptions['files']> = {
      write: (fd, bytes, position) => void fs.writeSync(fd, bytes, 0, bytes.length, position),
      sync: (fd) => (failing ? broken() : data(fd)),
      syncNow: (fd) => fs.fdatasyncSync(fd),
      truncate: (fd, length) => {
        if (failing) throw new Error('EIO');
        fs.ftruncateSync(fd, length);
      },
    };
    const { store, openLog, commit, logged, folder } = await openHouse({ files, quickDiskMillis: 0 });
    const log = openLog();
    const outbox = await openOutbox({ store, log, missing: log.missing });
    const event = newEvent();
    failing = true;
    outbox.begin(event.id);
    await commit(event);
    await assert.rejects(log.append(event), { code: 'audit-unavailable' });
    outbox.end(event.id);
    for (let round = 0; round < 3; round += 1) await outbox.settle().catch(() => undefined);
    assert.equal((await store.outbox('node-a')).length, 1, 'the store still knows it');
    failing = false;
    while (!log.health().writable) await new Promise((next) => setImmediate(next));
    await outbox.settle();
    await outbox.settle();
    assert.deepEqual(await store.outbox('node-a'), []);
    await log.close();
    assert.deepEqual(logged(), [event.id]);
    assert.deepEqual(verifyLog(folder).findings, []);
    await store.close();
  });
});
