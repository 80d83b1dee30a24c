import {
  type AuditEvent,
  ClavigerError,
  type Environment,
  type Key,
  type KeyName,
  type KeyVersion,
  type LastUse,
  type Principal,
} from '#domain';
import {
  asWrappedMaterial,
  type Credential,
  type LogHead,
  type StoredEnvironment,
  type WrappedMaterial,
} from '#ports';
import type { Row } from './driver.ts';

/** Written into every document and checked when it is read. */
const formatVersion = 1;

export function unreadable(what: string, cause?: unknown): ClavigerError {
  return new ClavigerError('integrity-failed', `The stored record of ${what} is not readable.`, { cause });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function writeDocument(kind: string, content: object): string {
  return JSON.stringify({ formatVersion, [kind]: content });
}

export function readDocument(kind: string, stored: unknown, what: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = typeof stored === 'string' ? JSON.parse(stored) : null;
  } catch (error) {
    throw unreadable(what, error);
  }
  if (!isObject(parsed)) throw unreadable(what);
  if (parsed['formatVersion'] !== formatVersion) {
    throw new ClavigerError(
      'integrity-failed',
      `The stored record of ${what} has a format that is not known.`,
    );
  }
  const content = parsed[kind];
  if (!isObject(content)) throw unreadable(what);
  return content;
}

/** The key as a JSON document; public keys are base64. */
export function encodeKey(key: Key): string {
  const versions = key.versions.map((version) => ({
    ...version,
    publicKey: version.publicKey && Buffer.from(version.publicKey).toString('base64'),
  }));
  return writeDocument('key', { ...key, versions });
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

function decodeVersion(stored: unknown, what: string): KeyVersion {
  if (!isObject(stored)) throw unreadable(what);
  const { publicKey } = stored;
  const isWhole =
    Number.isSafeInteger(stored['number']) &&
    typeof stored['state'] === 'string' &&
    typeof stored['materialId'] === 'string' &&
    Array.isArray(stored['history']) &&
    isObject(stored['cryptoPeriod']);
  if (!isWhole) throw unreadable(what);
  if (publicKey !== null && !(typeof publicKey === 'string' && base64.test(publicKey)))
    throw unreadable(what);
  const bytes = publicKey === null ? null : new Uint8Array(Buffer.from(publicKey, 'base64'));
  return { ...stored, publicKey: bytes } as unknown as KeyVersion;
}

const keyTexts = [
  'environment',
  'region',
  'spec',
  'usage',
  'owner',
  'description',
  'policy',
  'tier',
] as const;

/** The key of a stored document. Throws `integrity-failed` for one that can't be a key. */
export function decodeKey(id: string, doc: unknown): Key {
  const what = `key ${id}`;
  const content = readDocument('key', doc, what);
  const { versions, tags } = content;
  const isWhole =
    content['id'] === id &&
    keyTexts.every((field) => typeof content[field] === 'string') &&
    Number.isSafeInteger(content['revision']) &&
    Array.isArray(tags);
  if (!isWhole || !Array.isArray(versions) || versions.length === 0) throw unreadable(what);
  return { ...content, versions: versions.map((version) => decodeVersion(version, what)) } as unknown as Key;
}

export function encodeEvent(event: AuditEvent): string {
  return writeDocument('event', event);
}

export function decodeEvent(row: Row): AuditEvent {
  const id = text(row, 'id');
  const content = readDocument('event', row['event'], `event ${id}`);
  if (content['id'] !== id) throw unreadable(`event ${id}`);
  return content as unknown as AuditEvent;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw unreadable(column);
  return value;
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unreadable(column);
  return value;
}

/** A copy of its own: drivers hand out views of larger buffers. */
export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw unreadable(column);
  return new Uint8Array(value);
}

export function wrapped(row: Row, column: string): WrappedMaterial {
  return asWrappedMaterial(bytes(row, column));
}

function integerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

export function decodeEnvironment(row: Row): StoredEnvironment {
  const environment: Environment = {
    name: text(row, 'name'),
    accountId: text(row, 'account_id'),
    createdAt: integer(row, 'created_at'),
  };
  return {
    environment,
    wrappedKek: wrapped(row, 'wrapped_kek'),
    kekGeneration: integer(row, 'kek_generation'),
    oldestGeneration: integer(row, 'kek_oldest'),
    fingerprintKey: row['fingerprint_key'] === null ? null : wrapped(row, 'fingerprint_key'),
  };
}

export function decodePrincipal(row: Row): Principal {
  const id = text(row, 'id');
  let roles: unknown;
  try {
    roles = JSON.parse(text(row, 'roles'));
  } catch (error) {
    throw unreadable(`principal ${id}`, error);
  }
  const isList = Array.isArray(roles) && roles.every((role) => typeof role === 'string');
  if (!isList) throw unreadable(`principal ${id}`);
  return {
    id,
    environment: text(row, 'environment'),
    name: text(row, 'name'),
    kind: text(row, 'kind') as Principal['kind'],
    roles: roles as Principal['roles'],
    createdAt: integer(row, 'created_at'),
    // anything but a plain no is a yes: damage never enables a principal
    disabled: integer(row, 'disabled') !== 0,
  };
}

export function decodeCredential(row: Row): Credential {
  const shared = {
    id: text(row, 'id'),
    principalId: text(row, 'principal_id'),
    environment: text(row, 'environment'),
    createdAt: integer(row, 'created_at'),
    expiresAt: integerOrNull(row, 'expires_at'),
  };
  const kind = text(row, 'kind');
  if (kind === 'access-key') return { kind, ...shared, wrappedSecret: wrapped(row, 'wrapped_secret') };
  if (kind === 'token') return { kind, ...shared };
  throw unreadable('a credential');
}

export function decodeName(row: Row): KeyName {
  return {
    environment: text(row, 'environment'),
    region: text(row, 'region'),
    name: text(row, 'name'),
    keyId: text(row, 'key_id'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
  };
}

export function decodeLastUse(row: Row): LastUse {
  return {
    operation: text(row, 'operation'),
    at: integer(row, 'used_at'),
    requestId: text(row, 'request_id'),
    principal: text(row, 'principal'),
  };
}

export function decodeLogHead(row: Row): LogHead {
  return {
    node: text(row, 'node'),
    size: integer(row, 'size'),
    root: text(row, 'root'),
    at: integer(row, 'recorded_at'),
  };
}
