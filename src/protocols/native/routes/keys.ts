import { z } from 'zod';
import { factsOf, type KeySpec, type KeyUsage } from '#domain';
import { operations } from '#operations';
import { algorithmName, keyIn, onlyKey, pageOf, pageQuery, spec, tag, usage } from '../fields.ts';
import { route, type Route } from '../route.ts';
import {
  base64,
  base64Of,
  keyAnswer,
  keyView,
  next,
  rotationAnswer,
  rotationView,
  timeOf,
  used,
  usedOf,
  versionAnswer,
  versionView,
} from '../views.ts';

const ofKey = { answer: keyAnswer, input: onlyKey, output: keyView };
const policy = z.string().describe('a policy document, as text');
const bypassLockoutCheck = z.boolean().default(false);
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const firstUsage = (wanted: KeySpec): KeyUsage => factsOf(wanted).usages[0] ?? 'encrypt';

/** Keys and their life. */
export const keyRoutes: readonly Route[] = [
  route('POST /keys', operations.createKey, {
    about: 'Make a key',
    body: {
      spec: spec.default('AES_256'),
      usage: usage.nullable().default(null).describe('else the first one of the spec'),
      description: z.string().default(''),
      tags: z.array(tag).default([]),
      owner: z.string().nullable().default(null).describe('else who makes it'),
      policy: policy.nullable().default(null),
      bypassLockoutCheck,
      name: z.string().nullable().default(null),
      dataClassification: z.string().nullable().default(null),
      origin: z
        .enum(['generated', 'imported'])
        .default('generated')
        .describe('imported: its material comes later'),
      tier: z
        .enum(['hsm', 'served', 'delivered', 'development'])
        .nullable()
        .default(null)
        .describe('refused unless the server gives it; else its default'),
      exportable: z
        .boolean()
        .default(false)
        .describe('its material may leave, wrapped for a recipient; never changed afterwards'),
      materialBytes: z.number().optional().describe('size of a key of spec HMAC: 32 to 512'),
    },
    answer: keyAnswer,
    input: ({ body }) => ({ ...body, usage: body.usage ?? firstUsage(body.spec) }),
    output: keyView,
  }),
  route('GET /keys', operations.listKeys, {
    about: 'The keys of the environment',
    query: pageQuery,
    answer: z.strictObject({ keys: z.array(keyAnswer), next }),
    input: ({ query }) => ({ page: pageOf(query), withDestroyed: true }),
    output: (done, about) => ({ keys: done.keys.map((key) => keyView(key, about)), next: done.next }),
  }),
  route('GET /keys/{key}', operations.describeKey, { about: 'One key with its versions', ...ofKey }),
  route('POST /keys/{key}/enable', operations.enableKey, {
    about: 'Take a suspended key up again',
    ...ofKey,
  }),
  route('POST /keys/{key}/disable', operations.disableKey, { about: 'Suspend a key', ...ofKey }),
  route('POST /keys/{key}/rotate', operations.rotateKey, {
    about: 'Make a new version that protects from now on',
    ...ofKey,
  }),
  route('POST /keys/{key}/schedule-destroy', operations.scheduleDestruction, {
    about: 'Stop a key now, and destroy it after a waiting period',
    body: {
      waitingDays: z.number().default(30),
      reason: z
        .string()
        .nullable()
        .default(null)
        .describe('why, for the record: a line of at most 500 characters'),
    },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: keyView,
  }),
  route('POST /keys/{key}/cancel-destroy', operations.cancelDestruction, {
    about: 'Call a scheduled destruction off; the key comes back suspended',
    ...ofKey,
  }),
  route('GET /keys/{key}/rotation', operations.getRotationStatus, {
    about: 'Whether and when a key rotates by itself',
    answer: z.strictObject({ rotation: rotationAnswer.nullable() }),
    input: onlyKey,
    output: (key) => ({ rotation: rotationView(key) }),
  }),
  route('PUT /keys/{key}/rotation', operations.enableRotation, {
    about: 'Rotate a key by itself, or change the period',
    body: { periodDays: z.number().default(365) },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), periodDays: body.periodDays }),
    output: keyView,
  }),
  route('DELETE /keys/{key}/rotation', operations.disableRotation, {
    about: 'Rotate a key only on demand',
    ...ofKey,
  }),
  route('GET /keys/{key}/rotations', operations.listRotations, {
    about: 'The versions that rotations made, oldest first',
    query: pageQuery,
    answer: z.strictObject({ versions: z.array(versionAnswer), next }),
    input: ({ path, query }) => ({ key: keyIn(path), page: pageOf(query), withFirst: false }),
    output: (done) => ({
      versions: done.versions.map((version) => versionView(done.key, version)),
      next: done.next,
    }),
  }),
  route('POST /keys/{key}/report-compromise', operations.reportCompromise, {
    about: 'Report that others know or may know the material of a version: it stops at once',
    body: {
      version: z.number().nullable().default(null).describe('else the newest'),
      occurredAt: instant.nullable().default(null),
    },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: keyView,
  }),
  route('GET /keys/{key}/public-key', operations.getPublicKey, {
    about: 'The public half of a key pair, SubjectPublicKeyInfo in DER',
    answer: z.strictObject({ ...used, publicKey: base64, algorithms: z.array(algorithmName) }),
    input: onlyKey,
    output: (done) => ({
      ...usedOf(done),
      publicKey: base64Of(done.publicKey),
      algorithms: [...done.algorithms],
    }),
  }),
  route('GET /keys/{key}/last-use', operations.lastUse, {
    about: 'What last used a key, and since when that is watched',
    answer: z.strictObject({
      lastUse: z
        .strictObject({
          operation: z.string(),
          at: z.iso.datetime(),
          requestId: z.string(),
          principal: z.string(),
        })
        .nullable(),
      trackingSince: z.iso.datetime(),
    }),
    input: onlyKey,
    output: ({ lastUse, trackingSince }) => ({
      lastUse: lastUse && { ...lastUse, at: timeOf(lastUse.at) },
      trackingSince: timeOf(trackingSince),
    }),
  }),
];

/** What a key says of itself, and who may use it. */
export const attributeRoutes: readonly Route[] = [
  route('PUT /keys/{key}/description', operations.updateDescription, {
    about: 'Change what a key says of itself',
    body: { description: z.string() },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), description: body.description }),
    output: keyView,
  }),
  route('PUT /keys/{key}/owner', operations.setOwner, {
    about: 'Hand a key over to another owner; who may use it does not change',
    body: { owner: z.string() },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), owner: body.owner }),
    output: keyView,
  }),
  route('GET /keys/{key}/policy', operations.getPolicy, {
    about: 'The key policy as it was written',
    answer: z.strictObject({ policy }),
    input: onlyKey,
    output: (done) => ({ policy: done.policy }),
  }),
  route('PUT /keys/{key}/policy', operations.putPolicy, {
    about: 'Replace the key policy, unless it would lock its writer out',
    body: { policy, bypassLockoutCheck },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: keyView,
  }),
  route('GET /keys/{key}/tags', operations.listTags, {
    about: 'The tags of a key',
    query: pageQuery,
    answer: z.strictObject({ tags: z.array(tag), next }),
    input: ({ path, query }) => ({ key: keyIn(path), page: pageOf(query) }),
    output: (done) => ({ tags: [...done.tags], next: done.next }),
  }),
  route('POST /keys/{key}/tags', operations.tagKey, {
    about: 'Set tags; one that is there already gets the new value',
    body: { tags: z.array(tag) },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), tags: body.tags }),
    output: keyView,
  }),
  route('POST /keys/{key}/untag', operations.untagKey, {
    about: 'Remove tags',
    body: { tagKeys: z.array(z.string()) },
    answer: keyAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), tagKeys: body.tagKeys }),
    output: keyView,
  }),
];
