import type { KeySpec, KeyUsage, Principal, Role } from '#domain';
import { operations, type KeyReference, type Operation } from '#operations';
import type { Fields } from './body.ts';
import { base64, keyView } from './views.ts';

/** What a route reads: the parts of its path, its query and its body. */
export type Parts = {
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Fields;
};

/** One route of the API. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` stands for one part. */
  readonly path: string;
  readonly operation: Operation<never, unknown>;
  readonly input: (parts: Parts) => unknown;
  readonly output: (output: never) => unknown;
};

function route<I, O>(
  method: Route['method'],
  path: string,
  operation: Operation<I, O>,
  ways: { input: (parts: Parts) => NoInfer<I>; output: (output: NoInfer<O>) => unknown },
): Route {
  return Object.freeze({ method, path, operation, ...ways }) as unknown as Route;
}

const idForm = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

/** A key by its id, by `name:NAME`, or by its plain name. */
export function keyReference(text: string): KeyReference {
  if (idForm.test(text)) return { kind: 'id', id: text };
  return { kind: 'name', name: text.startsWith('name:') ? text.slice('name:'.length) : text };
}

const key = ({ path }: Parts) => keyReference(path['key'] ?? '');
const keyIn = (body: Fields, name: string) => {
  const text = body.textOr(name, null);
  return text === null ? null : keyReference(text);
};
const page = ({ query }: Parts) => ({ after: query.get('after'), limit: Number(query.get('limit') ?? 100) });
const onlyKey = (parts: Parts) => ({ key: key(parts) });
const context = (body: Fields) => body.any<Record<string, string> | null>('context', null);
const algorithm = (body: Fields) => body.any<never>('algorithm', null as never);
const form = (body: Fields) => body.any<'raw' | 'digest' | 'external-mu'>('form', 'raw');
const dryRun = (body: Fields) => body.flag('dryRun');

type Used = { key: { id: string }; version: number };
const used = (done: Used) => ({ keyId: done.key.id, version: done.version });

const onKeys: readonly Route[] = [
  route('POST', '/keys', operations.createKey, {
    input: ({ body }) => ({
      spec: body.any<KeySpec>('spec', 'AES_256'),
      usage: body.any<KeyUsage>('usage', 'encrypt'),
      description: body.textOr('description', ''),
      tags: body.any('tags', []),
      owner: body.textOr('owner', null),
      policy: body.textOr('policy', null),
      bypassLockoutCheck: body.flag('bypassLockoutCheck'),
      name: body.textOr('name', null),
      dataClassification: body.textOr('dataClassification', null),
    }),
    output: keyView,
  }),
  route('GET', '/keys', operations.listKeys, {
    input: (parts) => ({ page: page(parts), withDestroyed: true }),
    output: ({ keys, next }) => ({ keys: keys.map(keyView), next }),
  }),
  route('GET', '/keys/{key}', operations.describeKey, { input: onlyKey, output: keyView }),
  route('POST', '/keys/{key}/enable', operations.enableKey, { input: onlyKey, output: keyView }),
  route('POST', '/keys/{key}/disable', operations.disableKey, { input: onlyKey, output: keyView }),
  route('POST', '/keys/{key}/rotate', operations.rotateKey, { input: onlyKey, output: keyView }),
  route('POST', '/keys/{key}/schedule-destroy', operations.scheduleDestruction, {
    input: (parts) => ({ key: key(parts), waitingDays: parts.body.numberOr('waitingDays', 30) }),
    output: keyView,
  }),
  route('POST', '/keys/{key}/cancel-destroy', operations.cancelDestruction, {
    input: onlyKey,
    output: keyView,
  }),
  route('PUT', '/keys/{key}/rotation', operations.enableRotation, {
    input: (parts) => ({ key: key(parts), periodDays: parts.body.numberOr('periodDays', 365) }),
    output: keyView,
  }),
  route('DELETE', '/keys/{key}/rotation', operations.disableRotation, { input: onlyKey, output: keyView }),
  route('POST', '/keys/{key}/report-compromise', operations.reportCompromise, {
    input: (parts) => ({
      key: key(parts),
      version: parts.body.numberOr('version', null),
      occurredAt: parts.body.numberOr('occurredAt', null),
    }),
    output: keyView,
  }),
  route('PUT', '/keys/{key}/description', operations.updateDescription, {
    input: (parts) => ({ key: key(parts), description: parts.body.text('description') }),
    output: keyView,
  }),
  route('GET', '/keys/{key}/policy', operations.getPolicy, {
    input: onlyKey,
    output: ({ policy }) => ({ policy }),
  }),
  route('PUT', '/keys/{key}/policy', operations.putPolicy, {
    input: (parts) => ({
      key: key(parts),
      policy: parts.body.text('policy'),
      bypassLockoutCheck: parts.body.flag('bypassLockoutCheck'),
    }),
    output: keyView,
  }),
  route('POST', '/keys/{key}/tags', operations.tagKey, {
    input: (parts) => ({ key: key(parts), tags: parts.body.any('tags', []) }),
    output: keyView,
  }),
  route('POST', '/keys/{key}/untag', operations.untagKey, {
    input: (parts) => ({ key: key(parts), tagKeys: parts.body.any('tagKeys', []) }),
    output: keyView,
  }),
  route('GET', '/keys/{key}/last-use', operations.lastUse, {
    input: onlyKey,
    output: ({ lastUse, trackingSince }) => ({
      lastUse,
      trackingSince: new Date(trackingSince).toISOString(),
    }),
  }),
  route('GET', '/names', operations.listNames, {
    input: (parts) => {
      const named = parts.query.get('key');
      return { key: named === null ? null : keyReference(named), page: page(parts) };
    },
    output: (done) => done,
  }),
  route('POST', '/names', operations.createName, {
    input: ({ body }) => ({ name: body.text('name'), key: keyReference(body.text('key')) }),
    output: (done) => done,
  }),
  route('PUT', '/names/{name}', operations.moveName, {
    input: ({ path, body }) => ({ name: path['name'] ?? '', key: keyReference(body.text('key')) }),
    output: (done) => done,
  }),
  route('DELETE', '/names/{name}', operations.deleteName, {
    input: ({ path }) => ({ name: path['name'] ?? '' }),
    output: (done) => done,
  }),
];

const cryptographic: readonly Route[] = [
  route('POST', '/keys/{key}/encrypt', operations.encrypt, {
    input: (parts) => ({
      key: key(parts),
      plaintext: parts.body.bytes('plaintext'),
      context: context(parts.body),
      algorithm: algorithm(parts.body),
      version: parts.body.numberOr('version', null),
      dryRun: dryRun(parts.body),
    }),
    output: (done) => ({ ...used(done), algorithm: done.algorithm, ciphertext: base64(done.ciphertext) }),
  }),
  route('POST', '/decrypt', operations.decrypt, {
    input: ({ body }) => ({
      key: keyIn(body, 'key'),
      ciphertext: body.bytes('ciphertext'),
      context: context(body),
      algorithm: algorithm(body),
      dryRun: dryRun(body),
    }),
    output: (done) => ({ ...used(done), algorithm: done.algorithm, plaintext: base64(done.plaintext) }),
  }),
  route('POST', '/keys/{key}/data-key', operations.generateDataKey, {
    input: (parts) => ({
      key: key(parts),
      length: parts.body.numberOr('length', 32),
      context: context(parts.body),
      dryRun: dryRun(parts.body),
    }),
    output: (done) => ({
      ...used(done),
      plaintext: done.plaintext && base64(done.plaintext),
      ciphertext: base64(done.ciphertext),
    }),
  }),
  route('POST', '/keys/{key}/sign', operations.sign, {
    input: (parts) => ({
      key: key(parts),
      message: parts.body.bytes('message'),
      form: form(parts.body),
      algorithm: algorithm(parts.body),
      dryRun: dryRun(parts.body),
    }),
    output: (done) => ({ ...used(done), algorithm: done.algorithm, signature: base64(done.signature) }),
  }),
  route('POST', '/keys/{key}/verify', operations.verify, {
    input: (parts) => ({
      key: key(parts),
      message: parts.body.bytes('message'),
      form: form(parts.body),
      algorithm: algorithm(parts.body),
      signature: parts.body.bytes('signature'),
      dryRun: dryRun(parts.body),
    }),
    output: (done) => ({ ...used(done), algorithm: done.algorithm, valid: true }),
  }),
  route('POST', '/keys/{key}/mac', operations.generateMac, {
    input: (parts) => ({
      key: key(parts),
      message: parts.body.bytes('message'),
      algorithm: algorithm(parts.body),
      dryRun: dryRun(parts.body),
    }),
    output: (done) => ({ ...used(done), algorithm: done.algorithm, mac: base64(done.mac) }),
  }),
  route('POST', '/keys/{key}/verify-mac', operations.verifyMac, {
    input: (parts) => ({
      key: key(parts),
      message: parts.body.bytes('message'),
      mac: parts.body.bytes('mac'),
      algorithm: algorithm(parts.body),
      dryRun: dryRun(parts.body),
    }),
    output: (done) => ({ ...used(done), algorithm: done.algorithm, valid: true }),
  }),
  route('GET', '/keys/{key}/public-key', operations.getPublicKey, {
    input: onlyKey,
    output: (done) => ({ ...used(done), publicKey: base64(done.publicKey), algorithms: done.algorithms }),
  }),
  route('POST', '/random', operations.generateRandom, {
    input: ({ body }) => ({ length: body.numberOr('length', 32) }),
    output: ({ bytes }) => ({ bytes: base64(bytes) }),
  }),
];

const ofTheHouse: readonly Route[] = [
  route('GET', '/environments', operations.listEnvironments, { input: () => ({}), output: (done) => done }),
  route('POST', '/environments', operations.createEnvironment, {
    input: ({ body }) => ({ name: body.text('name'), accountId: body.textOr('accountId', null) }),
    output: (done) => done,
  }),
  route('POST', '/environments/{environment}/administrator', operations.createAdministrator, {
    input: ({ path, body }) => ({
      environment: path['environment'] ?? '',
      name: body.textOr('name', 'admin'),
    }),
    output: (done) => done,
  }),
  route('GET', '/principals', operations.listPrincipals, { input: () => ({}), output: (done) => done }),
  route('POST', '/principals', operations.createPrincipal, {
    input: ({ body }) => ({
      name: body.text('name'),
      kind: body.any<Principal['kind']>('kind', 'service'),
      roles: body.any<Role[]>('roles', ['user']),
    }),
    output: (done) => done,
  }),
  route('PUT', '/principals/{principal}', operations.setPrincipal, {
    input: ({ path, body }) => ({
      name: path['principal'] ?? '',
      roles: body.any('roles', null),
      disabled: body.any('disabled', null),
    }),
    output: (done) => done,
  }),
  route('GET', '/principals/{principal}/credentials', operations.listCredentials, {
    input: ({ path }) => ({ principal: path['principal'] ?? '' }),
    output: (done) => done,
  }),
  route('POST', '/principals/{principal}/access-keys', operations.createAccessKey, {
    input: ({ path }) => ({ principal: path['principal'] ?? '' }),
    output: ({ accessKeyId, secretAccessKey }) => ({ accessKeyId, secretAccessKey }),
  }),
  route('POST', '/principals/{principal}/tokens', operations.createToken, {
    input: ({ path }) => ({ principal: path['principal'] ?? '' }),
    output: ({ tokenId, token }) => ({ tokenId, token }),
  }),
  route('DELETE', '/principals/{principal}/credentials/{id}', operations.deleteCredential, {
    input: ({ path }) => ({ principal: path['principal'] ?? '', id: path['id'] ?? '' }),
    output: (done) => done,
  }),
  route('GET', '/status', operations.serverStatus, { input: () => ({}), output: (done) => done }),
];

/** Every route of the API. */
export const routes: readonly Route[] = Object.freeze([...onKeys, ...cryptographic, ...ofTheHouse]);
