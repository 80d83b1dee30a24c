import type { Store } from '#ports';
import { asWrappedMaterial } from '#ports';
import type { Query } from './driver.ts';
import {
  blob,
  number,
  readCredential,
  readEnvironment,
  readKey,
  readName,
  readPrincipal,
  text,
} from './rows.ts';
import type { Selects } from './selects.ts';

type Reads = Pick<
  Store,
  | 'environment'
  | 'environmentByAccount'
  | 'environments'
  | 'principal'
  | 'principalByName'
  | 'principals'
  | 'credential'
  | 'credentialsOf'
  | 'key'
  | 'keys'
  | 'countKeys'
  | 'name'
  | 'names'
  | 'dueKeys'
>;

/** What is read of environments, principals, keys and names. */
export function recordReads(query: Query, { one, many }: Selects): Reads {
  return {
    environment: (name) => one('SELECT * FROM environments WHERE name = $1', [name], readEnvironment),
    environmentByAccount: (account) =>
      one('SELECT * FROM environments WHERE account_id = $1', [account], readEnvironment),
    environments: () => many('SELECT * FROM environments ORDER BY name', [], readEnvironment),

    principal: (id) => one('SELECT doc FROM principals WHERE id = $1', [id], readPrincipal),
    principalByName: (environment, name) =>
      one(
        'SELECT doc FROM principals WHERE environment = $1 AND name = $2',
        [environment, name],
        readPrincipal,
      ),
    principals: (environment) =>
      many('SELECT doc FROM principals WHERE environment = $1 ORDER BY name', [environment], readPrincipal),
    credential: (id) => one('SELECT * FROM credentials WHERE id = $1', [id], readCredential),
    credentialsOf: (principalId) =>
      many('SELECT * FROM credentials WHERE principal_id = $1 ORDER BY id', [principalId], readCredential),

    async key(id) {
      const rows = await query(
        `SELECT k.doc, k.revision, m.version, m.wrapped FROM keys k LEFT JOIN materials m ON m.key_id = k.id
         WHERE k.id = $1 ORDER BY m.version`,
        [id],
      );
      const [first] = rows;
      if (!first) return null;
      const materials = rows
        .filter((row) => row['version'] !== null)
        .map((row) => ({
          version: number(row, 'version'),
          material: asWrappedMaterial(blob(row, 'wrapped')),
        }));
      return { key: readKey(first), materials };
    },
    keys: (environment, region, { after, limit }) =>
      region === null
        ? many(
            'SELECT doc, revision FROM keys WHERE environment = $1 AND id > $2 ORDER BY id LIMIT $3',
            [environment, after ?? '', limit],
            readKey,
          )
        : many(
            'SELECT doc, revision FROM keys WHERE environment = $1 AND region = $2 AND id > $3 ORDER BY id LIMIT $4',
            [environment, region, after ?? '', limit],
            readKey,
          ),
    countKeys: async (environment) =>
      (await one('SELECT COUNT(*) AS count FROM keys WHERE environment = $1', [environment], (row) =>
        number(row, 'count'),
      )) ?? 0,
    name: (environment, region, name) =>
      one(
        'SELECT * FROM names WHERE environment = $1 AND region = $2 AND name = $3',
        [environment, region, name],
        readName,
      ),
    names: (environment, region, keyId, { after, limit }) =>
      keyId === null
        ? many(
            'SELECT * FROM names WHERE environment = $1 AND region = $2 AND name > $3 ORDER BY name LIMIT $4',
            [environment, region, after ?? '', limit],
            readName,
          )
        : many(
            `SELECT * FROM names WHERE environment = $1 AND region = $2 AND key_id = $3 AND name > $4
             ORDER BY name LIMIT $5`,
            [environment, region, keyId, after ?? '', limit],
            readName,
          ),
    dueKeys: (now, limit) =>
      many(
        'SELECT id FROM keys WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2',
        [now, limit],
        (row) => text(row, 'id'),
      ),
  };
}
