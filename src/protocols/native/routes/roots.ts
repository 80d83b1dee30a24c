import { z } from 'zod';
import { operations } from '#operations';
import { route, type PathParts, type Route } from '../route.ts';

const root = z.strictObject({ kind: z.string(), where: z.string(), tier: z.string() });
const to = z.string().describe('as CLAVIGER_ROOT; secrets are in files of the server');
const rekeyAnswer = z.strictObject({
  name: z.string(),
  generation: z.int().describe('the key-encryption key that seals, counted from 1'),
  running: z.boolean().describe('what older keys sealed is being sealed anew'),
});
const nameIn = ({ path }: { path: PathParts }) => ({ name: path['environment'] ?? '' });

/** The root of trust, and the key-encryption keys of environments. */
export const rootRoutes: readonly Route[] = [
  route('GET /root', operations.rootStatus, {
    about: 'Which root of trust the store is under, and how far a migration is',
    answer: z.strictObject({
      root,
      id: z.string().nullable(),
      since: z.string().nullable(),
      isCurrent: z.boolean().describe('this node has the root that the store is under'),
      progress: z.strictObject({ done: z.int(), total: z.int() }).nullable(),
    }),
    input: () => ({}),
    output: (done) => ({ ...done, since: done.since === null ? null : new Date(done.since).toISOString() }),
  }),
  route('POST /root/prepare', operations.prepareRoot, {
    about: 'Open a root that is to take over, and try it',
    body: { to },
    answer: z.strictObject({ root, isCurrent: z.boolean(), wrappings: z.int() }),
    input: ({ body }) => body,
    output: (done) => done,
  }),
  route('POST /root/migrate', operations.migrateRoot, {
    about: 'Put the store under another root of trust',
    body: { to },
    answer: z.strictObject({
      root,
      switched: z.boolean().describe('false: the store was under this root already'),
      wrappings: z.int(),
    }),
    input: ({ body }) => body,
    output: (done) => done,
  }),
  route('POST /root/verify', operations.verifyRoot, {
    about: 'Open everything that the root of trust wraps',
    answer: z.strictObject({ wrappings: z.int() }),
    input: () => ({}),
    output: (done) => done,
  }),
  route('POST /root/successor', operations.makeSuccessorRoot, {
    about: 'Make a new root key at the same kind of place; the store is not under it yet',
    body: { passphraseFile: z.string().nullable().default(null).describe('a file of the server, 0600') },
    answer: z.strictObject({ uri: z.string() }),
    input: ({ body }) => body,
    output: (done) => done,
  }),
  route('POST /environments/{environment}/rekey', operations.rekeyEnvironment, {
    about: 'Give an environment a new key-encryption key, and seal everything anew',
    answer: rekeyAnswer,
    input: nameIn,
    output: (done) => done,
  }),
  route('GET /environments/{environment}/rekey', operations.rekeyStatus, {
    about: 'Which key-encryption key seals in an environment, and whether older ones are still there',
    answer: rekeyAnswer,
    input: nameIn,
    output: (done) => done,
  }),
];
