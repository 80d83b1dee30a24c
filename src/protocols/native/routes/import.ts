import { z } from 'zod';
import { operations, transportSpecs, transportWraps } from '#operations';
import { base64Bytes, keyIn, keyReference, keyText } from '../fields.ts';
import { route, type Route } from '../route.ts';
import { base64, base64Of, keyAnswer, keyView, timeOf } from '../views.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const isNew = z
  .boolean()
  .nullable()
  .default(null)
  .describe('new material, which protects from the next rotation on; null: only the first is new');

/** Material that comes from outside. */
export const importRoutes: readonly Route[] = [
  route('POST /keys/{key}/import-parameters', operations.getImportParameters, {
    about: 'A wrapping key and a token for material that comes from outside, good for 24 hours',
    body: {
      wrap: z.enum(transportWraps).default('RSA_AES_KEY_WRAP_SHA_256'),
      wrappingSpec: z.enum(transportSpecs).default('RSA_4096'),
    },
    answer: z.strictObject({
      keyId: z.string(),
      token: base64,
      publicKey: base64,
      expiresAt: z.iso.datetime(),
    }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({
      keyId: done.key.id,
      token: base64Of(done.token),
      publicKey: base64Of(done.publicKey),
      expiresAt: timeOf(done.expiresAt),
    }),
  }),
  route('PUT /keys/{key}/material', operations.importMaterial, {
    about: 'Take material from outside, wrapped under the key of the token',
    body: {
      token: base64Bytes,
      wrapped: base64Bytes,
      expiresAt: instant.nullable().default(null).describe('when it is deleted by itself; null: never'),
      isNew,
      materialId: z.string().nullable().default(null).describe('the material that must come back'),
      description: z.string().nullable().default(null).describe('of the material; else as it was'),
    },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: ({ key }, about) => keyView(key, about),
  }),
  route('PUT /keys/{key}/material-under-key', operations.importUnderKey, {
    about: 'Take material from outside, wrapped under a key of the environment',
    body: {
      wrappingKey: keyText,
      wrappingVersion: z.int().nullable().default(null).describe('else the newest'),
      form: z.enum(['AES_KWP', 'TR_31_D']).default('AES_KWP').describe('TR_31_D: a key block, as text'),
      wrapped: base64Bytes,
      expiresAt: instant.nullable().default(null).describe('when it is deleted by itself; null: never'),
      isNew,
    },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body, wrappingKey: keyReference(body.wrappingKey) }),
    output: ({ key }, about) => keyView(key, about),
  }),
  route('DELETE /keys/{key}/material', operations.deleteImportedMaterial, {
    about: 'Delete imported material; the key takes the same again',
    query: { materialId: z.string().optional().describe('else the one that protects') },
    answer: keyAnswer,
    input: ({ path, query }) => ({ key: keyIn(path), materialId: query.materialId ?? null }),
    output: ({ key }, about) => keyView(key, about),
  }),
];
