import { ClavigerError } from '#domain';
import type { Row, Session, Value } from './driver.ts';

/** A statement of a change. Each may be refused by what it answers, which undoes the change. */
export type CheckedStatement = {
  readonly sql: string;
  readonly values: readonly Value[];
  /** What the change is refused with where the statement finds no row. */
  readonly refuse?: () => Error;
  /** Throws what the change is refused with for other reasons. */
  readonly check?: (rows: readonly Row[]) => void;
  /** It locks what it reads, and writes nothing: works of one transaction need not ask it again. */
  readonly holds?: true;
  /** It may change what others hold. */
  readonly moves?: true;
};

/** What tells two statements of one transaction apart. */
function nameOf({ sql, values }: CheckedStatement): string {
  return `${sql} ${values.join(' ')}`;
}

function asked(session: Session, statement: CheckedStatement): Promise<readonly Row[]> {
  const { held } = session;
  const { sql, values, holds, moves } = statement;
  if (moves) held?.clear();
  if (!holds || !held) return session.query(sql, values);
  const name = nameOf(statement);
  const known = held.get(name);
  if (known) return known;
  const answer = session.query(sql, values);
  held.set(name, answer);
  return answer;
}

/**
 * Runs statements none of which needs the answer of another one: all are asked for at once, in this order, so that they cost one
 * journey to the database. Rejects with the error of the first that fails, or whose answer is refused, once all are answered; the
 * transaction must be undone then.
 */
export async function runList(session: Session, list: readonly CheckedStatement[]): Promise<void> {
  const answers = await Promise.allSettled(list.map((statement) => asked(session, statement)));
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'rejected') throw answer.reason;
    const { refuse, check } = list[index] as CheckedStatement;
    if (refuse && answer.value.length === 0) throw refuse();
    check?.(answer.value);
  }
}

/**
 * The statements of a transaction that needs no look at any answer but for whether there is one, each that holds something once;
 * null: it needs more.
 */
export function withoutLook(lists: readonly (readonly CheckedStatement[])[]): CheckedStatement[] | null {
  const held = new Set<string>();
  const all: CheckedStatement[] = [];
  for (const list of lists) {
    for (const statement of list) {
      if (statement.check || statement.moves) return null;
      if (statement.holds) {
        const name = nameOf(statement);
        if (held.has(name)) continue;
        held.add(name);
      }
      all.push(statement);
    }
  }
  return all;
}

/** What a change is refused with that another one has overtaken. */
export function changed(what: string): ClavigerError {
  return new ClavigerError('conflict', `${what} was changed by someone else.`);
}
