import { StopError } from '#domain';
import type { Dialect, Driver, Session } from './driver.ts';
import { inventoryIndexes, inventoryStep } from './inventory-place.ts';

/** One step of a schema; steps are numbered from 1 by their place, and are never changed once released. */
export type Step = ((dialect: Dialect) => readonly string[]) & {
  /** What is to be computed for rows that are there, after its statements. */
  readonly fill?: (session: Session, dialect: Dialect) => Promise<void>;
};

/** A schema: the table that remembers which steps were taken, and the steps. */
export type Schema = { readonly table: string; readonly steps: readonly Step[] };

const firstStoreStep: Step = ({ text, integer, blob, serial, tableEnd }) => [
  `CREATE TABLE environments (
    name ${text} NOT NULL PRIMARY KEY, account_id ${text} NOT NULL UNIQUE, created_at ${integer} NOT NULL,
    wrapped_kek ${blob} NOT NULL) ${tableEnd}`,
  `CREATE TABLE principals (
    id ${text} NOT NULL PRIMARY KEY, environment ${text} NOT NULL, name ${text} NOT NULL,
    kind ${text} NOT NULL,
    roles ${text} NOT NULL, created_at ${integer} NOT NULL, disabled ${integer} NOT NULL,
    UNIQUE (environment, name)) ${tableEnd}`,
  `CREATE TABLE credentials (
    id ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL,
    principal_id ${text} NOT NULL REFERENCES principals (id),
    environment ${text} NOT NULL, wrapped_secret ${blob}, created_at ${integer} NOT NULL,
    expires_at ${integer}) ${tableEnd}`,
  'CREATE INDEX credentials_by_principal ON credentials (principal_id, id)',
  `CREATE TABLE keys (
    id ${text} NOT NULL PRIMARY KEY, environment ${text} NOT NULL, region ${text} NOT NULL,
    revision ${integer} NOT NULL, created_at ${integer} NOT NULL, due_at ${integer},
    doc ${text} NOT NULL) ${tableEnd}`,
  'CREATE INDEX keys_by_region ON keys (environment, region, id)',
  'CREATE INDEX keys_by_environment ON keys (environment, id)',
  'CREATE INDEX keys_by_due ON keys (due_at, id) WHERE due_at IS NOT NULL',
  `CREATE TABLE key_versions (
    position ${serial}, key_id ${text} NOT NULL REFERENCES keys (id), version ${integer} NOT NULL,
    wrapped ${blob} NOT NULL, UNIQUE (key_id, version)) ${tableEnd}`,
  `CREATE TABLE names (
    environment ${text} NOT NULL, region ${text} NOT NULL, name ${text} NOT NULL,
    key_id ${text} NOT NULL REFERENCES keys (id), created_at ${integer} NOT NULL,
    updated_at ${integer} NOT NULL,
    PRIMARY KEY (environment, region, name)) ${tableEnd}`,
  'CREATE INDEX names_by_key ON names (key_id, name)',
  `CREATE TABLE usage_counts (
    key_id ${text} NOT NULL, version ${integer} NOT NULL, operations ${integer} NOT NULL,
    bytes ${integer} NOT NULL,
    PRIMARY KEY (key_id, version)) ${tableEnd}`,
  `CREATE TABLE last_uses (
    key_id ${text} NOT NULL PRIMARY KEY, operation ${text} NOT NULL, used_at ${integer} NOT NULL,
    request_id ${text} NOT NULL, principal ${text} NOT NULL) ${tableEnd}`,
  `CREATE TABLE outbox (
    position ${serial}, id ${text} NOT NULL UNIQUE, node ${text} NOT NULL,
    event ${text} NOT NULL) ${tableEnd}`,
  'CREATE INDEX outbox_by_node ON outbox (node, position)',
  `CREATE TABLE log_heads (
    node ${text} NOT NULL PRIMARY KEY, size ${integer} NOT NULL, root ${text} NOT NULL,
    recorded_at ${integer} NOT NULL) ${tableEnd}`,
  `CREATE TABLE leases (
    name ${text} NOT NULL PRIMARY KEY, holder ${text} NOT NULL, ends_at ${integer} NOT NULL) ${tableEnd}`,
  `CREATE TABLE settings (name ${text} NOT NULL PRIMARY KEY, setting ${text} NOT NULL) ${tableEnd}`,
  `CREATE TABLE probes (id ${integer} NOT NULL PRIMARY KEY, writes ${integer} NOT NULL) ${tableEnd}`,
  `CREATE TABLE change_sequence (id ${integer} NOT NULL PRIMARY KEY,
    sequence ${integer} NOT NULL) ${tableEnd}`,
  'INSERT INTO change_sequence (id, sequence) VALUES (1, 0)',
  `CREATE TABLE changes (sequence ${integer} NOT NULL PRIMARY KEY, entity ${text} NOT NULL) ${tableEnd}`,
];

const firstShredStep: Step = ({ text, integer, blob, serial, tableEnd }) => [
  `CREATE TABLE shred_secrets (
    position ${serial}, key_id ${text} NOT NULL UNIQUE, secret ${blob} NOT NULL) ${tableEnd}`,
  `CREATE TABLE shred_probes (id ${integer} NOT NULL PRIMARY KEY, writes ${integer} NOT NULL) ${tableEnd}`,
];

/** Key-encryption keys of an environment follow each other in generations; the older ones are kept while a rekey runs. */
const generationsStep: Step = ({ text, integer, blob, tableEnd }) => [
  `ALTER TABLE environments ADD COLUMN kek_generation ${integer} NOT NULL DEFAULT 1`,
  `ALTER TABLE environments ADD COLUMN kek_oldest ${integer} NOT NULL DEFAULT 1`,
  `ALTER TABLE environments ADD COLUMN fingerprint_key ${blob}`,
  `CREATE TABLE environment_keks (
    environment ${text} NOT NULL REFERENCES environments (name), generation ${integer} NOT NULL,
    wrapped ${blob} NOT NULL, PRIMARY KEY (environment, generation)) ${tableEnd}`,
  'CREATE INDEX credentials_by_environment ON credentials (environment, id)',
];

const copiesStep: Step = ({ text, integer, tableEnd }) => [
  `CREATE TABLE copies (
    id ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL, key_id ${text}, created_at ${integer} NOT NULL,
    place ${text} NOT NULL, holder ${text} NOT NULL, status ${text} NOT NULL,
    detail ${text} NOT NULL) ${tableEnd}`,
  'CREATE INDEX copies_by_key ON copies (key_id, created_at)',
];

const destructionsStep: Step = ({ text, integer, tableEnd }) => [
  `CREATE TABLE destructions (
    id ${text} NOT NULL PRIMARY KEY, key_id ${text} NOT NULL, step ${text} NOT NULL,
    requested_at ${integer} NOT NULL, revision ${integer} NOT NULL, doc ${text} NOT NULL) ${tableEnd}`,
  'CREATE INDEX destructions_by_key ON destructions (key_id, requested_at)',
  'CREATE INDEX destructions_by_step ON destructions (step, id)',
  `CREATE TABLE demands (
    key_id ${text} NOT NULL, principal ${text} NOT NULL, operation ${text} NOT NULL,
    asked ${integer} NOT NULL, first_at ${integer} NOT NULL, last_at ${integer} NOT NULL,
    PRIMARY KEY (key_id, principal, operation)) ${tableEnd}`,
];

const fingerprintsStep: Step = ({ text, serial, tableEnd }) => [
  `CREATE TABLE material_owners (
    fingerprint ${text} NOT NULL PRIMARY KEY, environment ${text} NOT NULL) ${tableEnd}`,
  `CREATE TABLE material_holders (
    position ${serial}, fingerprint ${text} NOT NULL, key_id ${text} NOT NULL,
    UNIQUE (fingerprint, key_id)) ${tableEnd}`,
  'CREATE INDEX material_holders_by_key ON material_holders (key_id)',
];

const documentsStep: Step = ({ text, integer, blob, tableEnd }) => [
  `CREATE TABLE documents (
    environment ${text} NOT NULL, collection ${text} NOT NULL, id ${text} NOT NULL, revision ${integer} NOT NULL,
    expires_at ${integer}, doc ${text} NOT NULL, sealed ${blob}, shred_id ${text},
    PRIMARY KEY (environment, collection, id)) ${tableEnd}`,
  'CREATE INDEX names_by_name ON names (environment, name, region)',
  'CREATE INDEX documents_by_end ON documents (expires_at) WHERE expires_at IS NOT NULL',
];

const keyUsesStep: Step = ({ text, integer, tableEnd }) => [
  `CREATE TABLE key_uses (
    key_id ${text} NOT NULL, version ${integer} NOT NULL, principal ${text} NOT NULL, act ${text} NOT NULL,
    uses ${integer} NOT NULL, first_at ${integer} NOT NULL, last_at ${integer} NOT NULL,
    PRIMARY KEY (key_id, version, principal, act)) ${tableEnd}`,
];
/**
 * Keys without a date get one at which the house looks what their crypto-periods ask for: nine tenths of a year after they were made, the
 * earliest at which a rotation that nobody scheduled can be due.
 */
const periodsStep: Step = () => ['UPDATE keys SET due_at = created_at + 28382400000 WHERE due_at IS NULL'];

/** The tables of the store. */
export const storeSchema: Schema = {
  table: 'migrations',
  steps: [
    firstStoreStep,
    generationsStep,
    copiesStep,
    destructionsStep,
    fingerprintsStep,
    documentsStep,
    keyUsesStep,
    periodsStep,
    inventoryStep,
    inventoryIndexes,
  ],
};

/** The tables of the shred store. */
export const shredSchema: Schema = { table: 'shred_migrations', steps: [firstShredStep] };

/**
 * Takes the steps that the database lacks, in one transaction that keeps other starting processes waiting.
 * With `stepsMax` it stops behind that step. Throws a StopError `configuration-invalid` for a database that a newer program has written.
 */
export async function migrate(
  driver: Driver,
  schema: Schema,
  now: number,
  stepsMax = schema.steps.length,
): Promise<void> {
  const { dialect } = driver;
  await driver.transaction(async (session) => {
    if (dialect.migrationLock) await session.query(dialect.migrationLock);
    await session.query(
      `CREATE TABLE IF NOT EXISTS ${schema.table} (
        step ${dialect.integer} NOT NULL PRIMARY KEY,
        taken_at ${dialect.integer} NOT NULL) ${dialect.tableEnd}`,
    );
    const rows = await session.query(`SELECT max(step) AS step FROM ${schema.table}`);
    const taken = Number(rows[0]?.['step'] ?? 0);
    if (taken > schema.steps.length) {
      throw new StopError(
        'configuration-invalid',
        `A newer version of Claviger wrote the database (schema ${taken}, known ${schema.steps.length}).`,
        { details: { found: taken, known: schema.steps.length } },
      );
    }
    for (const [index, step] of schema.steps.entries()) {
      if (index < taken || index >= stepsMax) continue;
      for (const sql of step(dialect)) await session.query(sql);
      await step.fill?.(session, dialect);
      await session.query(`INSERT INTO ${schema.table} (step, taken_at) VALUES ($1, $2)`, [index + 1, now]);
    }
  });
}
