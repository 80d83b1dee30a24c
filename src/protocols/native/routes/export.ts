import { z } from 'zod';
import { exportWraps, operations, type ExportedKey } from '#operations';
import { base64Bytes, keyIn, keyReference, keyText, onlyKey } from '../fields.ts';
import { route, type Route } from '../route.ts';
import { base64, base64Of } from '../views.ts';
import { copyAnswer, copyView } from './recovery.ts';

const common = {
  version: z.int().nullable().default(null).describe('else the newest'),
  place: z.string().describe('where the copy goes, in words'),
  holder: z.string().describe('who answers for it'),
};

const exportAnswer = z.strictObject({
  keyId: z.string(),
  version: z.int(),
  wrap: z.string(),
  wrapped: base64,
  copy: copyAnswer,
});

function exportView({ wrapped, copy, ...rest }: ExportedKey): z.input<typeof exportAnswer> {
  return { ...rest, wrapped: base64Of(wrapped), copy: copyView(copy) };
}

/** Material that leaves, always wrapped, and the copies that are known of it. */
export const exportRoutes: readonly Route[] = [
  route('POST /keys/{key}/export', operations.exportKey, {
    about: 'Wrap the material of an exportable key for the holder of an RSA key; the copy is registered',
    body: {
      ...common,
      publicKey: base64Bytes.describe(
        'SubjectPublicKeyInfo of the recipient, DER: RSA of 2048 bits and more',
      ),
      wrap: z.enum(exportWraps).default('RSA_AES_KEY_WRAP_SHA_256'),
    },
    answer: exportAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: exportView,
  }),
  route('POST /keys/{key}/export-under-key', operations.exportUnderKey, {
    about:
      'Wrap the material of an exportable key under another key of the environment; the copy is registered',
    body: {
      ...common,
      wrappingKey: keyText,
      form: z.enum(['AES_KWP', 'TR_31_D']).default('AES_KWP').describe('TR_31_D: a key block, as text'),
      exportability: z.enum(['N', 'E', 'S']).default('N').describe('what a key block allows its recipient'),
    },
    answer: exportAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body, wrappingKey: keyReference(body.wrappingKey) }),
    output: exportView,
  }),
  route('GET /keys/{key}/copies', operations.listKeyCopies, {
    about: 'The registered exports of a key',
    answer: z.strictObject({ copies: z.array(copyAnswer) }),
    input: onlyKey,
    output: ({ copies }) => ({ copies: copies.map(copyView) }),
  }),
];
