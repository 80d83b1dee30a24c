import { ClavigerError } from '#domain';
import type { CopiedKey, Copies, Copy } from '#ports';
import type { Driver, Row } from './driver.ts';
import { integer, text } from './records.ts';
import { changed, type CheckedStatement } from './statement-list.ts';

export const copyColumns = 'id, kind, key_id, created_at, place, holder, status, detail';

/** Milliseconds by which the clocks of two nodes may differ: a copy is rather taken for one that can open too much. */
const clockTrustMillis = 10_000;

export function readCopy(row: Row): Copy {
  const id = text(row, 'id');
  let detail: unknown;
  try {
    detail = JSON.parse(text(row, 'detail'));
  } catch (cause) {
    throw new ClavigerError('integrity-failed', `The stored record of copy ${id} is not readable.`, {
      cause,
    });
  }
  return {
    id,
    kind: text(row, 'kind') as Copy['kind'],
    keyId: row['key_id'] === null ? null : text(row, 'key_id'),
    createdAt: integer(row, 'created_at'),
    place: text(row, 'place'),
    holder: text(row, 'holder'),
    status: text(row, 'status') as Copy['status'],
    detail: detail as Copy['detail'],
  };
}

/** Puts a copy, or replaces what is known of it. Refused where it stands otherwise than expected. */
export function putCopy(copy: Copy, expected: Copy['status'] | null): CheckedStatement {
  const { id, kind, keyId, createdAt, place, holder, status } = copy;
  const detail = JSON.stringify(copy.detail);
  const refuse = () => changed(`Copy ${id}`);
  return expected === null
    ? {
        sql: `INSERT INTO copies (${copyColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id`,
        values: [id, kind, keyId, createdAt, place, holder, status, detail],
        refuse,
      }
    : {
        sql: 'UPDATE copies SET place = $1, holder = $2, status = $3, detail = $4 WHERE id = $5 AND status = $6 RETURNING id',
        values: [place, holder, status, detail, id, expected],
        refuse,
      };
}

/** Whether an escrow holds the shred secret of a key: it was begun before the destruction, and ended after the creation. */
function escrowHolds({ createdAt: begunAt, detail }: Copy, key: CopiedKey): boolean {
  const readUntil = typeof detail['readUntil'] === 'number' ? detail['readUntil'] : Infinity;
  return (
    key.createdAt <= readUntil + clockTrustMillis &&
    (key.destroyedAt === null || begunAt <= key.destroyedAt + clockTrustMillis)
  );
}

/** The register of copies, over the store's driver. */
export function storedCopies(driver: Driver): Copies {
  return {
    async copy(id) {
      const [row] = await driver.query(`SELECT ${copyColumns} FROM copies WHERE id = $1`, [id]);
      return row === undefined ? null : readCopy(row);
    },
    async copies(kind) {
      const order = 'ORDER BY created_at DESC, id';
      const rows =
        kind === null
          ? await driver.query(`SELECT ${copyColumns} FROM copies ${order}`)
          : await driver.query(`SELECT ${copyColumns} FROM copies WHERE kind = $1 ${order}`, [kind]);
      return rows.map(readCopy);
    },
    async copiesThatCanOpen(key) {
      const rows = await driver.query(
        `SELECT ${copyColumns} FROM copies WHERE status <> 'destroyed' AND (key_id = $1 OR kind = 'escrow')
          ORDER BY created_at, id`,
        [key.id],
      );
      return rows.map(readCopy).filter((copy) => copy.kind !== 'escrow' || escrowHolds(copy, key));
    },
  };
}
