import { z } from 'zod';
import { operations } from '#operations';
import type { Copy } from '#ports';
import { route, type Route } from '../route.ts';
import { timeOf } from '../views.ts';

export const copyAnswer = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['export', 'backup', 'escrow']),
    keyId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    place: z.string(),
    holder: z.string(),
    status: z.enum(['live', 'replaced', 'destroyed']),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .meta({ id: 'Copy' });

/** A copy as the API tells it, whatever kinds of them there are. */
export function copyView<C extends Omit<Copy, 'kind'>>(copy: C) {
  return { ...copy, createdAt: timeOf(copy.createdAt), detail: { ...copy.detail } };
}

const holder = z.strictObject({ name: z.string(), publicKey: z.string().describe('P-256, PEM') });
const holdersAnswer = { threshold: z.int(), holders: z.array(holder) };

/** Recovery holders and the register of copies. */
export const recoveryRoutes: readonly Route[] = [
  route('GET /recovery/holders', operations.listRecoveryHolders, {
    about: 'Who together can open backups and escrows',
    answer: z.strictObject({ set: z.strictObject(holdersAnswer).nullable() }),
    input: () => ({}),
    output: ({ set }) => ({ set: set && { ...set, holders: [...set.holders] } }),
  }),
  route('PUT /recovery/holders', operations.setRecoveryHolders, {
    about: 'Set who together can open backups and escrows that are made from now on',
    body: { threshold: z.int(), holders: z.array(holder) },
    answer: z.strictObject(holdersAnswer),
    input: ({ body }) => body,
    output: (set) => ({ ...set, holders: [...set.holders] }),
  }),
  route('POST /recovery/drills', operations.recordDrill, {
    about: 'Take down that keys of the environment were recovered in a drill',
    body: { backup: z.string(), keys: z.array(z.string()) },
    answer: z.strictObject({ recorded: z.int() }),
    input: ({ body }) => body,
    output: (done) => done,
  }),
  route('GET /copies', operations.listCopies, {
    about: 'The register of copies: backups, escrows and exports',
    query: { kind: z.enum(['export', 'backup', 'escrow']).nullable().default(null) },
    answer: z.strictObject({ copies: z.array(copyAnswer) }),
    input: ({ query }) => query,
    output: ({ copies }) => ({ copies: copies.map(copyView) }),
  }),
  route('POST /copies/{copy}/copies', operations.registerCopy, {
    about: 'Register one more copy of a known one, at another place',
    body: { place: z.string(), holder: z.string() },
    answer: copyAnswer,
    input: ({ path, body }) => ({ copy: path['copy'] ?? '', ...body }),
    output: copyView,
  }),
  route('POST /copies/{copy}/acknowledge-destroyed', operations.acknowledgeDestroyed, {
    about: 'Say that a copy was destroyed by its holder',
    answer: copyAnswer,
    input: ({ path }) => ({ copy: path['copy'] ?? '' }),
    output: copyView,
  }),
];
