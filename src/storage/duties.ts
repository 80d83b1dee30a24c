import { StopError } from '#domain';
import type { Store } from '#ports';
import type { Notes } from './changes.ts';
import type { Driver, Row, Session, Value } from './driver.ts';
import type { GroupCommit } from './group-commit.ts';
import * as records from './records.ts';
import type { StoreStatements } from './statements.ts';

const standingLeases = `SELECT name, holder, ends_at FROM leases
  WHERE substr(name, 1, $2) = $1 AND ends_at > $3 ORDER BY name`;

/** What of the store writes, but changes no entity. */
export type Duties = Pick<
  Store,
  | 'reserveUsage'
  | 'recordLastUses'
  | 'clearOutbox'
  | 'recordLogHead'
  | 'takeLease'
  | 'leases'
  | 'claimSetting'
  | 'probe'
>;

/** Usage, log heads, leases, settings and the probe; they share the groups of the commits. */
export function storeDuties(driver: Driver, statements: StoreStatements, writer: GroupCommit<Notes>): Duties {
  const write = (sql: string, values: readonly Value[]): Promise<readonly Row[]> =>
    writer.run([], (session) => session.query(sql, values));
  // what is told again each second: after a loss of power it is some seconds old
  const note = (sql: string, values: readonly Value[]): Promise<readonly Row[]> =>
    writer.run([], (session) => session.query(sql, values), { isLossBearable: true });

  return {
    async reserveUsage(keyId, version, more) {
      const values = [keyId, version, more.operations, more.bytes];
      const add = (session: Session) => session.query(statements.addUsage, values);
      const [row] = await writer.run([], add, { order: `${keyId} ${version}` });
      return {
        operations: records.integer(row ?? {}, 'operations'),
        bytes: records.integer(row ?? {}, 'bytes'),
      };
    },
    async recordLastUses(reports) {
      // the newest of each key: a statement may touch a row only once
      const newest = new Map<string, readonly [string, string, number, string, string]>();
      for (const { keyId, lastUse } of reports) {
        if (lastUse === null || (newest.get(keyId)?.[2] ?? Number.NEGATIVE_INFINITY) >= lastUse.at) continue;
        newest.set(keyId, [keyId, lastUse.operation, lastUse.at, lastUse.requestId, lastUse.principal]);
      }
      if (newest.size === 0) return;
      // in one order everywhere, so that two nodes don't wait for each other
      const rows = [...newest.values()].sort(([a], [b]) => (a < b ? -1 : 1));
      await note(statements.putLastUses, [JSON.stringify(rows)]);
    },
    async clearOutbox(eventIds) {
      if (eventIds.length === 0) return;
      await note(statements.clearOutbox, [JSON.stringify(eventIds.map((id) => [id]))]);
    },
    async recordLogHead({ node, size, root, at }) {
      const rows = await note(statements.putLogHead, [node, size, root, at]);
      if (rows.length > 0) return;
      throw new StopError(
        'integrity-failed',
        `The log of node ${node} is not the one that the store remembers.`,
        {
          details: { node, size },
        },
      );
    },
    async takeLease({ name, holder, until }, now) {
      return (await note(statements.takeLease, [name, holder, until, now])).length > 0;
    },
    async leases(prefix, now) {
      const rows = await driver.query(standingLeases, [prefix, prefix.length, now]);
      return rows.map((row) => ({
        name: records.text(row, 'name'),
        holder: records.text(row, 'holder'),
        until: records.integer(row, 'ends_at'),
      }));
    },
    async claimSetting(name, value) {
      return writer.run([], async (session) => {
        await session.query(statements.claimSetting, [name, value]);
        const [row] = await session.query(statements.setting, [name]);
        return records.text(row ?? {}, 'setting');
      });
    },
    async probe() {
      await driver.query(statements.sequence);
      await write(statements.probe, []);
    },
  };
}
