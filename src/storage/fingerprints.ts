import type { Fingerprints, MaterialHolder } from '#ports';
import type { Driver } from './driver.ts';
import { text } from './records.ts';
import { changed, type CheckedStatement } from './statement-list.ts';

/** Notes that a key holds material. Refused where another environment has it; the owner's row is locked until the transaction ends. */
export function putFingerprint(
  fingerprint: string,
  { environment, keyId }: MaterialHolder,
): CheckedStatement[] {
  return [
    {
      sql: `INSERT INTO material_owners (fingerprint, environment) VALUES ($1, $2)
      ON CONFLICT (fingerprint) DO UPDATE SET environment = excluded.environment
        WHERE material_owners.environment = excluded.environment RETURNING environment`,
      values: [fingerprint, environment],
      refuse: () => changed('Who has this material'),
    },
    {
      sql: 'INSERT INTO material_holders (fingerprint, key_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      values: [fingerprint, keyId],
    },
  ];
}

/** The table of fingerprints, over the store's driver. */
export function storedFingerprints(driver: Driver): Fingerprints {
  return {
    async holders(fingerprint) {
      const rows = await driver.query(
        `SELECT o.environment AS environment, h.key_id AS key_id FROM material_holders h
          JOIN material_owners o ON o.fingerprint = h.fingerprint WHERE h.fingerprint = $1 ORDER BY h.position`,
        [fingerprint],
      );
      return rows.map((row) => ({ environment: text(row, 'environment'), keyId: text(row, 'key_id') }));
    },
    async otherHolders(keyId) {
      const rows = await driver.query(
        `SELECT DISTINCT other.key_id AS key_id FROM material_holders own
          JOIN material_holders other ON other.fingerprint = own.fingerprint AND other.key_id <> own.key_id
          WHERE own.key_id = $1 ORDER BY other.key_id LIMIT 1000`,
        [keyId],
      );
      return rows.map((row) => text(row, 'key_id'));
    },
  };
}
