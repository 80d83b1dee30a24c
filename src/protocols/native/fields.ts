import { z } from 'zod';
import { ClavigerError, factsOf, keySpecNames, keyUsages, roles, type AlgorithmName } from '#domain';
import type { KeyReference } from '#operations';
import type { PathParts } from './route.ts';

/** The parts of which queries and bodies are made. */

const idForm = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
const nameForm = /^[a-zA-Z0-9/_.-]{1,250}$/;

/** A key by its id, by `name:NAME`, or by its plain name. */
export function keyReference(text: string): KeyReference {
  if (idForm.test(text)) return { kind: 'id', id: text };
  const name = text.startsWith('name:') ? text.slice('name:'.length) : text;
  if (nameForm.test(name)) return { kind: 'name', name };
  throw new ClavigerError(
    'name-invalid',
    'A key is named by its id, or by a name of letters, digits and /_-.',
    {
      details: { field: 'key' },
    },
  );
}

export const keyText = z.string().max(256).describe('id of a key, or its name, or `name:` and its name');

export const keyIn = (path: PathParts): KeyReference => keyReference(path['key'] ?? '');
export const keyOr = (text: string | null): KeyReference | null =>
  text === null ? null : keyReference(text);
export const onlyKey = ({ path }: { path: PathParts }) => ({ key: keyIn(path) });

/** Bytes as base64, in the one way in which they can be written. */
export const base64Bytes = z
  .string()
  .meta({ contentEncoding: 'base64' })
  .transform((text, issues): Uint8Array => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) issues.addIssue({ code: 'custom', message: 'must be base64' });
    return bytes;
  });

const algorithmNames = [...new Set(keySpecNames.flatMap((spec) => factsOf(spec).algorithms))];

export const spec = z.enum(keySpecNames);
export const usage = z.enum(keyUsages);
export const role = z.enum(roles);
export const algorithmName: z.ZodType<AlgorithmName> = z.enum(algorithmNames);
export const algorithm = algorithmName.nullable().default(null).describe('else the one that the key prefers');
export const context = z
  .record(z.string(), z.string())
  .nullable()
  .default(null)
  .describe('encryption context: bound to the ciphertext, the same is needed to open it');
export const dryRun = z.boolean().default(false).describe('try everything, do nothing');
export const form = z.enum(['raw', 'digest', 'external-mu']).default('raw');
export const tag = z.strictObject({ key: z.string().min(1).max(128), value: z.string().max(256) });

/** The query of a list. */
export const pageQuery = {
  after: z
    .string()
    .regex(/^\P{Cc}{1,1024}$/u)
    .optional()
    .describe('the marker `next` of the page before'),
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/, 'must be 1 to 1000')
    .default('100')
    .describe('1 to 1000'),
};

export const pageOf = (query: { after?: string | undefined; limit: string }) => ({
  after: query.after ?? null,
  limit: Number(query.limit),
});
