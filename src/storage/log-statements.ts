import { ClavigerError, type AuditEvent } from '#domain';
import type { LogHead, Store } from '#ports';
import type { Query } from './driver.ts';
import type { GroupCommit } from './group-commit.ts';
import { number, text } from './rows.ts';
import type { Selects } from './selects.ts';

type LogStatements = Pick<
  Store,
  'outbox' | 'clearOutbox' | 'recordLogHead' | 'logHeads' | 'takeLease' | 'setting' | 'claimSetting'
>;

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

/** The outbox, the heads of the logs, leases and settings. */
export function logStatements(group: GroupCommit, { one, many }: Selects): LogStatements {
  return {
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
  };
}
