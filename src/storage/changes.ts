import { type AuditEvent, ClavigerError, dueAt, type ErrorCode, type Key, type Principal } from '#domain';
import type { Change, Credential, StoredMaterial } from '#ports';
import { putCopy } from './copies.ts';
import { putStoredDocument, removeStoredDocument } from './documents.ts';
import { putDestruction } from './destructions.ts';
import { putFingerprint } from './fingerprints.ts';
import type { Row, Session, Value } from './driver.ts';
import { encodeEvent, encodeKey, integer } from './records.ts';
import { isHierarchyChange, makeHierarchyChange, requireNewest, requireRoot } from './hierarchy-changes.ts';
import type { StoreStatements } from './statements.ts';

/** What a group must write at its end for one work. */
export type Notes = { readonly entities: string[]; readonly events: AuditEvent[]; erased: boolean };

function refuse(code: ErrorCode, message: string): never {
  throw new ClavigerError(code, message);
}

function conflict(what: string): never {
  refuse('conflict', `${what} was changed by someone else.`);
}

async function insertMaterials(
  statements: StoreStatements,
  session: Session,
  keyId: string,
  materials: readonly StoredMaterial[],
): Promise<void> {
  for (const { version, material } of materials) {
    const rows = await session.query(statements.insertMaterial, [keyId, version, material]);
    if (rows.length === 0) conflict(`Version ${version} of key ${keyId}`);
  }
}

function requireSealable(
  statements: StoreStatements,
  session: Session,
  key: Key,
  materials: readonly StoredMaterial[],
): Promise<void> {
  return requireNewest(
    statements,
    session,
    key.environment,
    materials.map(({ material }) => material),
  );
}

async function updateKey(
  statements: StoreStatements,
  session: Session,
  change: Change & { kind: 'key-updated' },
): Promise<void> {
  const { key, expectedRevision } = change;
  await requireSealable(statements, session, key, change.added);
  const { id, environment, region, revision } = key;
  if (revision !== expectedRevision + 1) {
    refuse('internal', `An update of key ${id} does not count its revision up by one.`);
  }
  const values = [revision, dueAt(key), encodeKey(key), id, expectedRevision, environment, region];
  const rows = await session.query(statements.updateKey, values);
  if (rows.length === 0) conflict(`Key ${id}`);
  for (const version of change.erased) {
    if (statements.blankMaterial) await session.query(statements.blankMaterial, [id, version]);
    await session.query(statements.deleteMaterial, [id, version]);
  }
  await insertMaterials(statements, session, id, change.added);
}

async function insertCredential(
  statements: StoreStatements,
  session: Session,
  credential: Credential,
): Promise<void> {
  if (credential.kind === 'access-key')
    await requireNewest(statements, session, credential.environment, [credential.wrappedSecret]);
  const rows = await session.query(statements.insertCredential, credentialValues(credential));
  if (rows.length === 0) conflict('The credential');
}

async function insertKey(
  statements: StoreStatements,
  session: Session,
  { key, materials }: Change & { kind: 'key-created' },
): Promise<void> {
  await requireSealable(statements, session, key, materials);
  const { id, environment, region, revision, createdAt } = key;
  const values = [id, environment, region, revision, createdAt, dueAt(key), encodeKey(key)];
  const rows = await session.query(statements.insertKey, values);
  if (rows.length === 0) conflict(`Key ${id}`);
  return insertMaterials(statements, session, id, materials);
}

/** Makes changes inside a transaction. Throws what `Store.commit` rejects with. */
export function changeWriter(statements: StoreStatements) {
  return async function makeChange(session: Session, change: Change): Promise<void> {
    const run = (sql: string, values: readonly Value[]): Promise<readonly Row[]> =>
      session.query(sql, values);
    if (isHierarchyChange(change)) return makeHierarchyChange(statements, session, change);
    if (isRecordChange(change)) return putRecord(statements, session, change);
    switch (change.kind) {
      case 'environment-created': {
        await requireRoot(statements, session, change.root);
        const { name, accountId, createdAt } = change.environment;
        const rows = await run(statements.insertEnvironment, [name, accountId, createdAt, change.wrappedKek]);
        if (rows.length === 0)
          refuse('environment-taken', `The environment ${name} or its account exists already.`);
        return;
      }
      case 'principal-put': {
        const { principal, replaces } = change;
        const rows = await run(...principalStatement(statements, principal, replaces));
        if (rows.length === 0) conflict(`Principal ${change.principal.id}`);
        return;
      }
      case 'credential-created':
        return insertCredential(statements, session, change.credential);
      case 'credential-deleted': {
        const rows = await run(statements.deleteCredential, [change.id]);
        if (rows.length === 0) conflict('The credential');
        return;
      }
      case 'key-created':
        return insertKey(statements, session, change);
      case 'key-updated':
        return updateKey(statements, session, change);
      case 'name-created': {
        const { environment, region, name, keyId, createdAt, updatedAt } = change.name;
        const rows = await run(statements.insertName, [
          environment,
          region,
          name,
          keyId,
          createdAt,
          updatedAt,
        ]);
        if (rows.length === 0) refuse('name-taken', `The name ${name} is taken.`);
        return;
      }
      case 'name-moved': {
        const { environment, region, name, keyId, updatedAt } = change.name;
        const values = [environment, region, name, keyId, updatedAt, change.expectedKeyId];
        if ((await run(statements.moveName, values)).length === 0) conflict(`The name ${name}`);
        return;
      }
      case 'name-deleted': {
        const { environment, region, name, expectedKeyId } = change;
        const rows = await run(statements.deleteName, [environment, region, name, expectedKeyId]);
        if (rows.length === 0) conflict(`The name ${change.name}`);
        return;
      }
    }
  };
}

type RecordChange = Change & {
  kind:
    | 'copy-put'
    | 'destruction-put'
    | 'material-known'
    | 'document-put'
    | 'document-deleted'
    | 'setting-put'
    | 'setting-deleted';
};
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
async function putRecord(statements: StoreStatements, session: Session, change: RecordChange): Promise<void> {
  if (change.kind === 'copy-put') {
    if (!(await putCopy(session, change.copy, change.expected))) conflict(`Copy ${change.copy.id}`);
  } else if (change.kind === 'destruction-put') {
    const { destruction, expectedRevision } = change;
    if (!(await putDestruction(session, destruction, expectedRevision)))
      conflict(`Destruction ${destruction.id}`);
  } else if (change.kind === 'material-known') {
    if (!(await putFingerprint(session, change.fingerprint, change))) conflict('Who has this material');
  } else if (change.kind === 'document-put') {
    const { environment, sealed } = change.document;
    await requireNewest(statements, session, environment, sealed ? [sealed] : []);
    if (!(await putStoredDocument(session, change))) conflict(`The ${change.document.collection}`);
  } else if (change.kind === 'document-deleted') {
    if (!(await removeStoredDocument(session, change))) conflict(`The ${change.collection}`);
  } else if (change.kind === 'setting-put') {
    await session.query(statements.putSetting, [change.name, change.value]);
  } else {
    await session.query(statements.deleteSetting, [change.name]);
  }
}

/** Puts a principal, or replaces one that stands as it was read. */
function principalStatement(
  statements: StoreStatements,
  principal: Principal,
  old: Principal | undefined,
): [string, Value[]] {
  if (!old) return [statements.putPrincipal, principalValues(principal)];
  const { id, name, kind, roles, disabled } = principal;
  const stood = [old.environment, JSON.stringify(old.roles), old.disabled ? 1 : 0];
  const values = [id, name, kind, JSON.stringify(roles), disabled ? 1 : 0, ...stood];
  return [statements.replacePrincipal, values];
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

/** How many changes are remembered, and how many of them are forgotten at once. */
export const changesKept = 100_000;
const pruneEvery = 1_000;

/**
 * Writes, for works that stand together, their events to the outbox and their entities to the change
 * sequence.
 */
export async function writeNotes(
  statements: StoreStatements,
  session: Session,
  notes: readonly Notes[],
): Promise<void> {
  const events = notes.flatMap((note) => note.events);
  if (events.length > 0) {
    const rows = events.map((event, index) => [index, event.id, event.node, encodeEvent(event)]);
    await session.query(statements.insertEvents, [JSON.stringify(rows)]);
  }
  const entities = notes.flatMap((note) => note.entities);
  if (entities.length === 0) return;
  // the counter's row lock is held until the commit: numbers become visible in their order, without a gap
  const [row] = await session.query(statements.advanceSequence, [entities.length]);
  const end = integer(row ?? {}, 'sequence');
  const first = end - entities.length + 1;
  const rows = entities.map((entity, index) => [first + index, entity]);
  await session.query(statements.insertChanges, [JSON.stringify(rows)]);
  if (Math.floor(end / pruneEvery) > Math.floor((first - 1) / pruneEvery)) {
    await session.query(statements.pruneChanges, [end - changesKept]);
  }
}
