import { ClavigerError } from '#domain';
import type { ShredStore } from '#ports';
import type { Driver, Session } from './driver.ts';
import { groupCommit } from './group-commit.ts';
import { bytes, text } from './records.ts';
import { runList } from './statement-list.ts';
import { shredStatements } from './statements.ts';
import { traceRemover } from './traces.ts';

/** A sealed shred secret, in hexadecimal digits. */
type Secret = { readonly keyId: string; readonly hex: string };

function hexOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}

/** The shred store over a driver whose schema is up to date. */
export function sqlShredStore(driver: Driver): ShredStore {
  const statements = shredStatements(driver.dialect);
  const traces = traceRemover(driver);
  const writer = groupCommit<null>(driver, {
    noteStatements: () => [],
    afterwards: async () => {},
  });

  /** Puts them with one statement, and refuses where one is there with other bytes. */
  async function putAll(session: Session, secrets: readonly Secret[]): Promise<void> {
    const rows = JSON.stringify(secrets.map(({ keyId, hex }) => [keyId, hex]));
    const fresh = await session.query(statements.put, [rows]);
    if (fresh.length === secrets.length) return;
    // some were there, or one stands in the list twice
    await runList(
      session,
      secrets.map(({ keyId, hex }) => ({
        sql: statements.get,
        values: [keyId],
        check([row]) {
          if (row !== undefined && Buffer.from(bytes(row, 'secret')).equals(Buffer.from(hex, 'hex'))) return;
          throw new ClavigerError('conflict', `Key ${keyId} already has another shred secret.`);
        },
      })),
    );
  }

  async function putMany(
    secrets: readonly { readonly keyId: string; readonly wrappedSecret: Uint8Array }[],
  ): Promise<void> {
    if (secrets.length === 0) return;
    // the caller may wipe its bytes at once
    const copies = secrets.map(({ keyId, wrappedSecret }) => ({ keyId, hex: hexOf(wrappedSecret) }));
    const touched = copies.map(({ keyId }) => keyId);
    await writer.run(touched, (session) => putAll(session, copies));
  }

  async function shredMany(keyIds: readonly string[]): Promise<void> {
    if (keyIds.length === 0) return;
    const { overwrite, remove } = statements;
    const each = (sql: string) => keyIds.map((keyId) => ({ sql, values: [keyId] }));
    // two commits: the random bytes are on the disk, in the place of the secret, before the row goes
    if (overwrite) await writer.write(keyIds, each(overwrite), null);
    await writer.write(keyIds, each(remove), null);
    await traces.finish();
  }

  return {
    put: (keyId, wrappedSecret) => putMany([{ keyId, wrappedSecret }]),
    putMany,
    async get(keyId) {
      const [row] = await driver.query(statements.get, [keyId]);
      return row === undefined ? null : bytes(row, 'secret');
    },
    async many(keyIds) {
      const rows = await driver.query(statements.many, [JSON.stringify(keyIds.map((id) => [id]))]);
      return new Map(rows.map((row) => [text(row, 'key_id'), bytes(row, 'secret')]));
    },
    async reseal(secrets) {
      if (secrets.length === 0) return;
      await writer.write(
        secrets.map(({ keyId }) => keyId),
        secrets.map(({ keyId, before, after }) => ({
          sql: statements.reseal,
          values: [keyId, before, after],
        })),
        null,
      );
    },
    shred: (keyId) => shredMany([keyId]),
    shredMany,
    async ids({ after, limit }) {
      const rows = await driver.query(statements.ids, [after ?? '', limit]);
      return rows.map((row) => text(row, 'key_id'));
    },
    async probe() {
      await writer.run([], (session) => session.query(statements.probe));
    },
    async close() {
      await writer.close();
      await driver.close();
    },
  };
}
