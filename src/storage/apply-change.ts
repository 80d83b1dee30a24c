import { ClavigerError, type Key } from '#domain';
import type { Change, StoredMaterial } from '#ports';
import type { Query } from './driver.ts';
import { dueAt, keyDocument } from './rows.ts';

function conflict(): ClavigerError {
  return new ClavigerError('conflict', 'The record was changed by somebody else in between; try again.');
}

/** Inserts a row, or throws where its identity is taken. */
async function insert(
  query: Query,
  sql: string,
  parameters: Parameters<Query>[1],
  taken: ClavigerError,
): Promise<void> {
  const rows = await query(`${sql} ON CONFLICT DO NOTHING RETURNING 1 AS done`, parameters);
  if (rows.length === 0) throw taken;
}

async function putMaterials(
  query: Query,
  keyId: string,
  materials: readonly StoredMaterial[],
): Promise<void> {
  for (const { version, material } of materials) {
    await insert(
      query,
      'INSERT INTO materials (key_id, version, wrapped) VALUES ($1, $2, $3)',
      [keyId, version, material],
      conflict(),
    );
  }
}

async function eraseMaterials(query: Query, keyId: string, versions: readonly number[]): Promise<void> {
  for (const version of versions) {
    const [row] = await query('SELECT wrapped FROM materials WHERE key_id = $1 AND version = $2', [
      keyId,
      version,
    ]);
    const wrapped = row?.['wrapped'];
    if (!(wrapped instanceof Uint8Array)) continue;
    // overwritten before it is removed, so that the page itself holds nothing any more
    const nothing = new Uint8Array(wrapped.length);
    await query('UPDATE materials SET wrapped = $3 WHERE key_id = $1 AND version = $2', [
      keyId,
      version,
      nothing,
    ]);
    await query('DELETE FROM materials WHERE key_id = $1 AND version = $2', [keyId, version]);
  }
}

async function createKey(query: Query, key: Key, materials: readonly StoredMaterial[]): Promise<void> {
  await insert(
    query,
    'INSERT INTO keys (id, environment, region, doc, revision, due_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [key.id, key.environment, key.region, keyDocument(key), key.revision, dueAt(key)],
    conflict(),
  );
  await putMaterials(query, key.id, materials);
}

async function updateKey(query: Query, change: Extract<Change, { kind: 'key-updated' }>): Promise<void> {
  const { key, expectedRevision } = change;
  const rows = await query(
    'UPDATE keys SET doc = $3, revision = $4, due_at = $5 WHERE id = $1 AND revision = $2 RETURNING 1 AS done',
    [key.id, expectedRevision, keyDocument(key), key.revision, dueAt(key)],
  );
  if (rows.length === 0) throw conflict();
  await putMaterials(query, key.id, change.added);
  await eraseMaterials(query, key.id, change.erased);
}

function nameEntity(name: { environment: string; region: string; name: string }): string {
  return `name:${name.environment}/${name.region}/${name.name}`;
}

async function createEnvironment(
  query: Query,
  change: Extract<Change, { kind: 'environment-created' }>,
): Promise<string> {
  const { name, accountId, createdAt } = change.environment;
  await insert(
    query,
    'INSERT INTO environments (name, account_id, created_at, wrapped_kek) VALUES ($1, $2, $3, $4)',
    [name, accountId, createdAt, change.wrappedKek],
    new ClavigerError(
      'environment-taken',
      `There is an environment ${name}, or one of account ${accountId}, already.`,
    ),
  );
  return `environment:${name}`;
}

async function putPrincipal(
  query: Query,
  change: Extract<Change, { kind: 'principal-put' }>,
): Promise<string> {
  const { principal } = change;
  const rows = await query(
    `INSERT INTO principals (id, environment, name, doc) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING 1 AS done`,
    [principal.id, principal.environment, principal.name, JSON.stringify(principal)],
  );
  if (rows.length > 0) return `principal:${principal.id}`;
  const updated = await query(
    'UPDATE principals SET doc = $3 WHERE id = $1 AND name = $2 RETURNING 1 AS done',
    [principal.id, principal.name, JSON.stringify(principal)],
  );
  if (updated.length > 0) return `principal:${principal.id}`;
  throw new ClavigerError('principal-taken', `There is a principal ${principal.name} already.`);
}

async function createCredential(
  query: Query,
  change: Extract<Change, { kind: 'credential-created' }>,
): Promise<string> {
  const { credential } = change;
  const secret = credential.kind === 'access-key' ? credential.wrappedSecret : null;
  await insert(
    query,
    `INSERT INTO credentials (id, kind, principal_id, environment, wrapped_secret, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      credential.id,
      credential.kind,
      credential.principalId,
      credential.environment,
      secret,
      credential.createdAt,
      credential.expiresAt,
    ],
    conflict(),
  );
  return `credential:${credential.id}`;
}

/** Makes one change and returns the entity that it touched. */
export async function applyChange(query: Query, change: Change): Promise<string> {
  switch (change.kind) {
    case 'environment-created':
      return createEnvironment(query, change);
    case 'principal-put':
      return putPrincipal(query, change);
    case 'credential-created':
      return createCredential(query, change);
    case 'credential-deleted':
      await query('DELETE FROM credentials WHERE id = $1', [change.id]);
      return `credential:${change.id}`;
    case 'key-created':
      await createKey(query, change.key, change.materials);
      return `key:${change.key.id}`;
    case 'key-updated':
      await updateKey(query, change);
      return `key:${change.key.id}`;
    case 'name-created': {
      const { name } = change;
      await insert(
        query,
        `INSERT INTO names (environment, region, name, key_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)`,
        [name.environment, name.region, name.name, name.keyId, name.createdAt, name.updatedAt],
        new ClavigerError('name-taken', `There is a key named ${name.name} already.`, {
          details: { name: name.name },
        }),
      );
      return nameEntity(name);
    }
    case 'name-moved': {
      const { name } = change;
      const rows = await query(
        `UPDATE names SET key_id = $5, updated_at = $6
         WHERE environment = $1 AND region = $2 AND name = $3 AND key_id = $4 RETURNING 1 AS done`,
        [name.environment, name.region, name.name, change.expectedKeyId, name.keyId, name.updatedAt],
      );
      if (rows.length === 0) throw conflict();
      return nameEntity(name);
    }
    case 'name-deleted': {
      const sql = 'DELETE FROM names WHERE environment = $1 AND region = $2 AND name = $3';
      await query(sql, [change.environment, change.region, change.name]);
      return nameEntity(change);
    }
  }
}
