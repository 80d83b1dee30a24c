import { z } from 'zod';
import { operations } from '#operations';
import { algorithm, base64Bytes, dryRun, form, keyIn } from '../fields.ts';
import { route, type Route } from '../route.ts';
import { base64, base64Of, usedAlgorithm, usedOf } from '../views.ts';

const valid = z.strictObject({ ...usedAlgorithm, valid: z.literal(true) });
const signBody = { message: base64Bytes, form, algorithm, dryRun };
const macBody = { message: base64Bytes, algorithm, dryRun };

/** Signatures and message authentication codes. */
export const signingRoutes: readonly Route[] = [
  route('POST /keys/{key}/sign', operations.sign, {
    about: 'Sign a message of up to 64 KiB, or its digest',
    body: signBody,
    answer: z.strictObject({ ...usedAlgorithm, signature: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({ ...usedOf(done), algorithm: done.algorithm, signature: base64Of(done.signature) }),
  }),
  route('POST /keys/{key}/verify', operations.verify, {
    about: 'Check a signature; a wrong one is the error signature-invalid',
    body: { ...signBody, signature: base64Bytes },
    answer: valid,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({ ...usedOf(done), algorithm: done.algorithm, valid: true as const }),
  }),
  route('POST /keys/{key}/mac', operations.generateMac, {
    about: 'Make a message authentication code',
    body: macBody,
    answer: z.strictObject({ ...usedAlgorithm, mac: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({ ...usedOf(done), algorithm: done.algorithm, mac: base64Of(done.mac) }),
  }),
  route('POST /keys/{key}/verify-mac', operations.verifyMac, {
    about: 'Check a code; a wrong one is the error mac-invalid',
    body: { ...macBody, mac: base64Bytes },
    answer: valid,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({ ...usedOf(done), algorithm: done.algorithm, valid: true as const }),
  }),
];
