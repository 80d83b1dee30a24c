import { randomBytes, randomUUID } from 'node:crypto';
import type { AuditEvent, Environment, Key, KeyName, KeyVersion, Principal } from '#domain';
import { asWrappedMaterial, type WrappedMaterial } from '../material.ts';
import type { Change, Commit, Credential, StoredMaterial } from '../store.ts';

/** A day in 2026: what tests use for a time that does not matter. */
export const someDay = 1_780_000_000_000;

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 13)}`;
}

export function material(size = 60): WrappedMaterial {
  return asWrappedMaterial(new Uint8Array(randomBytes(size)));
}

export function sampleEnvironment(change: Partial<Environment> = {}): Environment {
  const accountId = String(randomBytes(6).readUIntBE(0, 6) % 1e12).padStart(12, '0');
  return { name: uniqueName('env'), accountId, createdAt: someDay, ...change };
}

export function samplePrincipal(environment: string, change: Partial<Principal> = {}): Principal {
  return {
    id: randomUUID(),
    environment,
    name: uniqueName('user'),
    kind: 'service',
    roles: ['operator', 'auditor'],
    createdAt: someDay,
    disabled: false,
    ...change,
  };
}

export function sampleToken(principal: Principal): Credential {
  return {
    kind: 'token',
    id: randomBytes(32).toString('hex'),
    principalId: principal.id,
    environment: principal.environment,
    createdAt: someDay,
    expiresAt: someDay + 1,
  };
}

export function sampleVersion(change: Partial<KeyVersion> = {}): KeyVersion {
  return {
    number: 1,
    state: 'active',
    history: [{ state: 'active', at: someDay, cause: 'generated' }],
    createdAt: someDay,
    activatedAt: someDay,
    cryptoPeriod: { originatorSeconds: 3600, recipientSeconds: null, operationsMax: 2 ** 32, bytesMax: null },
    materialId: randomBytes(32).toString('hex'),
    publicKey: null,
    rotation: 'first',
    ...change,
  };
}

export function sampleKey(environment: string, change: Partial<Key> = {}): Key {
  return {
    id: randomUUID(),
    environment,
    region: 'default',
    spec: 'AES_256',
    usage: 'encrypt',
    owner: 'payments',
    description: 'Grüße, ключ \u0000 "\u2028"',
    tags: [
      { key: 'b', value: '2' },
      { key: 'a', value: '1' },
    ],
    dataClassification: 'secret',
    origin: 'generated',
    tier: 'served',
    policy: '{"Version":"2012-10-17"}',
    rotation: null,
    suspendedAt: null,
    destruction: null,
    createdAt: someDay,
    createdBy: 'ci',
    versions: [sampleVersion()],
    revision: 1,
    ...change,
  };
}

export function sampleName(key: Key, name = uniqueName('alias/name')): KeyName {
  const { environment, region, id } = key;
  return { environment, region, name, keyId: id, createdAt: someDay, updatedAt: someDay };
}

export function sampleEvent(change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: randomUUID(),
    at: someDay,
    node: 'node',
    environment: 'production',
    principal: 'ci',
    operation: 'keys.create',
    outcome: 'success',
    reason: null,
    keyId: null,
    keyVersion: null,
    otherKeyId: null,
    protocol: 'native',
    protocolOperation: 'CreateKey',
    region: 'default',
    sourceAddress: '127.0.0.1',
    userAgent: 'agent/1 "\u0000"',
    contextDigest: null,
    facts: { spec: 'AES_256', tags: 2, multiRegion: false, grant: null },
    ...change,
  };
}

/** The commit of some changes without an event. */
export function only(...changes: Change[]): Commit {
  return { changes, events: [] };
}

export function createKey(key: Key, materials: readonly StoredMaterial[] = []): Change {
  return { kind: 'key-created', key, materials };
}

/** The update that follows a key as it was read. */
export function updateKey(
  old: Key,
  change: Partial<Key>,
  materials: { added?: readonly StoredMaterial[]; erased?: readonly number[] } = {},
): Change & { kind: 'key-updated' } {
  return {
    kind: 'key-updated',
    key: { ...old, ...change, revision: old.revision + 1 },
    expectedRevision: old.revision,
    added: materials.added ?? [],
    erased: materials.erased ?? [],
  };
}
