import { z } from 'zod';
import { operations } from '#operations';
import { role } from '../fields.ts';
import { route, type PathParts, type Route } from '../route.ts';
import {
  credentialAnswer,
  credentialView,
  environmentAnswer,
  environmentView,
  nothing,
  principalAnswer,
  principalView,
} from '../views.ts';

const principalIn = (path: PathParts): string => path['principal'] ?? '';
const onlyPrincipal = ({ path }: { path: PathParts }) => ({ principal: principalIn(path) });
const accessKey = { accessKeyId: z.string(), secretAccessKey: z.string().describe('told once') };
const token = z.string().describe('told once');

/** Environments, principals, credentials, and the server itself. */
export const houseRoutes: readonly Route[] = [
  route('GET /environments', operations.listEnvironments, {
    about: 'The environments that the caller can see',
    answer: z.strictObject({ environments: z.array(environmentAnswer) }),
    input: () => ({}),
    output: ({ environments }) => ({ environments: environments.map(environmentView) }),
  }),
  route('POST /environments', operations.createEnvironment, {
    about: 'Make an environment',
    body: { name: z.string(), accountId: z.string().nullable().default(null).describe('12 digits') },
    answer: environmentAnswer,
    input: ({ body }) => body,
    output: environmentView,
  }),
  route('POST /environments/{environment}/administrator', operations.createAdministrator, {
    about: 'Make the first administrator of a new environment, with credentials',
    body: { name: z.string().default('admin') },
    answer: z.strictObject({ principal: principalAnswer, accountId: z.string(), ...accessKey, token }),
    input: ({ path, body }) => ({ environment: path['environment'] ?? '', name: body.name }),
    output: (done) => ({ ...done, principal: principalView(done.principal) }),
  }),
  route('GET /principals', operations.listPrincipals, {
    about: 'The principals of the environment',
    answer: z.strictObject({ principals: z.array(principalAnswer) }),
    input: () => ({}),
    output: ({ principals }) => ({ principals: principals.map(principalView) }),
  }),
  route('POST /principals', operations.createPrincipal, {
    about: 'Make a principal; it has no credential yet',
    body: {
      name: z.string(),
      kind: z.enum(['user', 'service', 'workload']).default('service'),
      roles: z.array(role).default(['user']),
    },
    answer: principalAnswer,
    input: ({ body }) => body,
    output: principalView,
  }),
  route('PUT /principals/{principal}', operations.setPrincipal, {
    about: "Change a principal's roles, or disable it",
    body: {
      roles: z.array(role).nullable().default(null),
      disabled: z.boolean().nullable().default(null),
    },
    answer: principalAnswer,
    input: ({ path, body }) => ({ name: principalIn(path), ...body }),
    output: principalView,
  }),
  route('GET /principals/{principal}/credentials', operations.listCredentials, {
    about: 'The credentials of a principal, without their secrets',
    answer: z.strictObject({ credentials: z.array(credentialAnswer) }),
    input: onlyPrincipal,
    output: ({ credentials }) => ({ credentials: credentials.map(credentialView) }),
  }),
  route('DELETE /principals/{principal}/credentials/{id}', operations.deleteCredential, {
    about: 'Revoke a credential; it stops on every node within a second',
    answer: nothing,
    input: ({ path }) => ({ principal: principalIn(path), id: path['id'] ?? '' }),
    output: () => ({}),
  }),
  route('POST /principals/{principal}/access-keys', operations.createAccessKey, {
    about: 'Make an access key for AWS clients',
    answer: z.strictObject(accessKey),
    input: onlyPrincipal,
    output: ({ accessKeyId, secretAccessKey }) => ({ accessKeyId, secretAccessKey }),
  }),
  route('POST /principals/{principal}/tokens', operations.createToken, {
    about: 'Make a bearer token',
    answer: z.strictObject({ tokenId: z.string(), token }),
    input: onlyPrincipal,
    output: (done) => ({ tokenId: done.tokenId, token: done.token }),
  }),
  route('GET /status', operations.serverStatus, {
    about: 'How the node is doing',
    answer: z.strictObject({
      node: z.string(),
      store: z.string(),
      root: z.strictObject({ kind: z.string(), where: z.string(), tier: z.string() }),
      log: z.strictObject({ writable: z.boolean(), problem: z.string().nullable(), size: z.int() }),
      keys: z.int(),
      cachedKeys: z.int(),
      fips: z.string().nullable(),
    }),
    input: () => ({}),
    output: (done) => done,
  }),
];
