import { type Change, type Document, type DocumentPlace, type Documents, asWrappedMaterial } from '#ports';
import type { Driver, Row, Value } from './driver.ts';
import { bytes, integer, readDocument, text, writeDocument } from './records.ts';
import { changed, type CheckedStatement } from './statement-list.ts';

const columns = 'environment, collection, id, revision, expires_at, doc, sealed, shred_id';
/** Comes after every text that begins so: no id holds this character. */
export const lastCharacter = '\u{10FFFF}';

const statements = Object.freeze({
  get: `SELECT ${columns} FROM documents WHERE environment = $1 AND collection = $2 AND id = $3`,
  list: `SELECT ${columns} FROM documents
    WHERE environment = $1 AND collection = $2 AND id >= $3 AND id < $4 AND id > $5 ORDER BY id LIMIT $6`,
  sealed: `SELECT collection, id, sealed, shred_id FROM documents
    WHERE environment = $1 AND (collection, id) > ($2, $3) AND sealed IS NOT NULL ORDER BY collection, id LIMIT $4`,
  expired: `SELECT ${columns} FROM documents WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`,
  expiredIn: `SELECT ${columns} FROM documents WHERE expires_at <= $1 AND environment = $3 ORDER BY expires_at LIMIT $2`,
  insert: `INSERT INTO documents (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT DO NOTHING RETURNING id`,
  replace: `UPDATE documents SET revision = $4, expires_at = $5, doc = $6, sealed = $7, shred_id = $8
    WHERE environment = $1 AND collection = $2 AND id = $3 AND revision = $9 RETURNING id`,
  remove: `DELETE FROM documents
    WHERE environment = $1 AND collection = $2 AND id = $3 AND revision = $4 RETURNING id`,
  // only what still is as it was read
  reseal: `UPDATE documents SET sealed = $5
    WHERE environment = $1 AND collection = $2 AND id = $3 AND sealed = $4`,
});

function decode(row: Row): Document {
  const id = text(row, 'id');
  const collection = text(row, 'collection');
  return {
    environment: text(row, 'environment'),
    collection,
    id,
    revision: integer(row, 'revision'),
    content: readDocument('document', row['doc'], `${collection} ${id}`),
    sealed: row['sealed'] === null ? null : asWrappedMaterial(bytes(row, 'sealed')),
    shredId: row['shred_id'] === null ? null : text(row, 'shred_id'),
    expiresAt: row['expires_at'] === null ? null : integer(row, 'expires_at'),
  };
}

/** Puts a document, or one in the place of what has the revision. Refused where it stands otherwise than expected. */
export function putStoredDocument({
  document,
  expectedRevision,
}: Change & { kind: 'document-put' }): CheckedStatement {
  const { environment, collection, id, revision, expiresAt, sealed, shredId } = document;
  const refuse = () => changed(`The ${collection}`);
  if (revision !== (expectedRevision ?? 0) + 1) throw refuse();
  const doc = writeDocument('document', document.content);
  const values: Value[] = [environment, collection, id, revision, expiresAt, doc, sealed, shredId];
  return expectedRevision === null
    ? { sql: statements.insert, values, refuse }
    : { sql: statements.replace, values: [...values, expectedRevision], refuse };
}

/** Takes a document away. Refused where it stands otherwise than expected. */
export function removeStoredDocument({
  environment,
  collection,
  id,
  expectedRevision,
}: DocumentPlace & { readonly expectedRevision: number }): CheckedStatement {
  return {
    sql: statements.remove,
    values: [environment, collection, id, expectedRevision],
    refuse: () => changed(`The ${collection}`),
  };
}

export function resealStoredDocuments({
  environment,
  documents,
}: Change & { kind: 'resealed' }): CheckedStatement[] {
  return (documents ?? []).map(({ collection, id, before, after }) => ({
    sql: statements.reseal,
    values: [environment, collection, id, before, after],
  }));
}

export function storedDocuments(driver: Driver): Documents {
  return {
    async get({ environment, collection, id }) {
      const [row] = await driver.query(statements.get, [environment, collection, id]);
      return row === undefined ? null : decode(row);
    },
    async list({ environment, collection }, prefix, { after, limit }) {
      const bounds = [prefix, prefix + lastCharacter, after ?? ''];
      const rows = await driver.query(statements.list, [environment, collection, ...bounds, limit]);
      return rows.map(decode);
    },
    async sealed(environment, { after, limit }) {
      const [collection = '', ...rest] = (after ?? '').split('\n');
      const values = [environment, collection, rest.join('\n'), limit];
      const documents = (await driver.query(statements.sealed, values)).map((row) => ({
        collection: text(row, 'collection'),
        id: text(row, 'id'),
        sealed: asWrappedMaterial(bytes(row, 'sealed')),
        shredId: row['shred_id'] === null ? null : text(row, 'shred_id'),
      }));
      const last = documents.at(-1);
      return { documents, next: last ? `${last.collection}\n${last.id}` : null };
    },
    async expired(now, limit, environment) {
      const rows =
        environment === undefined
          ? await driver.query(statements.expired, [now, limit])
          : await driver.query(statements.expiredIn, [now, limit, environment]);
      return rows.map(decode);
    },
  };
}
