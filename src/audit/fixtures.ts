import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AuditEvent } from '#domain';
import { newLogKeys, openAuditLog, openLogKeys, type LogOptions } from './index.ts';

/** The signing keys of the logs of the tests. */
export const keys = openLogKeys(newLogKeys());

/** A temporary folder in which each call gives the place of another log. */
export function logPlaces(): { next: () => string; remove: () => void } {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-audit-'));
  let places = 0;
  return {
    next: () => {
      places += 1;
      return path.join(scratch, `n${places}`, 'node-a');
    },
    remove: () => fs.rmSync(scratch, { recursive: true, force: true }),
  };
}

/** An event like those of the server. */
export function event(overrides: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: randomUUID(),
    at: 1_800_000_000_000,
    node: 'node-a',
    environment: 'default',
    principal: 'ada',
    operation: 'keys.encrypt',
    outcome: 'success',
    reason: null,
    keyId: randomUUID(),
    keyVersion: 1,
    otherKeyId: null,
    protocol: 'aws-kms',
    protocolOperation: 'Encrypt',
    region: 'us-east-1',
    sourceAddress: '127.0.0.1',
    userAgent: 'test "quoted"\n',
    contextDigest: null,
    facts: null,
    ...overrides,
  };
}

/** Writes a log of so many events, some to a frame, and closes it. */
export async function writeLog(
  folder: string,
  count: number,
  options: Partial<LogOptions> & { batch?: number } = {},
): Promise<string> {
  const log = openAuditLog({ folder, node: 'node-a', keys, ...options });
  const batch = options.batch ?? 50;
  for (let left = count; left > 0; left -= batch) {
    await Promise.all(Array.from({ length: Math.min(batch, left) }, () => log.append(event())));
  }
  await log.close();
  return folder;
}

/** Every file of a log but its lock, relative to its folder. */
export function filesOf(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('lock'))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Resolves when the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((next) => setImmediate(next));
}
