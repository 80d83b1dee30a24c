import { ClavigerError } from '#domain';
import { type Change, type Commit, entityOf, type Store } from '#ports';
import { changeStatements, type Notes, noteStatements } from './changes.ts';
import { storedCopies } from './copies.ts';
import { storedDestructions } from './destructions.ts';
import { storedFingerprints } from './fingerprints.ts';
import { knownClasses } from './inventory-place.ts';
import { storedInventory } from './inventory.ts';
import { storedDocuments } from './documents.ts';
import { ConstraintError, type Driver } from './driver.ts';
import { storeDuties } from './duties.ts';
import { groupCommit } from './group-commit.ts';
import { storeReads } from './reads.ts';
import { storedRelations } from './relations.ts';
import { storeStatements } from './statements.ts';
import { traceRemover } from './traces.ts';

/** Whether old copies of what a change removes must leave the engine's own log as well. */
function erases(change: Change): boolean {
  if (change.kind === 'key-updated') return change.erased.length > 0;
  if (change.kind === 'document-deleted') return change.erases === true;
  return change.kind === 'root-switched' || change.kind === 'keks-removed';
}

/** The store over a driver whose schema is up to date. */
export function sqlStore(driver: Driver): Store {
  const statements = storeStatements(driver.dialect);
  const traces = traceRemover(driver);
  const classes = knownClasses();
  const writer = groupCommit<Notes>(driver, {
    noteStatements: (notes) => noteStatements(statements, notes),
    afterwards: (notes) => traces.afterCommit(notes.some((note) => note.erased)),
  });

  async function commit({ changes, events }: Commit): Promise<void> {
    const entities = [...new Set(changes.map(entityOf))];
    try {
      const list = classes.without(changes.flatMap((change) => changeStatements(statements, change)));
      await writer.write(entities, list, { entities, events, erased: changes.some(erases) });
      classes.add(list);
    } catch (error) {
      throw commitError(
        error,
        changes.some((change) => change.kind === 'principal-put'),
      );
    }
  }

  return {
    capabilities: Object.freeze({ kind: driver.dialect.kind, shared: driver.dialect.kind === 'postgres' }),
    copies: storedCopies(driver),
    destructions: storedDestructions(driver, writer),
    documents: storedDocuments(driver),
    fingerprints: storedFingerprints(driver),
    relations: storedRelations(driver, writer),
    inventory: storedInventory(driver),
    ...storeReads(driver, statements),
    commit,
    finishErasure: () => traces.finish(),
    ...storeDuties(driver, statements, writer),
    async close() {
      await writer.close();
      await driver.close();
    },
  };
}

function commitError(error: unknown, putsPrincipal: boolean): unknown {
  if (!(error instanceof ConstraintError)) return error;
  if (error.rule === 'unique' && putsPrincipal) {
    return new ClavigerError('principal-taken', 'Another principal has this name.', { cause: error });
  }
  if (error.rule === 'other') {
    return new ClavigerError('internal', 'The store refused a record that is not whole.', { cause: error });
  }
  return new ClavigerError('conflict', 'What the change refers to was changed by someone else.', {
    cause: error,
  });
}
