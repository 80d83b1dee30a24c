import { type AuditEvent, ClavigerError, dueAt, type Key, type Principal } from '#domain';
import type { Change, Credential, StoredMaterial } from '#ports';
import { putCopy } from './copies.ts';
import { putStoredDocument, removeStoredDocument } from './documents.ts';
import { putDestruction } from './destructions.ts';
import { putFingerprint } from './fingerprints.ts';
import type { Value } from './driver.ts';
import { encodeEvent, encodeKey } from './records.ts';
import { hierarchyStatements, isHierarchyChange, requireNewest, requireRoot } from './hierarchy-changes.ts';
import { inventoryPlace, putClass } from './inventory-place.ts';
import { changed, type CheckedStatement } from './statement-list.ts';
import type { StoreStatements } from './statements.ts';

/** What a group must write at its end for one work. */
export type Notes = {
  readonly entities: readonly string[];
  readonly events: readonly AuditEvent[];
  /** Old copies must leave the engine's own log as well. */
  readonly erased: boolean;
};

function insertMaterials(
  statements: StoreStatements,
  keyId: string,
  materials: readonly StoredMaterial[],
): CheckedStatement[] {
  return materials.map(({ version, material }) => ({
    sql: statements.insertMaterial,
    values: [keyId, version, material],
    refuse: () => changed(`Version ${version} of key ${keyId}`),
  }));
}

function requireSealable(
  statements: StoreStatements,
  key: Key,
  materials: readonly StoredMaterial[],
): CheckedStatement[] {
  const sealed = materials.map(({ material }) => material);
  return requireNewest(statements, key.environment, sealed);
}

function updateKey(
  statements: StoreStatements,
  { key, expectedRevision, added, erased }: Change & { kind: 'key-updated' },
): CheckedStatement[] {
  const { id, environment, region, revision } = key;
  if (revision !== expectedRevision + 1) {
    throw new ClavigerError('internal', `An update of key ${id} does not count its revision up by one.`);
  }
  const place = inventoryPlace(key);
  const { classId, owner, endsAt } = place;
  const document = [revision, dueAt(key), encodeKey(key), id, expectedRevision, environment, region];
  const values = [...document, classId, owner, endsAt];
  const { blankMaterial, deleteMaterial } = statements;
  return [
    ...requireSealable(statements, key, added),
    putClass(place),
    { sql: statements.updateKey, values, refuse: () => changed(`Key ${id}`) },
    ...erased.flatMap((version) =>
      [blankMaterial, deleteMaterial].flatMap((sql) => (sql ? [{ sql, values: [id, version] }] : [])),
    ),
    ...insertMaterials(statements, id, added),
  ];
}

function insertCredential(statements: StoreStatements, credential: Credential): CheckedStatement[] {
  const sealed = credential.kind === 'access-key' ? [credential.wrappedSecret] : [];
  return [
    ...requireNewest(statements, credential.environment, sealed),
    {
      sql: statements.insertCredential,
      values: credentialValues(credential),
      refuse: () => changed('The credential'),
    },
  ];
}

function insertKey(
  statements: StoreStatements,
  { key, materials }: Change & { kind: 'key-created' },
): CheckedStatement[] {
  const { id, environment, region, revision, createdAt } = key;
  const place = inventoryPlace(key);
  const { classId, owner, endsAt } = place;
  const document = [id, environment, region, revision, createdAt, dueAt(key), encodeKey(key)];
  const values = [...document, classId, owner, endsAt];
  return [
    ...requireSealable(statements, key, materials),
    putClass(place),
    { sql: statements.insertKey, values, refuse: () => changed(`Key ${id}`) },
    ...insertMaterials(statements, id, materials),
  ];
}

function insertEnvironment(
  statements: StoreStatements,
  { environment, wrappedKek, root }: Change & { kind: 'environment-created' },
): CheckedStatement[] {
  const { name, accountId, createdAt } = environment;
  const taken = () =>
    new ClavigerError('environment-taken', `The environment ${name} or its account exists already.`);
  return [
    ...requireRoot(statements, root),
    {
      sql: statements.insertEnvironment,
      values: [name, accountId, createdAt, wrappedKek],
      refuse: taken,
    },
  ];
}

/**
 * The statements of a change, for one transaction; none needs the answer of another one. They are refused with what `Store.commit`
 * rejects with, and so is, by throwing, a change that is wrong in itself.
 */
export function changeStatements(statements: StoreStatements, change: Change): CheckedStatement[] {
  if (isHierarchyChange(change))
    return hierarchyStatements(statements, change).map((statement) => ({ ...statement, moves: true }));
  if (isRecordChange(change)) return recordStatements(statements, change);
  if (isNameChange(change)) return [nameStatement(statements, change)];
  switch (change.kind) {
    case 'environment-created':
      return insertEnvironment(statements, change);
    case 'principal-put':
      return [principalStatement(statements, change.principal, change.replaces)];
    case 'credential-created':
      return insertCredential(statements, change.credential);
    case 'credential-deleted': {
      const refuse = () => changed('The credential');
      return [{ sql: statements.deleteCredential, values: [change.id], refuse }];
    }
    case 'key-created':
      return insertKey(statements, change);
    case 'key-updated':
      return updateKey(statements, change);
  }
}

type NameChange = Extract<Change, { kind: 'name-created' | 'name-moved' | 'name-deleted' }>;

function isNameChange(change: Change): change is NameChange {
  return change.kind === 'name-created' || change.kind === 'name-moved' || change.kind === 'name-deleted';
}

function nameStatement(statements: StoreStatements, change: NameChange): CheckedStatement {
  if (change.kind === 'name-created') {
    const { environment, region, name, keyId, createdAt, updatedAt } = change.name;
    return {
      sql: statements.insertName,
      values: [environment, region, name, keyId, createdAt, updatedAt],
      refuse: () => new ClavigerError('name-taken', `The name ${name} is taken.`),
    };
  }
  if (change.kind === 'name-moved') {
    const { environment, region, name, keyId, updatedAt } = change.name;
    return {
      sql: statements.moveName,
      values: [environment, region, name, keyId, updatedAt, change.expectedKeyId],
      refuse: () => changed(`The name ${name}`),
    };
  }
  const { environment, region, name, expectedKeyId } = change;
  return {
    sql: statements.deleteName,
    values: [environment, region, name, expectedKeyId],
    refuse: () => changed(`The name ${name}`),
  };
}

type RecordChange = Extract<
  Change,
  {
    kind:
      | 'copy-put'
      | 'destruction-put'
      | 'material-known'
      | 'document-put'
      | 'document-deleted'
      | 'setting-put'
      | 'setting-deleted';
  }
>;
const recordKinds: ReadonlySet<string> = new Set<RecordChange['kind']>([
  'copy-put',
  'destruction-put',
  'material-known',
  'document-put',
  'document-deleted',
  'setting-put',
  'setting-deleted',
]);

function isRecordChange(change: Change): change is RecordChange {
  return recordKinds.has(change.kind);
}

/** What is kept as one row that is put, replaced or taken away. */
function recordStatements(statements: StoreStatements, change: RecordChange): CheckedStatement[] {
  switch (change.kind) {
    case 'copy-put':
      return [putCopy(change.copy, change.expected)];
    case 'destruction-put':
      return putDestruction(change.destruction, change.expectedRevision);
    case 'material-known':
      return putFingerprint(change.fingerprint, change);
    case 'document-put': {
      const { environment, sealed } = change.document;
      return [...requireNewest(statements, environment, sealed ? [sealed] : []), putStoredDocument(change)];
    }
    case 'document-deleted':
      return [removeStoredDocument(change)];
    case 'setting-put':
      return [{ sql: statements.putSetting, values: [change.name, change.value] }];
    case 'setting-deleted':
      return [{ sql: statements.deleteSetting, values: [change.name] }];
  }
}

/** Puts a principal, or replaces one that stands as it was read. */
function principalStatement(
  statements: StoreStatements,
  principal: Principal,
  old: Principal | undefined,
): CheckedStatement {
  const { id, name, kind, roles, disabled } = principal;
  const refuse = () => changed(`Principal ${id}`);
  if (!old) return { sql: statements.putPrincipal, values: principalValues(principal), refuse };
  const stood = [old.environment, JSON.stringify(old.roles), old.disabled ? 1 : 0];
  const values = [id, name, kind, JSON.stringify(roles), disabled ? 1 : 0, ...stood];
  return { sql: statements.replacePrincipal, values, refuse };
}

function principalValues(principal: Principal): Value[] {
  const { id, environment, name, kind, roles, createdAt, disabled } = principal;
  return [id, environment, name, kind, JSON.stringify(roles), createdAt, disabled ? 1 : 0];
}

function credentialValues(credential: Credential): Value[] {
  const { id, kind, principalId, environment, createdAt, expiresAt } = credential;
  const secret = credential.kind === 'access-key' ? credential.wrappedSecret : null;
  return [id, kind, principalId, environment, secret, createdAt, expiresAt];
}

/** How many changes are remembered at least; they are forgotten by the thousand. */
export const changesKept = 100_000;

/** What, for works that stand together, brings their events to the outbox and their entities to the change sequence. */
export function noteStatements(statements: StoreStatements, notes: readonly Notes[]): CheckedStatement[] {
  const events = notes.flatMap((note) => note.events);
  const entities = notes.flatMap((note) => note.entities);
  const list: CheckedStatement[] = [];
  if (events.length > 0) {
    const rows = events.map((event, index) => [index, event.id, event.node, encodeEvent(event)]);
    list.push({ sql: statements.insertEvents, values: [JSON.stringify(rows)] });
  }
  if (entities.length > 0) {
    list.push(
      // the counter's row lock is held until the commit: numbers become visible in their order, without a gap
      { sql: statements.advanceSequence, values: [entities.length] },
      // they get the numbers up to the one that the counter shows by now
      {
        sql: statements.insertChanges,
        values: [JSON.stringify(entities.map((entity, index) => [index + 1 - entities.length, entity]))],
      },
      { sql: statements.pruneChanges, values: [changesKept] },
    );
  }
  return list;
}
