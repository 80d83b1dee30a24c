import { ClavigerError } from '#domain';

/** The lines of an answer, and one that says that it is whole. An answer that has begun says in its last line what failed. */
export async function* wholeLines<T extends object>(
  lines: AsyncIterable<T>,
): AsyncGenerator<
  T | { readonly end: true } | { readonly problem: { readonly code: string; readonly detail: string } }
> {
  try {
    yield* lines;
    yield { end: true };
  } catch (error) {
    const code = error instanceof ClavigerError ? error.code : 'internal';
    const detail = error instanceof ClavigerError && code !== 'internal' ? error.message : 'It failed.';
    yield { problem: { code, detail } };
  }
}
