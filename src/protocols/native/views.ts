import { z } from 'zod';
import {
  currentVersion,
  factsOf,
  importedOf,
  keyStates,
  nextRotation,
  originatorEnd,
  recipientEnd,
  type Environment,
  type Key,
  type KeyName,
  type KeyVersion,
  type Principal,
} from '#domain';
import type { CredentialView } from '#operations';
import { algorithmName, role, spec, tag, usage } from './fields.ts';
import type { AboutServer } from './route.ts';

/** What the API tells, and the shape of it. */

export const time = z.iso.datetime();
export const timeOf = (at: number): string => new Date(at).toISOString();
export const timeOr = (at: number | null): string | null => (at === null ? null : timeOf(at));

export const base64 = z.string().meta({ contentEncoding: 'base64' });
export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Secret bytes on their way out: the copy in this process is wiped. */
export function handOut(secret: Uint8Array): string {
  const text = base64Of(secret);
  secret.fill(0);
  return text;
}

export const nothing = z.strictObject({});
export const next = z.string().nullable().describe('marker of the next page; null at the end');

/** Which key and version did the work. */
export const used = { keyId: z.string(), version: z.int() };
export const usedAlgorithm = { ...used, algorithm: algorithmName };
type Used = { readonly key: { readonly id: string }; readonly version: number };
export const usedOf = ({ key, version }: Used) => ({ keyId: key.id, version });

const importedAnswer = z.strictObject({
  isPresent: z.boolean(),
  expiresAt: time.nullable(),
  description: z.string().nullable(),
});

function importedView(key: Key, version: KeyVersion): z.input<typeof importedAnswer> | null {
  if (!key.imported) return null;
  const { isPresent, expiresAt, description } = importedOf(key, version);
  return { isPresent, expiresAt: timeOr(expiresAt), description: description ?? null };
}

const pendingAnswer = z.strictObject({
  version: z.int(),
  materialId: z.string(),
  importedAt: time,
  expiresAt: time.nullable(),
  description: z.string().nullable(),
});

function pendingView({ pending }: Key): z.input<typeof pendingAnswer> | null {
  if (!pending) return null;
  const { number: version, materialId, importedAt, expiresAt, description } = pending;
  return {
    version,
    materialId,
    importedAt: timeOf(importedAt),
    expiresAt: timeOr(expiresAt),
    description: description ?? null,
  };
}

export const versionAnswer = z
  .strictObject({
    number: z.int(),
    state: z.enum(keyStates),
    rotation: z.string(),
    materialId: z.string(),
    /** Of a version whose material comes from outside. */
    imported: importedAnswer.nullable(),
    createdAt: time,
    activatedAt: time.nullable(),
    protectUntil: time.nullable(),
    processUntil: time.nullable(),
    operationsMax: z.number().nullable(),
    bytesMax: z.number().nullable(),
    history: z.array(
      z.strictObject({ state: z.enum(keyStates), at: time, cause: z.string(), occurredAt: time.optional() }),
    ),
  })
  .meta({ id: 'KeyVersion' });

export function versionView(key: Key, version: KeyVersion): z.input<typeof versionAnswer> {
  return {
    number: version.number,
    state: version.state,
    rotation: version.rotation,
    materialId: version.materialId,
    imported: importedView(key, version),
    createdAt: timeOf(version.createdAt),
    activatedAt: timeOr(version.activatedAt),
    protectUntil: timeOr(originatorEnd(version)),
    processUntil: timeOr(recipientEnd(version)),
    operationsMax: version.cryptoPeriod.operationsMax,
    bytesMax: version.cryptoPeriod.bytesMax,
    history: version.history.map(({ state, at, cause, occurredAt }) => ({
      state,
      at: timeOf(at),
      cause,
      ...(occurredAt === undefined ? {} : { occurredAt: timeOf(occurredAt) }),
    })),
  };
}

export const rotationAnswer = z.strictObject({ periodDays: z.int(), nextAt: time });

export const keyAnswer = z
  .strictObject({
    id: z.string(),
    environment: z.string(),
    region: z.string(),
    spec,
    materialBytes: z.int().optional().describe('size of a key of spec HMAC'),
    usage,
    state: z.enum([...keyStates, 'destruction-scheduled', 'lacking-material']),
    currentVersion: z.int(),
    owner: z.string(),
    description: z.string(),
    tags: z.array(tag),
    dataClassification: z.string(),
    origin: z.string(),
    tier: z.string(),
    cryptography: z
      .string()
      .nullable()
      .describe('what works with it, where the server requires a FIPS provider; null: any'),
    exportable: z.boolean().describe('its material may leave, wrapped for a recipient'),
    /** Of a key whose material comes from outside. */
    imported: z.strictObject({ isPresent: z.boolean(), expiresAt: time.nullable() }).nullable(),
    pending: pendingAnswer.nullable().describe('new imported material that waits for a rotation'),
    strengthBits: z.int(),
    quantumCategory: z.int().nullable(),
    rotation: rotationAnswer.nullable(),
    destruction: z.strictObject({ requestedAt: time, dueAt: time, waitingDays: z.int() }).nullable(),
    provenRecoverableAt: time.nullable().describe('when a drill last recovered it from a backup'),
    createdAt: time,
    createdBy: z.string(),
    versions: z.array(versionAnswer),
  })
  .meta({ id: 'Key' });

export function rotationView(key: Key): z.input<typeof rotationAnswer> | null {
  const next = nextRotation(key);
  return key.rotation && next !== null ? { periodDays: key.rotation.periodDays, nextAt: timeOf(next) } : null;
}

/** What stands over the states of the versions, or else the state of the newest. */
function stateOf(key: Key): z.input<typeof keyAnswer>['state'] {
  if (key.destruction) return 'destruction-scheduled';
  if (key.imported?.isPresent === false) return 'lacking-material';
  return key.suspendedAt === null ? currentVersion(key).state : 'suspended';
}

/** A key as the API tells it. */
export function keyView(key: Key, { fips }: AboutServer): z.input<typeof keyAnswer> {
  const facts = factsOf(key.spec);
  return {
    id: key.id,
    environment: key.environment,
    region: key.region,
    spec: key.spec,
    ...(key.materialBytes === undefined ? {} : { materialBytes: key.materialBytes }),
    usage: key.usage,
    state: stateOf(key),
    currentVersion: currentVersion(key).number,
    owner: key.owner,
    description: key.description,
    tags: [...key.tags],
    dataClassification: key.dataClassification,
    origin: key.origin,
    tier: key.tier,
    cryptography: fips && (key.tier === 'hsm' ? 'the device: outside of the FIPS provider' : fips),
    exportable: key.exportable ?? false,
    imported: key.imported
      ? { isPresent: key.imported.isPresent, expiresAt: timeOr(key.imported.expiresAt) }
      : null,
    pending: pendingView(key),
    strengthBits: facts.strengthBits,
    quantumCategory: facts.quantumCategory,
    rotation: rotationView(key),
    destruction: key.destruction && {
      requestedAt: timeOf(key.destruction.requestedAt),
      dueAt: timeOf(key.destruction.dueAt),
      waitingDays: key.destruction.waitingDays,
    },
    provenRecoverableAt: timeOr(key.provenRecoverableAt ?? null),
    createdAt: timeOf(key.createdAt),
    createdBy: key.createdBy,
    versions: key.versions.map((version) => versionView(key, version)),
  };
}

export const nameAnswer = z
  .strictObject({
    name: z.string(),
    keyId: z.string(),
    environment: z.string(),
    region: z.string(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'KeyName' });

export function nameView(name: KeyName): z.input<typeof nameAnswer> {
  return {
    name: name.name,
    keyId: name.keyId,
    environment: name.environment,
    region: name.region,
    createdAt: timeOf(name.createdAt),
    updatedAt: timeOf(name.updatedAt),
  };
}

export const environmentAnswer = z
  .strictObject({ name: z.string(), accountId: z.string(), createdAt: time })
  .meta({ id: 'Environment' });

export function environmentView(environment: Environment): z.input<typeof environmentAnswer> {
  return {
    name: environment.name,
    accountId: environment.accountId,
    createdAt: timeOf(environment.createdAt),
  };
}

export const principalAnswer = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    environment: z.string(),
    kind: z.enum(['user', 'service', 'workload']),
    roles: z.array(role),
    disabled: z.boolean(),
    createdAt: time,
  })
  .meta({ id: 'Principal' });

export function principalView(principal: Principal): z.input<typeof principalAnswer> {
  return {
    id: principal.id,
    name: principal.name,
    environment: principal.environment,
    kind: principal.kind,
    roles: [...principal.roles],
    disabled: principal.disabled,
    createdAt: timeOf(principal.createdAt),
  };
}

export const credentialAnswer = z
  .strictObject({ id: z.string(), kind: z.string(), createdAt: time, expiresAt: time.nullable() })
  .meta({ id: 'Credential' });

export function credentialView(credential: CredentialView): z.input<typeof credentialAnswer> {
  const { id, kind, createdAt, expiresAt } = credential;
  return { id, kind, createdAt: timeOf(createdAt), expiresAt: timeOr(expiresAt) };
}
