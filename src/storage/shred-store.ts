import { ClavigerError } from '#domain';
import type { ShredStore } from '#ports';
import type { Driver } from './driver.ts';
import { groupCommit } from './group-commit.ts';
import { bytes, text } from './records.ts';
import { shredStatements } from './statements.ts';
import { traceRemover } from './traces.ts';

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The shred store over a driver whose schema is up to date. */
export function sqlShredStore(driver: Driver): ShredStore {
  const statements = shredStatements(driver.dialect);
  const traces = traceRemover(driver);
  const writer = groupCommit<null>(driver, {
    newNotes: () => null,
    writeTogether: async () => {},
    afterwards: async () => {},
  });

  return {
    put(keyId, wrappedSecret) {
      const secret = new Uint8Array(wrappedSecret);
      return writer.run([keyId], async (session) => {
        if ((await session.query(statements.put, [keyId, secret])).length > 0) return;
        const [row] = await session.query(statements.get, [keyId]);
        if (row !== undefined && isSame(bytes(row, 'secret'), secret)) return;
        throw new ClavigerError('conflict', `Key ${keyId} already has another shred secret.`);
      });
    },
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
      await writer.run(
        secrets.map(({ keyId }) => keyId),
        async (session) => {
          for (const { keyId, before, after } of secrets)
            await session.query(statements.reseal, [keyId, before, after]);
        },
      );
    },
    async shred(keyId) {
      const { overwrite, remove } = statements;
      // two commits: the random bytes are on the disk, in the place of the secret, before the row goes
      if (overwrite) await writer.run([keyId], (session) => session.query(overwrite, [keyId]));
      await writer.run([keyId], (session) => session.query(remove, [keyId]));
      await traces.finish();
    },
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
