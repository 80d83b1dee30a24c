import type { Page, Store, StoredMaterial } from '#ports';
import type { Driver, Row, Value } from './driver.ts';
import { lastCharacter } from './documents.ts';
import * as records from './records.ts';
import { namesAcross, type StoreStatements } from './statements.ts';

type Feed = Pick<Store, 'changeSequence' | 'changesSince'>;

/** What of the store only reads. */
export type Reads = Feed &
  Pick<
    Store,
    | 'environment'
    | 'environmentByAccount'
    | 'environments'
    | 'olderKeks'
    | 'sealedMaterials'
    | 'sealedSecrets'
    | 'principal'
    | 'principalByName'
    | 'principals'
    | 'credential'
    | 'credentialsOf'
    | 'key'
    | 'keys'
    | 'countKeys'
    | 'name'
    | 'names'
    | 'namesAcross'
    | 'dueKeys'
    | 'usage'
    | 'lastUse'
    | 'outbox'
    | 'logHeads'
    | 'setting'
  >;

function readerOf(driver: Driver) {
  return {
    async readAll<T>(sql: string, values: readonly Value[], decode: (row: Row) => T): Promise<T[]> {
      return (await driver.query(sql, values)).map(decode);
    },
    async readOne<T>(sql: string, values: readonly Value[], decode: (row: Row) => T): Promise<T | null> {
      const [row] = await driver.query(sql, values);
      return row === undefined ? null : decode(row);
    },
  };
}

function changeFeed(driver: Driver, statements: StoreStatements): Feed {
  const { readAll } = readerOf(driver);
  let seen: { readonly version: number; readonly sequence: number } | null = null;

  async function changeSequence(): Promise<number> {
    const version = driver.dataVersion();
    if (version !== null && seen?.version === version) return seen.sequence;
    const [row] = await driver.query(statements.sequence);
    const sequence = records.integer(row ?? {}, 'sequence');
    seen = version === null ? null : { version, sequence };
    return sequence;
  }

  return {
    changeSequence,
    async changesSince(sequence) {
      const end = await changeSequence();
      const read = (row: Row) => records.text(row, 'entity');
      const entities = await readAll(statements.changes, [sequence, end], read);
      // every number of the sequence has its row: one that is missing was forgotten, or is not of this store
      const isComplete = entities.length === end - sequence;
      return { sequence: end, entities: [...new Set(entities)], isComplete };
    },
  };
}

/** Everything that is asked of committed data. */
export function storeReads(driver: Driver, statements: StoreStatements): Reads {
  const { readAll, readOne } = readerOf(driver);
  return {
    environment: (name) => readOne(statements.environment, [name], records.decodeEnvironment),
    environmentByAccount: (id) => readOne(statements.environmentByAccount, [id], records.decodeEnvironment),
    environments: () => readAll(statements.environments, [], records.decodeEnvironment),
    olderKeks: (environment) =>
      readAll(statements.olderKeks, [environment], (row) => ({
        generation: records.integer(row, 'generation'),
        wrapped: records.wrapped(row, 'wrapped'),
      })),
    async sealedMaterials(environment, { after, limit }) {
      const rows = await driver.query(statements.sealedMaterials, [environment, Number(after ?? 0), limit]);
      const found = new Map<string, StoredMaterial[]>();
      for (const row of rows) {
        const keyId = records.text(row, 'key_id');
        const materials = found.get(keyId) ?? [];
        found.set(keyId, materials);
        const version = records.integer(row, 'version');
        materials.push({ version, material: records.wrapped(row, 'wrapped') });
      }
      const last = rows.at(-1);
      return {
        keys: [...found].map(([keyId, materials]) => ({ keyId, materials })),
        next: last ? String(records.integer(last, 'position')) : null,
      };
    },
    sealedSecrets: (environment, { after, limit }) =>
      readAll(statements.sealedSecrets, [environment, after ?? '', limit], (row) => ({
        id: records.text(row, 'id'),
        wrappedSecret: records.wrapped(row, 'wrapped_secret'),
      })),
    principal: (id) => readOne(statements.principal, [id], records.decodePrincipal),
    principalByName: (environment, name) =>
      readOne(statements.principalByName, [environment, name], records.decodePrincipal),
    principals: (environment) => readAll(statements.principals, [environment], records.decodePrincipal),
    credential: (id) => readOne(statements.credential, [id], records.decodeCredential),
    credentialsOf: (id) => readAll(statements.credentialsOf, [id], records.decodeCredential),
    async key(id) {
      const [first, ...rest] = await driver.query(statements.key, [id]);
      if (first === undefined) return null;
      const materials: StoredMaterial[] = rest.map((row) => ({
        version: records.integer(row, 'version'),
        material: records.wrapped(row, 'wrapped'),
      }));
      return { key: records.decodeKey(id, first['doc']), materials };
    },
    keys(environment, region, page) {
      const decode = (row: Row) => records.decodeKey(records.text(row, 'id'), row['doc']);
      return region === null
        ? readAll(statements.keysOfEnvironment, [environment, ...bounds(page)], decode)
        : readAll(statements.keysOfRegion, [environment, region, ...bounds(page)], decode);
    },
    async countKeys(environment) {
      const [row] = await driver.query(statements.countKeys, [environment]);
      return records.integer(row ?? {}, 'total');
    },
    name: (environment, region, name) =>
      readOne(statements.name, [environment, region, name], records.decodeName),
    names(environment, region, keyId, page) {
      const values = [environment, region, ...bounds(page)];
      return keyId === null
        ? readAll(statements.names, values, records.decodeName)
        : readAll(statements.namesOfKey, [...values, keyId], records.decodeName);
    },
    namesAcross: (environment, prefix, { after, limit }) =>
      readAll(
        namesAcross,
        [environment, prefix, prefix + lastCharacter, after ?? '', limit],
        records.decodeName,
      ),
    dueKeys: (now, limit) => readAll(statements.dueKeys, [now, limit], (row) => records.text(row, 'id')),
    async usage(keyId, version) {
      const [row] = await driver.query(statements.usage, [keyId, version]);
      if (row === undefined) return { operations: 0, bytes: 0 };
      return { operations: records.integer(row, 'operations'), bytes: records.integer(row, 'bytes') };
    },
    lastUse: (keyId) => readOne(statements.lastUse, [keyId], records.decodeLastUse),
    ...changeFeed(driver, statements),
    outbox: (node) => readAll(statements.outbox, [node], records.decodeEvent),
    logHeads: () => readAll(statements.logHeads, [], records.decodeLogHead),
    setting: (name) => readOne(statements.setting, [name], (row) => records.text(row, 'setting')),
  };
}

function bounds(page: Page): [string, number] {
  return [page.after ?? '', page.limit];
}
