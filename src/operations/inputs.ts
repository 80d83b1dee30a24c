import { z } from 'zod';
import { keySpecNames, keyUsages, type AlgorithmName, type KeySpec, type KeyUsage } from '#domain';
import type { KeyReference } from './operation.ts';

/** The parts of which the inputs of operations are made; sizes are bounds of the core, protocols may be stricter. */

const regionWord = /^[a-z0-9-]{1,32}$/;
const account = /^[0-9]{12}$/;

export const nameOfKey = z.string().regex(/^[a-zA-Z0-9/_.-]{1,250}$/);

function isWord(value: unknown, form: RegExp): boolean {
  return value === undefined || (typeof value === 'string' && form.test(value));
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 2048;
}

const referenceMembers: ReadonlySet<string> = new Set([
  'kind',
  'id',
  'name',
  'accountId',
  'region',
  'fromCiphertext',
]);

/** As a schema would say it, in a tenth of the time: each use of a key has one. */
function isKeyReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (const member in value) if (!referenceMembers.has(member)) return false;
  const { kind, id, name, accountId, region, fromCiphertext } = value as Record<string, unknown>;
  if (!isWord(accountId, account) || !isWord(region, regionWord)) return false;
  if (kind === 'name') return isShortText(name) && id === undefined && fromCiphertext === undefined;
  const isFlag = fromCiphertext === undefined || typeof fromCiphertext === 'boolean';
  return kind === 'id' && isShortText(id) && name === undefined && isFlag;
}

export const keyReference = z.custom<KeyReference>(isKeyReference, 'must name a key');

export const bytes = (min: number, max: number) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length >= min && value.length <= max,
    `must be ${min} to ${max} bytes`,
  );

/** A ciphertext; null: the request only asks whether it would be allowed. */
export const ciphertextOrNone = bytes(1, 131_072).nullable();

const specSet: ReadonlySet<string> = new Set(keySpecNames);

export const keySpec = z.custom<KeySpec>(
  (value) => typeof value === 'string' && specSet.has(value),
  'must be the name of a key spec',
);
export const keyUsage: z.ZodType<KeyUsage> = z.enum(keyUsages);

/** Names of algorithms are checked against the key by the runner. */
export const algorithm = z.custom<AlgorithmName>((value) => typeof value === 'string' && value.length < 40);

export const encryptionContext = z
  .custom<Readonly<Record<string, string>>>(
    isContext,
    'must map well-formed strings to strings, at most 8,192 characters',
  )
  .nullable();

function isContext(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  let size = 0;
  for (const [key, item] of Object.entries(value)) {
    // a lone surrogate has no bytes of its own: it would be authenticated as another character
    if (typeof item !== 'string' || !item.isWellFormed() || !key.isWellFormed()) return false;
    size += key.length + item.length;
  }
  return size <= 8192;
}

/** A line of words of a person. */
export const textLine = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,500}$/u, 'must be a line of 1 to 500 characters');

/** The version to process with; the newest where absent or null. */
export const versionNumber = z.number().int().min(1).nullable();

export const tag = z.strictObject({ key: z.string().min(1).max(128), value: z.string().max(256) });
export const page = z.strictObject({
  after: z.string().max(1024).nullable(),
  limit: z.number().int().min(1).max(1000),
});
