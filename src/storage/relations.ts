import type { Destruction, KeyUse, LastUse } from '#domain';
import { type Copy, type KeyRelations, type KeyUseReport, type Relations, usersMax } from '#ports';
import type { Notes } from './changes.ts';
import { copyColumns, readCopy } from './copies.ts';
import { readDestruction } from './destructions.ts';
import type { Dialect, Driver, Row, Session } from './driver.ts';
import type { GroupCommit } from './group-commit.ts';
import { decodeLastUse, integer, text } from './records.ts';

const sameMax = 20;
/** Fewer are looked up one by one. */
const denseFrom = 32;
/** So many times as many keys may lie where those that are asked for do. */
const othersMax = 4;

/** What is asked about keys that a condition on their id names. */
const statementsWhere = (are: (column: string) => string) =>
  Object.freeze({
    names: `SELECT key_id, name FROM names WHERE ${are('key_id')} ORDER BY key_id, name, region`,
    lastUses: `SELECT key_id, operation, used_at, request_id, principal FROM last_uses WHERE ${are('key_id')}`,
    uses: `SELECT key_id, version, principal, act, uses, first_at, last_at FROM key_uses
      WHERE ${are('key_id')} ORDER BY key_id, version, principal, act`,
    counts: `SELECT key_id, version, operations, bytes FROM usage_counts
      WHERE ${are('key_id')} ORDER BY key_id, version`,
    copies: `SELECT ${copyColumns} FROM copies WHERE ${are('key_id')} ORDER BY created_at DESC, id`,
    destructions: `SELECT key_id, id, doc FROM destructions WHERE ${are('key_id')}
      ORDER BY CASE step WHEN 'cancelled' THEN 1 ELSE 0 END, requested_at DESC, id`,
    same: `SELECT DISTINCT own.key_id AS key_id, other.key_id AS same_id, keys.environment AS environment
      FROM material_holders own
      JOIN material_holders other ON other.fingerprint = own.fingerprint AND other.key_id <> own.key_id
      JOIN keys ON keys.id = other.key_id
      WHERE ${are('own.key_id')} ORDER BY own.key_id, other.key_id`,
  });

const relationStatements = ({ elements, integer: integerType }: Dialect) => {
  const ids = `(SELECT value ->> 0 FROM ${elements('$1')})`;
  return Object.freeze({
    listed: statementsWhere((column) => `${column} IN ${ids}`),
    between: statementsWhere((column) => `${column} >= $1 AND ${column} <= $2`),
    countBetween: `SELECT COUNT(*) AS found FROM (SELECT 1 FROM keys WHERE id >= $1 AND id <= $2 LIMIT $3) AS walked`,
    // who comes when there are many already is counted together
    addUses: `INSERT INTO key_uses (key_id, version, principal, act, uses, first_at, last_at)
      SELECT value ->> 0, CAST(value ->> 1 AS ${integerType}), value ->> 2, value ->> 3,
        CAST(value ->> 4 AS ${integerType}), CAST(value ->> 5 AS ${integerType}), CAST(value ->> 6 AS ${integerType})
      FROM ${elements('$1')} WHERE true
      ON CONFLICT (key_id, version, principal, act) DO UPDATE SET uses = key_uses.uses + excluded.uses,
        first_at = CASE WHEN excluded.first_at < key_uses.first_at THEN excluded.first_at ELSE key_uses.first_at END,
        last_at = CASE WHEN excluded.last_at > key_uses.last_at THEN excluded.last_at ELSE key_uses.last_at END`,
    users: `SELECT key_id, version, act, principal FROM key_uses WHERE key_id IN ${ids}`,
  });
};

const json = (ids: readonly string[]): string => JSON.stringify(ids.map((id) => [id]));

function readUse(row: Row): KeyUse {
  return {
    version: integer(row, 'version'),
    principal: text(row, 'principal'),
    act: text(row, 'act') === 'protect' ? 'protect' : 'process',
    count: integer(row, 'uses'),
    firstAt: integer(row, 'first_at'),
    lastAt: integer(row, 'last_at'),
  };
}

type Mutable = {
  -readonly [P in keyof KeyRelations]: KeyRelations[P] extends readonly (infer T)[] ? T[] : KeyRelations[P];
};

const nothing = (): Mutable => ({
  names: [],
  lastUse: null,
  uses: [],
  counts: [],
  copies: [],
  destruction: null,
  sameMaterial: [],
});

const several = '*';

const placeOf = ({ keyId, version, act }: Pick<KeyUseReport, 'keyId' | 'version' | 'act'>): string =>
  `${keyId} ${version} ${act}`;

/** One entry for each key, version, principal and act: a statement may touch a row only once. */
function together(reports: readonly KeyUseReport[]): KeyUseReport[] {
  const found = new Map<string, KeyUseReport>();
  for (const report of reports) {
    const name = `${placeOf(report)} ${report.principal}`;
    const known = found.get(name);
    found.set(name, {
      ...report,
      count: (known?.count ?? 0) + report.count,
      firstAt: Math.min(known?.firstAt ?? Infinity, report.firstAt),
      lastAt: Math.max(known?.lastAt ?? 0, report.lastAt),
    });
  }
  // in one order everywhere, so that two nodes don't wait for each other
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, report]) => report);
}

/** The reports with those of principals for which there is no room counted as several. */
function withinRoom(reports: readonly KeyUseReport[], rows: readonly Row[]): KeyUseReport[] {
  const users = new Map<string, Set<string>>();
  for (const row of rows) {
    const place = `${text(row, 'key_id')} ${integer(row, 'version')} ${text(row, 'act')}`;
    users.set(place, (users.get(place) ?? new Set()).add(text(row, 'principal')));
  }
  const fitting = reports.map((report) => {
    const known = users.get(placeOf(report)) ?? new Set();
    users.set(placeOf(report), known);
    if (!known.has(report.principal) && known.size >= usersMax) return { ...report, principal: several };
    known.add(report.principal);
    return report;
  });
  return together(fitting);
}

/** What belongs to keys, over the store's driver. */
export function storedRelations(driver: Driver, writer: GroupCommit<Notes>): Relations {
  const statements = relationStatements(driver.dialect);

  /** The first and last of keys where not many others lie between them: then tables are read from one to the other. */
  async function denseRange(keyIds: readonly string[]): Promise<[string, string] | null> {
    if (keyIds.length < denseFrom) return null;
    let [first = '', last = ''] = keyIds;
    for (const id of keyIds) {
      if (id < first) first = id;
      if (id > last) last = id;
    }
    const most = othersMax * keyIds.length;
    const [row] = await driver.query(statements.countBetween, [first, last, most]);
    return integer(row ?? {}, 'found') < most ? [first, last] : null;
  }

  return {
    async of(keyIds) {
      const found = new Map<string, Mutable>(keyIds.map((id) => [id, nothing()]));
      const range = await denseRange(keyIds);
      const asked = range ? statements.between : statements.listed;
      const wanted = range ?? [json(keyIds)];
      async function each(sql: string, see: (relations: Mutable, row: Row) => void): Promise<void> {
        for (const row of await driver.query(sql, wanted)) {
          const relations = found.get(text(row, 'key_id'));
          if (relations) see(relations, row);
        }
      }
      await each(asked.names, ({ names }, row) => void names.push(text(row, 'name')));
      await each(asked.lastUses, (relations, row) => {
        relations.lastUse = decodeLastUse(row) satisfies LastUse;
      });
      await each(asked.uses, ({ uses }, row) => void uses.push(readUse(row)));
      await each(asked.counts, ({ counts }, row) => {
        const operations = integer(row, 'operations');
        counts.push({ version: integer(row, 'version'), operations, bytes: integer(row, 'bytes') });
      });
      await each(asked.copies, ({ copies }, row) => void copies.push(readCopy(row) satisfies Copy));
      await each(asked.destructions, (relations, row) => {
        relations.destruction ??= readDestruction(row) satisfies Destruction;
      });
      await each(asked.same, ({ sameMaterial }, row) => {
        if (sameMaterial.length >= sameMax) return;
        sameMaterial.push({ keyId: text(row, 'same_id'), environment: text(row, 'environment') });
      });
      return found;
    },

    async recordUses(reports) {
      if (reports.length === 0) return;
      const whole = together(reports);
      const ids = json([...new Set(whole.map(({ keyId }) => keyId))]);
      const add = async (session: Session) => {
        const rows = withinRoom(whole, await session.query(statements.users, [ids])).map((report) => {
          const { keyId, version, principal, act, count, firstAt, lastAt } = report;
          return [keyId, version, principal, act, count, firstAt, lastAt];
        });
        return session.query(statements.addUses, [JSON.stringify(rows)]);
      };
      // the log has every use
      await writer.run([], add, { isLossBearable: true });
    },
  };
}
