import { randomBytes } from 'node:crypto';
import { defaultPolicy } from '#access';
import { newId } from '#crypto';
import type { AuditEvent, Key, KeyUse } from '#domain';
import { compose, createLogger, loadConfig } from '#server';
import { madeUpKeys } from './made-up-keys.ts';

const atOnce = 1000;
const dayMillis = 86_400_000;

/** How a key comes to be known in the log. */
function birthOf({ id, environment, spec, usage, origin, owner, createdAt }: Key, node: string): AuditEvent {
  return {
    id: newId(),
    at: createdAt,
    node,
    environment,
    principal: owner,
    operation: 'keys.create',
    outcome: 'success',
    reason: null,
    keyId: id,
    keyVersion: 1,
    otherKeyId: null,
    protocol: 'aws-kms',
    protocolOperation: 'CreateKey',
    region: 'default',
    sourceAddress: '127.0.0.1',
    userAgent: 'bench',
    contextDigest: null,
    facts: { spec, usage, origin, owner, rotation: 'first' },
  };
}

/** Who has used it, and how. */
function usesOf({ id, owner, createdAt }: Key): (KeyUse & { readonly keyId: string })[] {
  const use = {
    keyId: id,
    version: 1,
    principal: owner,
    count: 40,
    firstAt: createdAt,
    lastAt: createdAt + 1000,
  };
  return [
    { ...use, act: 'protect' },
    { ...use, principal: `${owner}-batch`, act: 'process' },
  ];
}

/**
 * Fills the home of a server that does not run with the keys of a company, as records without material: names for one in ten, uses for one in
 * four, and in the log of its node an event for each.
 */
export async function fillCompany(home: string, count: number): Promise<void> {
  const config = loadConfig({ env: { CLAVIGER_HOME: home } });
  const { house, report, close } = await compose({ config, logger: createLogger('error'), worker: 0 });
  try {
    const [environment] = report.environments;
    if (!environment) throw new Error('the home has no environment');
    const policy = defaultPolicy(await house.accountOf(environment.name));
    const now = Date.now();
    const days = { from: now - 300 * dayMillis, to: now - dayMillis };
    let done = 0;
    let waiting: Key[] = [];
    const flush = async (): Promise<void> => {
      const named = waiting.filter((_, index) => index % 10 === 0);
      const changes = [
        ...waiting.map((key) => ({ kind: 'key-created', key, materials: [] }) as const),
        ...named.map((key) => {
          const { id: keyId, region, createdAt } = key;
          const name = { environment: key.environment, region, name: `${key.owner}/${keyId}`, keyId };
          return { kind: 'name-created', name: { ...name, createdAt, updatedAt: createdAt } } as const;
        }),
      ];
      await house.store.commit({ changes, events: [] });
      await house.store.relations.recordUses(waiting.filter((_, index) => index % 4 === 0).flatMap(usesOf));
      await Promise.all(waiting.map((key) => house.log.append(birthOf(key, house.log.node))));
      done += waiting.length;
      waiting = [];
      if (process.stderr.isTTY) process.stderr.write(`\r     filling: ${done} of ${count} keys`);
    };
    for (const key of madeUpKeys(count, days)) {
      const versions = key.versions.map((version) => ({
        ...version,
        materialId: randomBytes(32).toString('hex'),
      }));
      if (waiting.push({ ...key, environment: environment.name, policy, versions }) === atOnce) await flush();
    }
    if (waiting.length > 0) await flush();
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  } finally {
    await close();
  }
}
