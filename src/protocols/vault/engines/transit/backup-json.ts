import { VaultError } from '../../vault-error.ts';

/** Whole numbers that JavaScript's own do not hold: Vault writes those of a key as JSON numbers. */
type Reviver = (
  this: unknown,
  name: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown;
// both are of ECMAScript's proposal for the source text of JSON, which the runtime has and its types do not
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object };

const digitsMax = 2600;

function bigOr(value: unknown, source: string | undefined): unknown {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  if (/^[0-9]+$/.test(source) && source.length <= digitsMax) return BigInt(source);
  throw new VaultError(400, 'the backup has a number that is none of a key');
}

/** Reads JSON, with numbers that are too large as BigInt. Throws in Vault's words. */
export function parseBackupJson(text: string): unknown {
  try {
    return parse(text, (_name, value, { source }) => bigOr(value, source));
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError(400, 'the backup is not readable: it is no JSON');
  }
}

/** A BigInt in its place in JSON. */
export function bigJson(value: bigint): object {
  return rawJSON(value.toString());
}
