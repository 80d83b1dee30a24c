import { ClavigerError } from '#domain';

/** An error of a request whose signature can't even be read. */
export function malformed(message: string): ClavigerError {
  return new ClavigerError('input-invalid', message, { details: { field: 'authorization' } });
}

const onlyOnce: ReadonlySet<string> = new Set(['authorization', 'host', 'x-amz-date']);

/**
 * The value of a header among names and values in turn, by its lower-case name; several values are joined by a comma, as
 * the signer does. Undefined: the request does not have it. Throws `input-invalid` where it must not stand twice and does.
 */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const found = rawHeaders[index] ?? '';
    if (found.length !== name.length || (found !== name && found.toLowerCase() !== name)) continue;
    const next = rawHeaders[index + 1] ?? '';
    if (value === undefined) value = next;
    else if (onlyOnce.has(name)) throw malformed(`The header ${name} stands twice.`);
    else value = `${value},${next}`;
  }
  return value;
}
