import type { Store } from '#ports';
import type { GroupCommit } from './group-commit.ts';
import { number, readLastUse } from './rows.ts';
import type { Selects } from './selects.ts';

type UsageStatements = Pick<Store, 'reserveUsage' | 'usage' | 'recordLastUses' | 'lastUse'>;

/** Usage counts and last uses. */
export function usageStatements(group: GroupCommit, { one }: Selects): UsageStatements {
  return {
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
  };
}
