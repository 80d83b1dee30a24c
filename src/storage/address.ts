import { isAbsolute, resolve } from 'node:path';
import { ClavigerError } from '#domain';

/** Where a database is. */
export type Address =
  | { readonly kind: 'sqlite' /** Absolute. */; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

/**
 * Reads `sqlite:PATH`, `postgres://...` or `postgresql://...`. Throws `configuration-invalid` for anything else;
 * the message never repeats the address, which may hold a password.
 */
export function parseAddress(address: string): Address {
  if (address.startsWith('sqlite:')) {
    const path = address.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '' || path.startsWith(':') || path.startsWith('//') || path.includes('\0')) {
      throw new ClavigerError('configuration-invalid', 'A SQLite address is sqlite: and the path of a file.');
    }
    return { kind: 'sqlite', file: isAbsolute(path) ? path : resolve(path) };
  }
  if (/^postgres(ql)?:\/\//.test(address)) {
    if (!URL.canParse(address)) {
      throw new ClavigerError('configuration-invalid', 'The PostgreSQL address is not a URL.');
    }
    return { kind: 'postgres', url: address };
  }
  throw new ClavigerError(
    'configuration-invalid',
    'A database address starts with sqlite:, postgres:// or postgresql://.',
  );
}
