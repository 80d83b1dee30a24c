import { ClavigerError, type AuditEvent } from '#domain';
import type { LogHead, Store } from '#ports';
import { asWrappedMaterial } from '#ports';
import { applyChange } from './apply-change.ts';
import type { Driver, Query } from './driver.ts';
import { createGroupCommit } from './group-commit.ts';
import {
  blob,
  number,
  readCredential,
  readEnvironment,
  readKey,
  readLastUse,
  readName,
  readPrincipal,
  text,
} from './rows.ts';

const changesKept = 100_000;
const changesReadMax = 10_000;

async function appendChanges(query: Query, entities: readonly string[]): Promise<void> {
  // the row lock of the counter orders all writers: a number that can be read has no smaller one still to come
  const [row] = await query('UPDATE change_sequence SET value = value + $1 WHERE one = 1 RETURNING value', [
    entities.length,
  ]);
  if (!row) throw new ClavigerError('integrity-failed', 'The store has no change sequence.');
  const last = number(row, 'value');
  for (const [index, entity] of entities.entries()) {
    const sequence = last - entities.length + 1 + index;
    await query('INSERT INTO changes (sequence, entity) VALUES ($1, $2)', [sequence, entity]);
    if (sequence % 1000 === 0)
      await query('DELETE FROM changes WHERE sequence <= $1', [sequence - changesKept]);
  }
}

async function appendOutbox(query: Query, events: readonly AuditEvent[]): Promise<void> {
  for (const event of events) {
    await query('INSERT INTO outbox (event_id, node, at, event) VALUES ($1, $2, $3, $4)', [
      event.id,
      event.node,
      event.at,
      JSON.stringify(event),
    ]);
  }
}

async function putLogHead(query: Query, head: LogHead): Promise<void> {
  const [row] = await query('SELECT size, root FROM log_heads WHERE node = $1', [head.node]);
  if (row) {
    const size = number(row, 'size');
    if (head.size < size || (head.size === size && head.root !== text(row, 'root'))) {
      throw new ClavigerError(
        'integrity-failed',
        `The log of ${head.node} has ${head.size} events, but ${size} were recorded: it was shortened or changed.`,
      );
    }
  }
  await query(
    `INSERT INTO log_heads (node, size, root, at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (node) DO UPDATE SET size = excluded.size, root = excluded.root, at = excluded.at`,
    [head.node, head.size, head.root, head.at],
  );
}

/** The store's statements over a driver whose schema is current. */
export function createSqlStore(driver: Driver): Store {
  const { query } = driver;
  const group = createGroupCommit(driver);
  const known = { foreign: null as number | null, sequence: 0, own: true };

  async function one<T>(
    sql: string,
    parameters: Parameters<Query>[1],
    read: (row: never) => T,
  ): Promise<T | null> {
    const [row] = await query(sql, parameters);
    return row ? read(row as never) : null;
  }

  async function many<T>(
    sql: string,
    parameters: Parameters<Query>[1],
    read: (row: never) => T,
  ): Promise<T[]> {
    return (await query(sql, parameters)).map((row) => read(row as never));
  }

  return {
    capabilities: { kind: driver.kind, shared: driver.kind === 'postgres' },

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

    async commit({ changes, events }) {
      await group.run(async (write) => {
        const entities: string[] = [];
        for (const change of changes) entities.push(await applyChange(write, change));
        await appendOutbox(write, events);
        if (entities.length > 0) await appendChanges(write, entities);
      });
      known.own = true;
      if (changes.some((change) => change.kind === 'key-updated' && change.erased.length > 0)) {
        await driver.forgetErased();
      }
    },

    reserveUsage: (keyId, version, more) =>
      group.run(async (write) => {
        const [row] = await write(
          `INSERT INTO usage_counts (key_id, version, operations, bytes) VALUES ($1, $2, $3, $4)
           ON CONFLICT (key_id, version) DO UPDATE
           SET operations = usage_counts.operations + excluded.operations, bytes = usage_counts.bytes + excluded.bytes
           RETURNING operations, bytes`,
          [keyId, version, more.operations, more.bytes],
        );
        return { operations: number(row ?? {}, 'operations'), bytes: number(row ?? {}, 'bytes') };
      }),
    usage: async (keyId, version) =>
      (await one(
        'SELECT operations, bytes FROM usage_counts WHERE key_id = $1 AND version = $2',
        [keyId, version],
        (row) => ({ operations: number(row, 'operations'), bytes: number(row, 'bytes') }),
      )) ?? { operations: 0, bytes: 0 },
    recordLastUses: (reports) =>
      group.run(async (write) => {
        for (const { keyId, lastUse } of reports) {
          if (!lastUse) continue;
          await write(
            `INSERT INTO last_uses (key_id, operation, at, request_id, principal) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (key_id) DO UPDATE SET operation = excluded.operation, at = excluded.at,
             request_id = excluded.request_id, principal = excluded.principal WHERE last_uses.at <= excluded.at`,
            [keyId, lastUse.operation, lastUse.at, lastUse.requestId, lastUse.principal],
          );
        }
      }),
    lastUse: (keyId) => one('SELECT * FROM last_uses WHERE key_id = $1', [keyId], readLastUse),

    async changeSequence() {
      const foreign = driver.foreignChanges();
      if (foreign !== null && foreign === known.foreign && !known.own) return known.sequence;
      // told before it is asked: a commit in between is looked for the next time
      known.own = false;
      known.foreign = foreign;
      const value = await one('SELECT value FROM change_sequence WHERE one = 1', [], (row) =>
        number(row, 'value'),
      );
      if (value === null) throw new ClavigerError('integrity-failed', 'The store has no change sequence.');
      known.sequence = value;
      return value;
    },
    async changesSince(sequence) {
      const rows = await query(
        'SELECT sequence, entity FROM changes WHERE sequence > $1 ORDER BY sequence LIMIT $2',
        [sequence, changesReadMax],
      );
      const last = rows.at(-1);
      if (!last) return { sequence, entities: [], isComplete: true };
      const first = number(rows[0] ?? {}, 'sequence');
      return {
        sequence: number(last, 'sequence'),
        entities: [...new Set(rows.map((row) => text(row, 'entity')))],
        isComplete: first === sequence + 1 && rows.length < changesReadMax,
      };
    },

    outbox: (node) =>
      many(
        'SELECT event FROM outbox WHERE node = $1 ORDER BY at, event_id LIMIT 10000',
        [node],
        (row) => JSON.parse(text(row, 'event')) as AuditEvent,
      ),
    clearOutbox: (eventIds) =>
      group.run(async (write) => {
        for (const id of eventIds) await write('DELETE FROM outbox WHERE event_id = $1', [id]);
      }),

    recordLogHead: (head) => group.run((write) => putLogHead(write, head)),
    logHeads: () =>
      many('SELECT * FROM log_heads ORDER BY node', [], (row) => ({
        node: text(row, 'node'),
        size: number(row, 'size'),
        root: text(row, 'root'),
        at: number(row, 'at'),
      })),

    takeLease: ({ name, holder, until }, now) =>
      group.run(async (write) => {
        const rows = await write(
          `INSERT INTO leases (name, holder, until_at) VALUES ($1, $2, $3)
           ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at
           WHERE leases.holder = excluded.holder OR leases.until_at <= $4 RETURNING 1 AS done`,
          [name, holder, until, now],
        );
        return rows.length > 0;
      }),

    setting: (name) => one('SELECT value FROM settings WHERE name = $1', [name], (row) => text(row, 'value')),
    claimSetting: (name, value) =>
      group.run(async (write) => {
        await write('INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
          name,
          value,
        ]);
        const [row] = await write('SELECT value FROM settings WHERE name = $1', [name]);
        return text(row ?? {}, 'value');
      }),

    probe: async () => {
      await group.run((write) => write('UPDATE change_sequence SET value = value WHERE one = 1'));
    },
    async close() {
      await group.idle();
      await driver.close();
    },
  };
}
