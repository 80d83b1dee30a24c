import { SecretBytes } from '#crypto';
import { ClavigerError, hasCode, StopError } from '#domain';
import { documentEntity, type Change, type Document } from '#ports';
import type { Kept } from '../documents.ts';
import type { House } from '../house.ts';
import type { SecretHead } from './head.ts';
import { endings, headId, heads, type Secret, valueId, values } from './places.ts';

/** What a secret holds: an object of JSON. */
export type SecretValue = Readonly<Record<string, unknown>>;

const valueBytesMax = 1_048_576;
const depthMax = 64;

/** Refuses what would come back as something else, and what is nested too deeply. */
function requireKeepable(value: unknown, depth: number): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new ClavigerError(
        'input-invalid',
        'The secret holds a number that is too large: send it as a string.',
      );
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return;
    throw new ClavigerError(
      'input-invalid',
      'The secret holds a whole number that is too large to be kept exactly: send it as a string.',
    );
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > depthMax)
    throw new ClavigerError('input-invalid', `The secret is nested more than ${depthMax} deep.`);
  for (const member of Array.isArray(value) ? value : Object.values(value))
    requireKeepable(member, depth + 1);
}

/** A value as it is sealed: behind the id of its document, so that it opens nowhere else. */
function encode(id: string, value: SecretValue): SecretBytes {
  requireKeepable(value, 1);
  const bytes = Buffer.from(`${id}\n${JSON.stringify(value)}`, 'utf8');
  if (bytes.length - Buffer.byteLength(id) - 1 <= valueBytesMax) return SecretBytes.take(bytes);
  bytes.fill(0);
  throw new ClavigerError('input-too-large', `A secret has at most ${valueBytesMax} bytes as JSON.`);
}

function decode(id: string, bytes: Uint8Array): SecretValue {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = text.indexOf(0x0a) + 1;
  if (text.toString('utf8', 0, start) !== `${id}\n`)
    throw new StopError('integrity-failed', 'The stored value is that of another secret.');
  return JSON.parse(text.toString('utf8', start)) as SecretValue;
}

type Place = { readonly secret: Secret; readonly number: number };

/** Seals a new version's value under a shred secret of its own. */
export async function sealedValue(
  house: House,
  environment: string,
  { secret, number }: Place,
  value: SecretValue,
): Promise<Change> {
  const id = valueId(secret, number);
  using encoded = encode(id, value);
  const { shredId, sealed } = await house.hierarchy.sealShreddable(environment, encoded);
  return values.created(environment, id, {}, { shredId, sealed });
}

/** The value of a version, from memory where it was opened lately. Rejects with `key-destroyed` where it is no more. */
export function openedValue(
  house: House,
  environment: string,
  { secret, number }: Place,
): SecretValue | Promise<SecretValue> {
  const id = valueId(secret, number);
  const found = values.find(house, environment, id);
  if (!(found instanceof Promise) && found) {
    const opened = house.documents.opened.peek(found.document);
    if (opened) return opened.use((bytes) => decode(id, bytes));
  }
  return open(house, id, found);
}

async function open(house: House, id: string, finding: ReturnType<typeof values.find>): Promise<SecretValue> {
  const document = (await finding)?.document;
  if (!document?.sealed || document.shredId === null)
    throw new ClavigerError('key-destroyed', `The value of ${id} is not in the store.`, {
      details: { missing: true },
    });
  const place = { environment: document.environment, shredId: document.shredId };
  const opened = await house.hierarchy.openShreddable(place, document.sealed);
  const value = opened.use((bytes) => decode(id, bytes));
  // only what the cache of documents holds as well: with it, it is dropped
  const isCached = house.documents.peek(document) === document;
  if (!isCached || !house.documents.opened.keep(document, opened)) opened[Symbol.dispose]();
  return value;
}

const looksMax = 3;

/**
 * What is read of a secret by its head and a value. The head may be older than what became of the value since, which others evicted,
 * destroyed or took away: then both are looked for anew, past the cache.
 */
export async function readAnew<T>(
  house: House,
  environment: string,
  { store, path }: Secret,
  read: (head: Kept<SecretHead> | null) => T | Promise<T>,
): Promise<T> {
  const secret = { store, path };
  let last: ClavigerError | null = null;
  for (let look = 0; look < looksMax; look += 1) {
    const id = headId(secret);
    house.documents.drop([documentEntity({ environment, collection: heads.name, id })]);
    const head = await heads.find(house, environment, id);
    const numbers = head?.content.versions.map(({ number }) => valueId(secret, number)) ?? [];
    house.documents.drop(
      numbers.map((value) => documentEntity({ environment, collection: values.name, id: value })),
    );
    try {
      return await read(head);
    } catch (error) {
      if (!hasCode(error, 'key-destroyed')) throw error;
      last = error;
    }
  }
  // the value is there and its shred secret is not: a restore brought the one back, and the other is gone for good
  if (last && !last.details['missing']) throw last;
  throw new StopError('integrity-failed', `A value of ${headId(secret)} is not in the store.`);
}

/**
 * Takes values away for good: with the same commit their shred secrets are marked to be destroyed, so that this is done though the
 * process ends right after it.
 */
export function removal(document: Document, { erases }: { readonly erases: boolean }): readonly Change[] {
  const { environment, id, shredId } = document;
  const gone = values.removed({ document, content: {} }, erases);
  return shredId === null ? [gone] : [gone, endings.created(environment, shredId, { value: id })];
}
