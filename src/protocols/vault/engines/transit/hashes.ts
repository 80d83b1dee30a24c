import { hashNames, type HashName } from '#operations';
import type { Fields } from '../../fields.ts';
import { VaultError } from '../../vault-error.ts';

/** The hash functions by Vault's names: `sha1`, `sha2-256`, `sha3-512` ... */
const byName: ReadonlyMap<string, HashName> = new Map(
  hashNames.map((name) => [name.toLowerCase().replace('_', '-'), name]),
);

/** What a request calls its hash: in the path, or in a field, whose older name counts where the newer is missing. */
export function hashWord(inPath: string, fields: Fields, names: readonly string[]): string {
  const words = [inPath, ...names.map((name) => fields.text(name) ?? '')];
  return words.find((word) => word !== '') ?? 'sha2-256';
}

/** The hash function of a name; null: there is none so called. */
export function hashNamed(word: string): HashName | null {
  return byName.get(word) ?? null;
}

/** Throws in Vault's words for a name that is not a hash's. */
export function requireHash(
  word: string,
  message = `invalid hash algorithm ${JSON.stringify(word)}`,
): HashName {
  const found = hashNamed(word);
  if (found) return found;
  throw new VaultError(400, message.slice(0, 200));
}
