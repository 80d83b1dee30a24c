import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfig, verifyAudit } from '#server';
import { freePort, newHome, removeHome } from '../servers.ts';
import { asker, credentialsOf, isReady, killNodes, readiness, spawnNode, until } from './node.ts';
import { nothingTold, requireKept, requireRecords, work } from './workload.ts';

/** A small file system of its own, or why there is none. */
function smallDisk(): { folder: string } | { reason: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { reason: 'only root of Linux can mount' };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m,mode=0700', 'tmpfs', folder]);
  if (status === 0) return { folder };
  fs.rmdirSync(folder);
  return { reason: 'a tmpfs can not be mounted here' };
}

const disks = { auditLog: smallDisk(), store: smallDisk() };

after(async () => {
  await killNodes();
  for (const disk of Object.values(disks)) {
    if (!('folder' in disk)) continue;
    spawnSync('umount', ['-l', disk.folder]);
    fs.rmdirSync(disk.folder);
  }
});

/** Fills a file system to the last byte; returns what frees it. */
function fill(folder: string): () => void {
  const file = path.join(folder, 'ballast');
  const fd = fs.openSync(file, 'w');
  for (let size = 1 << 20; size >= 1; size = Math.floor(size / 4)) {
    try {
      for (;;) fs.writeSync(fd, Buffer.alloc(size, 1));
    } catch {
      // as much as this does not fit any more
    }
  }
  fs.closeSync(fd);
  return () => fs.rmSync(file);
}

const places = {
  auditLog: (folder: string) => ({ CLAVIGER_AUDIT_FOLDER: path.join(folder, 'audit') }),
  store: (folder: string) => ({ CLAVIGER_DATABASE_URL: `sqlite:${path.join(folder, 'claviger.db')}` }),
} as const;

/** How a request is refused that finds the disk full, in both protocols. */
const refusals: Readonly<Record<keyof typeof places, readonly [code: string, awsType: string]>> = {
  auditLog: ['audit-unavailable', 'KMSInternalException'],
  store: ['store-unavailable', 'DependencyTimeoutException'],
};

describe('a full disk', () => {
  for (const what of ['auditLog', 'store'] as const) {
    const disk = disks[what];
    it(`of the ${what} refuses, turns readiness red, loses nothing, and is over when there is room`, {
      skip: 'reason' in disk && disk.reason,
      timeout: 120_000,
    }, async () => {
      assert.ok('folder' in disk);
      const home = newHome();
      const env = places[what](disk.folder);
      const node = spawnNode(home, await freePort(), env);
      await node.ready();
      const client = asker(node.address, credentialsOf(home));
      const told = nothingTold();
      let over = false;
      const working = Array.from({ length: 4 }, (_, lane) => work(client, told, `f${lane}`, () => over));
      await until(() => told.requestIds.size > 60, 'requests are answered');
      const free = fill(disk.folder);
      await until(() => told.refusals.length > 20, 'requests are refused');
      await until(async () => (await readiness(node.address))?.[what] === 'failing', 'readiness is red');
      free();
      await until(async () => isReady(await readiness(node.address)), 'readiness is green again');
      const answered = told.requestIds.size;
      await until(() => told.requestIds.size > answered + 40, 'requests are answered again');
      over = true;
      await Promise.all(working);
      const [code, awsType] = refusals[what];
      for (const { status, type, body } of told.refusals) {
        if (type.includes('problem')) assert.deepEqual([status, body['code']], [503, code]);
        else assert.deepEqual([status, body['__type']], [500, awsType]);
      }
      for (const owned of told.keys) await requireKept(client, owned);
      node.signal('SIGTERM');
      assert.equal(await node.ended, 0);
      const config = loadConfig({ env: { CLAVIGER_HOME: home, ...env } });
      requireRecords(config.auditFolder, told);
      for (const { findings } of await verifyAudit(config, {})) assert.deepEqual(findings, []);
      removeHome(home);
    });
  }
});
