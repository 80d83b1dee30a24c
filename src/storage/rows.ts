import { StopError, type Environment, type Key, type KeyName, type LastUse, type Principal } from '#domain';
import { asWrappedMaterial, type Credential, type StoredEnvironment } from '#ports';
import type { Row } from './driver.ts';

/** Format of the JSON documents; one that is not known is refused, never guessed. */
const documentFormat = 1;

function damaged(what: string, cause?: unknown): StopError {
  return new StopError('integrity-failed', `The store holds a damaged ${what}.`, { cause });
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw damaged(column);
}

export function number(row: Row, column: string): number {
  const value = Number(row[column]);
  if (row[column] !== null && Number.isSafeInteger(value)) return value;
  throw damaged(column);
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw damaged(column);
}

function optionalNumber(row: Row, column: string): number | null {
  return row[column] === null ? null : number(row, column);
}

/** A key as its document: public keys in base64. */
export function keyDocument(key: Key): string {
  const versions = key.versions.map((version) => ({
    ...version,
    publicKey: version.publicKey ? Buffer.from(version.publicKey).toString('base64') : null,
  }));
  return JSON.stringify({ ...key, versions, format: documentFormat });
}

type StoredDocument = Omit<Key, 'versions'> & {
  format: number;
  versions: readonly (Omit<Key['versions'][number], 'publicKey'> & { publicKey: string | null })[];
};

/** Reads what `keyDocument` wrote. */
export function readKey(row: Row): Key {
  let document: StoredDocument;
  try {
    document = JSON.parse(text(row, 'doc')) as StoredDocument;
  } catch (cause) {
    throw damaged('key', cause);
  }
  const { format, ...key } = document;
  if (format !== documentFormat || !Array.isArray(key.versions) || key.versions.length === 0)
    throw damaged('key');
  if (key.revision !== number(row, 'revision')) throw damaged('key');
  return {
    ...key,
    versions: key.versions.map((version) => ({
      ...version,
      publicKey: version.publicKey === null ? null : Buffer.from(version.publicKey, 'base64'),
    })),
  };
}

/** When the house must look after a key by itself; null: never. */
export function dueAt(key: Key): number | null {
  if (key.destruction) return key.destruction.dueAt;
  return key.rotation?.nextAt ?? null;
}

export function readEnvironment(row: Row): StoredEnvironment {
  const environment: Environment = {
    name: text(row, 'name'),
    accountId: text(row, 'account_id'),
    createdAt: number(row, 'created_at'),
  };
  return { environment, wrappedKek: asWrappedMaterial(blob(row, 'wrapped_kek')) };
}

export function readPrincipal(row: Row): Principal {
  try {
    return JSON.parse(text(row, 'doc')) as Principal;
  } catch (cause) {
    throw damaged('principal', cause);
  }
}

export function readCredential(row: Row): Credential {
  const shared = {
    id: text(row, 'id'),
    principalId: text(row, 'principal_id'),
    environment: text(row, 'environment'),
    createdAt: number(row, 'created_at'),
    expiresAt: optionalNumber(row, 'expires_at'),
  };
  const kind = text(row, 'kind');
  if (kind === 'token') return { kind, ...shared };
  if (kind === 'access-key')
    return { kind, ...shared, wrappedSecret: asWrappedMaterial(blob(row, 'wrapped_secret')) };
  throw damaged('credential');
}

export function readName(row: Row): KeyName {
  return {
    environment: text(row, 'environment'),
    region: text(row, 'region'),
    name: text(row, 'name'),
    keyId: text(row, 'key_id'),
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
  };
}

export function readLastUse(row: Row): LastUse {
  return {
    operation: text(row, 'operation'),
    at: number(row, 'at'),
    requestId: text(row, 'request_id'),
    principal: text(row, 'principal'),
  };
}
