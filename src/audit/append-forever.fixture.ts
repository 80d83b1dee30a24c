import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { openAuditLog, openLogKeys } from './index.ts';

// appends until it is killed, and prints each id once it was answered
const [folder = '', keyFile = ''] = process.argv.slice(2);
const log = openAuditLog({
  folder,
  node: 'node-a',
  keys: openLogKeys(fs.readFileSync(keyFile)),
  publishMillis: 7,
});

async function appendOne(): Promise<void> {
  const id = randomUUID();
  await log.append({
    id,
    at: Date.now(),
    node: 'node-a',
    environment: 'default',
    principal: 'ada',
    operation: 'keys.encrypt',
    outcome: 'success',
    reason: null,
    keyId: null,
    keyVersion: null,
    otherKeyId: null,
    protocol: 'test',
    protocolOperation: '-',
    region: '-',
    sourceAddress: '-',
    userAgent: '-',
    contextDigest: null,
    facts: null,
  });
  fs.writeSync(1, `${id}\n`);
}

for (;;) await Promise.all(Array.from({ length: 7 }, appendOne));
