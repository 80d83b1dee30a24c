import { randomBytes } from 'node:crypto';
import { ClavigerError } from '#domain';
import type { ShredStore } from '#ports';
import type { Driver } from './driver.ts';
import { createGroupCommit } from './group-commit.ts';
import { blob, text } from './rows.ts';

/** The shred store's statements over a driver whose schema is current. */
export function createSqlShredStore(driver: Driver): ShredStore {
  const { query } = driver;
  const group = createGroupCommit(driver);

  return {
    put: (keyId, wrappedSecret) =>
      group.run(async (write) => {
        const rows = await write(
          'INSERT INTO shred_secrets (key_id, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1 AS done',
          [keyId, wrappedSecret],
        );
        if (rows.length > 0) return;
        const [row] = await write('SELECT secret FROM shred_secrets WHERE key_id = $1', [keyId]);
        if (!row || !Buffer.from(blob(row, 'secret')).equals(wrappedSecret)) {
          throw new ClavigerError('conflict', 'The key has another shred secret already.');
        }
      }),
    async get(keyId) {
      const [row] = await query('SELECT secret FROM shred_secrets WHERE key_id = $1', [keyId]);
      return row ? blob(row, 'secret') : null;
    },
    async shred(keyId) {
      const [row] = await query('SELECT secret FROM shred_secrets WHERE key_id = $1', [keyId]);
      if (row) {
        const noise = randomBytes(blob(row, 'secret').length);
        await group.run((write) =>
          write('UPDATE shred_secrets SET secret = $2 WHERE key_id = $1', [keyId, noise]),
        );
        await driver.forgetErased();
        await group.run((write) => write('DELETE FROM shred_secrets WHERE key_id = $1', [keyId]));
      }
      await driver.forgetErased();
    },
    async ids({ after, limit }) {
      const sql = 'SELECT key_id FROM shred_secrets WHERE key_id > $1 ORDER BY key_id LIMIT $2';
      return (await query(sql, [after ?? '', limit])).map((row) => text(row, 'key_id'));
    },
    probe: async () => {
      await group.run((write) => write('SELECT 1 AS one'));
    },
    async close() {
      await group.idle();
      await driver.close();
    },
  };
}
