import { ClavigerError } from '#domain';
import type { Row, Session, Value } from './driver.ts';

/** A statement, and what its answer must be: `check` throws what a change is refused with. */
export type CheckedStatement = {
  readonly sql: string;
  readonly values: readonly Value[];
  readonly check?: (rows: readonly Row[]) => void;
  /** It locks what it reads, and writes nothing: works of one transaction need not ask it again. */
  readonly holds?: true;
  /** It may change what others hold. */
  readonly moves?: true;
};

function asked(session: Session, { sql, values, holds, moves }: CheckedStatement): Promise<readonly Row[]> {
  const { held } = session;
  if (moves) held?.clear();
  if (!holds || !held) return session.query(sql, values);
  const name = `${sql} ${values.join(' ')}`;
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
    list[index]?.check?.(answer.value);
  }
}

/** A check that there is a row. */
export function found(refuse: () => Error): (rows: readonly Row[]) => void {
  return (rows) => {
    if (rows.length === 0) throw refuse();
  };
}

/** What a change is refused with that another one has overtaken. */
export function changed(what: string): ClavigerError {
  return new ClavigerError('conflict', `${what} was changed by someone else.`);
}
