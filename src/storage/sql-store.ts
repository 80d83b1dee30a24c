import { ClavigerError, type AuditEvent } from '#domain';
import type { Store } from '#ports';
import { applyChange } from './apply-change.ts';
import type { Driver, Query } from './driver.ts';
import { createGroupCommit } from './group-commit.ts';
import { logStatements } from './log-statements.ts';
import { recordReads } from './record-reads.ts';
import { number, text } from './rows.ts';
import { selects } from './selects.ts';
import { usageStatements } from './usage-statements.ts';

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

/** The store's statements over a driver whose schema is current. */
export function createSqlStore(driver: Driver): Store {
  const { query } = driver;
  const group = createGroupCommit(driver);
  const select = selects(query);
  const known = { foreign: null as number | null, sequence: 0, own: true };

  return {
    ...recordReads(query, select),
    ...usageStatements(group, select),
    ...logStatements(group, select),

    capabilities: { kind: driver.kind, shared: driver.kind === 'postgres' },

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

    async changeSequence() {
      const foreign = driver.foreignChanges();
      if (foreign !== null && foreign === known.foreign && !known.own) return known.sequence;
      // told before it is asked: a commit in between is looked for the next time
      known.own = false;
      known.foreign = foreign;
      const value = await select.one('SELECT value FROM change_sequence WHERE one = 1', [], (row) =>
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

    probe: async () => {
      await group.run((write) => write('UPDATE change_sequence SET value = value WHERE one = 1'));
    },
    async close() {
      await group.idle();
      await driver.close();
    },
  };
}
