import { z } from 'zod';
import { operations } from '#operations';
import {
  algorithm,
  base64Bytes,
  context,
  dryRun,
  keyIn,
  keyOr,
  keyReference,
  keyText,
  spec,
} from '../fields.ts';
import { route, type Route } from '../route.ts';
import { base64, base64Of, handOut, used, usedAlgorithm, usedOf } from '../views.ts';

const dataKeyBody = { length: z.number().default(32).describe('bytes, 1 to 1024'), context, dryRun };
const pairBody = { spec, context, dryRun };
const side = z.strictObject(usedAlgorithm);

/** Encryption, and keys for the data of clients. */
export const encryptionRoutes: readonly Route[] = [
  route('POST /keys/{key}/encrypt', operations.encrypt, {
    about: 'Encrypt up to 64 KiB',
    body: {
      plaintext: base64Bytes,
      context,
      algorithm,
      version: z.number().nullable().default(null),
      dryRun,
    },
    answer: z.strictObject({ ...usedAlgorithm, ciphertext: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({
      ...usedOf(done),
      algorithm: done.algorithm,
      ciphertext: base64Of(done.ciphertext),
    }),
  }),
  route('POST /decrypt', operations.decrypt, {
    about: 'Open a ciphertext; a symmetric one says itself which key it needs',
    body: {
      ciphertext: base64Bytes,
      key: keyText.nullable().default(null),
      context,
      algorithm,
      dryRun,
    },
    answer: z.strictObject({ ...usedAlgorithm, plaintext: base64 }),
    input: ({ body }) => ({ ...body, key: keyOr(body.key) }),
    output: (done) => ({ ...usedOf(done), algorithm: done.algorithm, plaintext: handOut(done.plaintext) }),
  }),
  route('POST /re-encrypt', operations.reencrypt, {
    about: 'Open a ciphertext and protect it again; the plaintext does not leave the server',
    body: {
      ciphertext: base64Bytes,
      source: z.strictObject({ key: keyText.nullable().default(null), context, algorithm }).prefault({}),
      destination: z.strictObject({ key: keyText, context, algorithm }),
      dryRun,
    },
    answer: z.strictObject({ source: side, destination: side, ciphertext: base64 }),
    input: ({ body }) => ({
      ...body,
      source: { ...body.source, key: keyOr(body.source.key) },
      destination: { ...body.destination, key: keyReference(body.destination.key) },
    }),
    output: ({ source, destination, ciphertext }) => ({
      source: { ...usedOf(source), algorithm: source.algorithm },
      destination: { ...usedOf(destination), algorithm: destination.algorithm },
      ciphertext: base64Of(ciphertext),
    }),
  }),
  route('POST /keys/{key}/data-key', operations.generateDataKey, {
    about: 'Make a data key: in clear to be used at once, and encrypted to be kept',
    body: dataKeyBody,
    answer: z.strictObject({ ...used, plaintext: base64, ciphertext: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({
      ...usedOf(done),
      plaintext: handOut(done.plaintext ?? new Uint8Array()),
      ciphertext: base64Of(done.ciphertext),
    }),
  }),
  route('POST /keys/{key}/data-key-without-plaintext', operations.generateDataKeyWithoutPlaintext, {
    about: 'Make a data key that is only kept, encrypted',
    body: dataKeyBody,
    answer: z.strictObject({ ...used, ciphertext: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({ ...usedOf(done), ciphertext: base64Of(done.ciphertext) }),
  }),
  route('POST /keys/{key}/data-key-pair', operations.generateDataKeyPair, {
    about: 'Make a key pair for use outside: the private key (PKCS#8) in clear, and encrypted to be kept',
    body: pairBody,
    answer: z.strictObject({ ...used, publicKey: base64, privateKey: base64, privateCiphertext: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({
      ...usedOf(done),
      publicKey: base64Of(done.publicKey),
      privateKey: handOut(done.privateKey ?? new Uint8Array()),
      privateCiphertext: base64Of(done.privateCiphertext),
    }),
  }),
  route('POST /keys/{key}/data-key-pair-without-plaintext', operations.generateDataKeyPairWithoutPlaintext, {
    about: 'Make a key pair of which only the public half leaves in clear',
    body: pairBody,
    answer: z.strictObject({ ...used, publicKey: base64, privateCiphertext: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({
      ...usedOf(done),
      publicKey: base64Of(done.publicKey),
      privateCiphertext: base64Of(done.privateCiphertext),
    }),
  }),
  route('POST /keys/{key}/derive-shared-secret', operations.deriveSharedSecret, {
    about: 'Agree on a secret with the holder of another key pair',
    body: {
      publicKey: base64Bytes.describe('SubjectPublicKeyInfo of the other, DER'),
      algorithm,
      dryRun,
    },
    answer: z.strictObject({ ...used, secret: base64 }),
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: (done) => ({ ...usedOf(done), secret: handOut(done.secret) }),
  }),
  route('POST /random', operations.generateRandom, {
    about: 'Random bytes',
    body: { length: z.number().default(32).describe('bytes, 1 to 1024') },
    answer: z.strictObject({ bytes: base64 }),
    input: ({ body }) => ({ length: body.length }),
    output: ({ bytes }) => ({ bytes: handOut(bytes) }),
  }),
];
