import type { Dialect } from './driver.ts';

const newEnvironmentColumns = 'name, account_id, created_at, wrapped_kek';
const environmentColumns = `${newEnvironmentColumns}, kek_generation, kek_oldest, fingerprint_key`;
const principalColumns = 'id, environment, name, kind, roles, created_at, disabled';
const credentialColumns = 'id, kind, principal_id, environment, wrapped_secret, created_at, expires_at';
const nameColumns = 'environment, region, name, key_id, created_at, updated_at';
const headColumns = 'node, size, root, recorded_at';

/** Names that begin so, whatever their region. */
export const namesAcross = `SELECT ${nameColumns} FROM names
  WHERE environment = $1 AND name >= $2 AND name < $3 AND name > $4 ORDER BY name, region LIMIT $5`;

/**
 * Every statement of the store. A write says by RETURNING whether it found what its caller expected; an insert
 * of what is there already returns nothing.
 */
export function storeStatements(dialect: Dialect) {
  const { elements, overwrite, holdRows } = dialect;
  return {
    olderKeks: `SELECT generation, wrapped FROM environment_keks WHERE environment = $1 ORDER BY generation`,
    // the fence of a rekey: what an older generation sealed comes too late; an environment that is not there yet has its first
    sealable: `SELECT oldest FROM (SELECT coalesce((SELECT kek_oldest FROM environments
      WHERE name = $1 ${holdRows}), 1) AS oldest) AS held WHERE oldest <= $2`,
    keepKek: `INSERT INTO environment_keks (environment, generation, wrapped)
      SELECT name, kek_generation, wrapped_kek FROM environments WHERE name = $1 AND kek_generation = $2`,
    replaceKek: `UPDATE environments SET wrapped_kek = $3, kek_generation = kek_generation + 1,
        fingerprint_key = $4
      WHERE name = $1 AND kek_generation = $2 RETURNING name`,
    fenceKeks: `UPDATE environments SET kek_oldest = kek_generation
      WHERE name = $1 AND kek_generation = $2 RETURNING name`,
    deleteKeks: 'DELETE FROM environment_keks WHERE environment = $1 AND generation < $2',
    rewrapKek: `UPDATE environments SET wrapped_kek = $3 WHERE name = $1 AND kek_generation = $2 RETURNING name`,
    rewrapOlderKek: `UPDATE environment_keks SET wrapped = $3
      WHERE environment = $1 AND generation = $2 RETURNING environment`,
    countKeks: `SELECT (SELECT count(*) FROM environments) + (SELECT count(*) FROM environment_keks) AS total`,
    heldSetting: `SELECT setting FROM settings WHERE name = $1 AND setting = $2 ${holdRows}`,
    replaceSetting: 'UPDATE settings SET setting = $3 WHERE name = $1 AND setting = $2 RETURNING name',
    updateSetting: 'UPDATE settings SET setting = $2 WHERE name = $1 RETURNING name',
    // in the order in which they lie on the disk
    sealedMaterials: `SELECT v.position AS position, v.key_id AS key_id, v.version AS version,
        v.wrapped AS wrapped
      FROM key_versions v
      WHERE v.position > $2 AND (SELECT environment FROM keys WHERE id = v.key_id) = $1
      ORDER BY v.position LIMIT $3`,
    sealedSecrets: `SELECT id, wrapped_secret FROM credentials
      WHERE environment = $1 AND id > $2 AND wrapped_secret IS NOT NULL ORDER BY id LIMIT $3`,
    // only what still is as it was read
    resealMaterial: `UPDATE key_versions SET wrapped = $4 WHERE key_id = $1 AND version = $2 AND wrapped = $3`,
    resealSecret: 'UPDATE credentials SET wrapped_secret = $3 WHERE id = $1 AND wrapped_secret = $2',

    environment: `SELECT ${environmentColumns} FROM environments WHERE name = $1`,
    environmentByAccount: `SELECT ${environmentColumns} FROM environments WHERE account_id = $1`,
    environments: `SELECT ${environmentColumns} FROM environments ORDER BY name`,
    insertEnvironment: `INSERT INTO environments (${newEnvironmentColumns}) VALUES ($1, $2, $3, $4)
      ON CONFLICT DO NOTHING RETURNING name`,

    principal: `SELECT ${principalColumns} FROM principals WHERE id = $1`,
    principalByName: `SELECT ${principalColumns} FROM principals WHERE environment = $1 AND name = $2`,
    principals: `SELECT ${principalColumns} FROM principals WHERE environment = $1 ORDER BY name`,
    // a principal never moves to another environment
    putPrincipal: `INSERT INTO principals (${principalColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, roles = excluded.roles,
        created_at = excluded.created_at, disabled = excluded.disabled
      WHERE principals.environment = excluded.environment RETURNING id`,

    replacePrincipal: `UPDATE principals SET name = $2, kind = $3, roles = $4, disabled = $5
      WHERE id = $1 AND environment = $6 AND roles = $7 AND disabled = $8 RETURNING id`,

    credential: `SELECT ${credentialColumns} FROM credentials WHERE id = $1`,
    credentialsOf: `SELECT ${credentialColumns} FROM credentials WHERE principal_id = $1 ORDER BY id`,
    insertCredential: `INSERT INTO credentials (${credentialColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT DO NOTHING RETURNING id`,
    deleteCredential: 'DELETE FROM credentials WHERE id = $1 RETURNING id',

    // one statement, so that the record and its material are of one moment
    key: `SELECT doc, 0 AS version, NULL AS wrapped FROM keys WHERE id = $1
      UNION ALL SELECT NULL, version, wrapped FROM key_versions WHERE key_id = $1 ORDER BY version`,
    keysOfRegion: `SELECT id, doc FROM keys WHERE environment = $1 AND region = $2 AND id > $3
      ORDER BY id LIMIT $4`,
    keysOfEnvironment: 'SELECT id, doc FROM keys WHERE environment = $1 AND id > $2 ORDER BY id LIMIT $3',
    countKeys: 'SELECT count(*) AS total FROM keys WHERE environment = $1',
    dueKeys: 'SELECT id FROM keys WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2',
    insertKey: `INSERT INTO keys (id, environment, region, revision, created_at, due_at, doc, class_id, owner, ends_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
    updateKey: `UPDATE keys SET revision = $1, due_at = $2, doc = $3, class_id = $8, owner = $9, ends_at = $10
      WHERE id = $4 AND revision = $5 AND environment = $6 AND region = $7 RETURNING id`,
    insertMaterial: `INSERT INTO key_versions (key_id, version, wrapped) VALUES ($1, $2, $3)
      ON CONFLICT DO NOTHING RETURNING version`,
    blankMaterial:
      overwrite &&
      `UPDATE key_versions SET wrapped = ${overwrite.zero('wrapped')}
      WHERE key_id = $1 AND version = $2`,
    deleteMaterial: 'DELETE FROM key_versions WHERE key_id = $1 AND version = $2',

    name: `SELECT ${nameColumns} FROM names WHERE environment = $1 AND region = $2 AND name = $3`,
    names: `SELECT ${nameColumns} FROM names WHERE environment = $1 AND region = $2 AND name > $3
      ORDER BY name LIMIT $4`,
    namesOfKey: `SELECT ${nameColumns} FROM names WHERE environment = $1 AND region = $2 AND key_id = $5
      AND name > $3 ORDER BY name LIMIT $4`,
    insertName: `INSERT INTO names (${nameColumns}) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT DO NOTHING RETURNING name`,
    moveName: `UPDATE names SET key_id = $4, updated_at = $5
      WHERE environment = $1 AND region = $2 AND name = $3 AND key_id = $6 RETURNING name`,
    deleteName: `DELETE FROM names
      WHERE environment = $1 AND region = $2 AND name = $3 AND key_id = $4 RETURNING name`,

    addUsage: `INSERT INTO usage_counts (key_id, version, operations, bytes) VALUES ($1, $2, $3, $4)
      ON CONFLICT (key_id, version) DO UPDATE SET operations = usage_counts.operations + excluded.operations,
        bytes = usage_counts.bytes + excluded.bytes RETURNING operations, bytes`,
    usage: 'SELECT operations, bytes FROM usage_counts WHERE key_id = $1 AND version = $2',
    putLastUses: `INSERT INTO last_uses (key_id, operation, used_at, request_id, principal)
      SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS ${dialect.integer}), value ->> 3, value ->> 4
      FROM ${elements('$1')} WHERE true
      ON CONFLICT (key_id) DO UPDATE SET operation = excluded.operation, used_at = excluded.used_at,
        request_id = excluded.request_id, principal = excluded.principal
      WHERE excluded.used_at > last_uses.used_at`,
    lastUse: 'SELECT operation, used_at, request_id, principal FROM last_uses WHERE key_id = $1',

    sequence: 'SELECT sequence FROM change_sequence WHERE id = 1',
    advanceSequence: 'UPDATE change_sequence SET sequence = sequence + $1 WHERE id = 1',
    insertChanges: `INSERT INTO changes (sequence, entity)
      SELECT (SELECT sequence FROM change_sequence WHERE id = 1) + CAST(value ->> 0 AS ${dialect.integer}),
        value ->> 1 FROM ${elements('$1')}`,
    changes: 'SELECT entity FROM changes WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence',
    pruneChanges: `DELETE FROM changes WHERE sequence <= (SELECT sequence FROM change_sequence) / 1000 * 1000 - $1`,

    insertEvents: `INSERT INTO outbox (id, node, event) SELECT value ->> 1, value ->> 2, value ->> 3
      FROM ${elements('$1')} ORDER BY CAST(value ->> 0 AS ${dialect.integer})`,
    outbox: 'SELECT id, event FROM outbox WHERE node = $1 ORDER BY position',
    clearOutbox: `DELETE FROM outbox WHERE id IN (SELECT value ->> 0 FROM ${elements('$1')})`,

    putLogHead: `INSERT INTO log_heads (${headColumns}) VALUES ($1, $2, $3, $4)
      ON CONFLICT (node) DO UPDATE
      SET size = excluded.size, root = excluded.root, recorded_at = excluded.recorded_at
      WHERE excluded.size > log_heads.size
        OR (excluded.size = log_heads.size AND excluded.root = log_heads.root)
      RETURNING node`,
    logHeads: `SELECT ${headColumns} FROM log_heads ORDER BY node`,

    takeLease: `INSERT INTO leases (name, holder, ends_at) VALUES ($1, $2, $3)
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
      WHERE leases.holder = excluded.holder OR leases.ends_at <= $4
        OR leases.ends_at - $4 > 2 * ($3 - $4) RETURNING name`,
    setting: 'SELECT setting FROM settings WHERE name = $1',
    putSetting:
      'INSERT INTO settings (name, setting) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET setting = excluded.setting',
    deleteSetting: 'DELETE FROM settings WHERE name = $1',
    claimSetting: 'INSERT INTO settings (name, setting) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    probe: `INSERT INTO probes (id, writes) VALUES (1, 1)
      ON CONFLICT (id) DO UPDATE SET writes = probes.writes + 1 RETURNING writes`,
  } as const;
}

export type StoreStatements = ReturnType<typeof storeStatements>;

/** Every statement of the shred store. */
export function shredStatements({ elements, fromHex, overwrite }: Dialect) {
  return {
    put: `INSERT INTO shred_secrets (key_id, secret) SELECT value ->> 0, ${fromHex('value ->> 1')}
      FROM ${elements('$1')} WHERE true ON CONFLICT DO NOTHING RETURNING key_id`,
    get: 'SELECT secret FROM shred_secrets WHERE key_id = $1',
    overwrite:
      overwrite && `UPDATE shred_secrets SET secret = ${overwrite.random('secret')} WHERE key_id = $1`,
    remove: 'DELETE FROM shred_secrets WHERE key_id = $1',
    many: `SELECT key_id, secret FROM shred_secrets
      WHERE key_id IN (SELECT value ->> 0 FROM ${elements('$1')})`,
    // only what still is as it was read: a secret that was shredded meanwhile does not come back
    reseal: 'UPDATE shred_secrets SET secret = $3 WHERE key_id = $1 AND secret = $2',
    ids: 'SELECT key_id FROM shred_secrets WHERE key_id > $1 ORDER BY key_id LIMIT $2',
    probe: `INSERT INTO shred_probes (id, writes) VALUES (1, 1)
      ON CONFLICT (id) DO UPDATE SET writes = shred_probes.writes + 1 RETURNING writes`,
  } as const;
}
