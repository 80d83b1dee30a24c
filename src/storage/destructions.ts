import type { Demand, Destruction } from '#domain';
import type { DemandReport, Destructions } from '#ports';
import type { Notes } from './changes.ts';
import type { Dialect, Driver, Row, Session } from './driver.ts';
import type { GroupCommit } from './group-commit.ts';
import { integer, readDocument, text, unreadable, writeDocument } from './records.ts';
import { changed, type CheckedStatement } from './statement-list.ts';

const demandsMax = 1000;

const statements = Object.freeze({
  destruction: 'SELECT id, doc FROM destructions WHERE id = $1',
  destructionsOfKey: `SELECT id, doc FROM destructions WHERE key_id = $1
    ORDER BY CASE step WHEN 'cancelled' THEN 1 ELSE 0 END, requested_at DESC, id`,
  destructionsInStep: 'SELECT id, doc FROM destructions WHERE step = $1 AND id > $2 ORDER BY id LIMIT $3',
  insertDestruction: `INSERT INTO destructions (id, key_id, step, requested_at, revision, doc)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id`,
  replaceDestruction: `UPDATE destructions SET step = $3, revision = $4, doc = $5
    WHERE id = $1 AND key_id = $2 AND revision = $6 RETURNING id`,
  demands: `SELECT principal, operation, asked, first_at, last_at FROM demands WHERE key_id = $1
    ORDER BY asked DESC, principal, operation LIMIT $2`,
  deleteDemands: 'DELETE FROM demands WHERE key_id = $1',
});

const addDemands = ({
  integer: integerType,
  elements,
}: Dialect): string => `INSERT INTO demands (key_id, principal, operation, asked, first_at, last_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS ${integerType}),
      CAST(value ->> 4 AS ${integerType}), CAST(value ->> 5 AS ${integerType})
    FROM ${elements('$1')} WHERE true
    ON CONFLICT (key_id, principal, operation) DO UPDATE SET asked = demands.asked + excluded.asked,
      first_at = CASE WHEN excluded.first_at < demands.first_at
        THEN excluded.first_at ELSE demands.first_at END,
      last_at = CASE WHEN excluded.last_at > demands.last_at
        THEN excluded.last_at ELSE demands.last_at END`;

export function readDestruction(row: Row): Destruction {
  const what = `destruction ${text(row, 'id')}`;
  const stored = readDocument('destruction', row['doc'], what);
  const isWhole =
    typeof stored['keyId'] === 'string' &&
    typeof stored['step'] === 'string' &&
    Number.isSafeInteger(stored['revision']) &&
    Array.isArray(stored['probes']) &&
    Array.isArray(stored['checks']);
  if (!isWhole) throw unreadable(what);
  return stored as unknown as Destruction;
}

function readDemand(row: Row): Demand {
  return {
    principal: text(row, 'principal'),
    operation: text(row, 'operation'),
    count: integer(row, 'asked'),
    firstAt: integer(row, 'first_at'),
    lastAt: integer(row, 'last_at'),
  };
}

/** Puts a record, or one in the place of what has the revision. Refused where it stands otherwise than expected. */
export function putDestruction(destruction: Destruction, expected: number | null): CheckedStatement[] {
  const { id, keyId, step, requestedAt, revision } = destruction;
  const refuse = () => changed(`Destruction ${id}`);
  if (revision !== (expected ?? 0) + 1) throw refuse();
  const doc = writeDocument('destruction', destruction);
  if (expected !== null) {
    const values = [id, keyId, step, revision, doc, expected];
    return [{ sql: statements.replaceDestruction, values, refuse }];
  }
  return [
    { sql: statements.insertDestruction, values: [id, keyId, step, requestedAt, revision, doc], refuse },
    { sql: statements.deleteDemands, values: [keyId] },
  ];
}

/** One entry for each key, principal and operation: a statement may touch a row only once. */
function together(reports: readonly DemandReport[]): DemandReport[] {
  const found = new Map<string, DemandReport>();
  for (const report of reports) {
    const name = JSON.stringify([report.keyId, report.principal, report.operation]);
    const known = found.get(name) ?? { ...report, count: 0 };
    found.set(name, {
      ...known,
      count: known.count + report.count,
      firstAt: Math.min(known.firstAt, report.firstAt),
      lastAt: Math.max(known.lastAt, report.lastAt),
    });
  }
  // in one order everywhere, so that two nodes don't wait for each other
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, report]) => report);
}

/** The records of destructions, over the store's driver. */
export function storedDestructions(driver: Driver, writer: GroupCommit<Notes>): Destructions {
  const adding = addDemands(driver.dialect);
  return {
    async destruction(id) {
      const [row] = await driver.query(statements.destruction, [id]);
      return row === undefined ? null : readDestruction(row);
    },
    async ofKey(keyId) {
      return (await driver.query(statements.destructionsOfKey, [keyId])).map(readDestruction);
    },
    async inStep(step, { after, limit }) {
      const rows = await driver.query(statements.destructionsInStep, [step, after ?? '', limit]);
      return rows.map(readDestruction);
    },
    async demands(keyId) {
      return (await driver.query(statements.demands, [keyId, demandsMax])).map(readDemand);
    },
    async recordDemands(reports) {
      if (reports.length === 0) return;
      const rows = together(reports).map((report) => {
        const { keyId, principal, operation, count, firstAt, lastAt } = report;
        return [keyId, principal, operation, count, firstAt, lastAt];
      });
      const add = (session: Session) => session.query(adding, [JSON.stringify(rows)]);
      // the log has every refusal
      await writer.run([], add, { isLossBearable: true });
    },
  };
}
