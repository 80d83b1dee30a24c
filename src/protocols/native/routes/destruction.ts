import { z } from 'zod';
import type { Destruction } from '#domain';
import { operations } from '#operations';
import { keyIn, onlyKey } from '../fields.ts';
import { route, type Route } from '../route.ts';
import { base64, timeOf } from '../views.ts';
import { copyAnswer, copyView } from './recovery.ts';

const time = z.iso.datetime();

const destructionAnswer = z
  .strictObject({
    id: z.string(),
    step: z.enum(['scheduled', 'cancelled', 'begun', 'executed', 'verified']),
    requestedBy: z.string().describe('id of who asked'),
    reason: z.string().nullable(),
    requestedAt: time,
    dueAt: time,
    waitingDays: z.int(),
    execution: z
      .strictObject({
        at: time,
        node: z.string(),
        eventId: z.string().describe('the event of the audit log that records it'),
        method: z.enum(['cryptographic-erase', 'device-zeroization']),
        nodes: z.array(z.string()).describe('nodes that ran then, which have to look'),
        names: z.array(z.string()).describe('names that the key had'),
      })
      .nullable(),
    checks: z.array(
      z.strictObject({
        node: z.string(),
        at: time,
        version: z.int(),
        method: z.enum(['known-ciphertext', 'device-search', 'material-absent']),
        opens: z.boolean().describe('true: the destruction failed'),
      }),
    ),
  })
  .meta({ id: 'Destruction' });

function destructionView(destruction: Destruction): z.input<typeof destructionAnswer> {
  const { execution } = destruction;
  return {
    id: destruction.id,
    step: destruction.step,
    requestedBy: destruction.requestedBy,
    reason: destruction.reason,
    requestedAt: timeOf(destruction.requestedAt),
    dueAt: timeOf(destruction.dueAt),
    waitingDays: destruction.waitingDays,
    execution: execution && {
      ...execution,
      at: timeOf(execution.at),
      nodes: [...execution.nodes],
      names: [...execution.names],
    },
    checks: destruction.checks.map((check) => ({ ...check, at: timeOf(check.at) })),
  };
}

const certificateAnswer = z.strictObject({
  certificate: z
    .looseObject({
      format: z.string(),
      id: z.string(),
      issuedAt: time,
      status: z.enum(['complete', 'pending']).describe('pending: registered copies can still open the key'),
    })
    .describe('docs/formats/destruction-certificate.md has all members'),
  signatures: z.array(
    z.strictObject({ kind: z.enum(['ed25519', 'mlDsa44']), publicKey: base64, signature: base64 }),
  ),
});

/** How keys end. */
export const destructionRoutes: readonly Route[] = [
  route('POST /keys/{key}/destruction-certificate', operations.certifyDestruction, {
    about: 'The signed certificate of a destruction that every node has verified',
    body: {
      operator: z.string().nullable().default(null).describe('who did it: name, title, place, contact'),
      verifier: z.string().nullable().default(null).describe('who watched it'),
    },
    answer: certificateAnswer,
    input: ({ path, body }) => ({ key: keyIn(path), ...body }),
    output: ({ certificate, signatures }) => ({
      certificate: { ...certificate },
      signatures: [...signatures],
    }),
  }),
  route('GET /keys/{key}/destruction', operations.describeDestruction, {
    about:
      'How far the newest destruction of a key has come, who still asks for the key, what could still open it',
    answer: z.strictObject({
      keyId: z.string(),
      destruction: destructionAnswer.nullable().describe('null: none was ever asked for'),
      requester: z.string().nullable().describe('name of who asked'),
      demands: z
        .array(
          z.strictObject({
            principal: z.string(),
            operation: z.string(),
            count: z.int(),
            firstAt: time,
            lastAt: time,
          }),
        )
        .describe('requests that were refused because the key waits for its destruction'),
      copies: z
        .array(
          copyAnswer
            .extend({ kind: z.enum(['export', 'backup', 'escrow', 'key']) })
            .meta({ id: 'OpeningCopy' }),
        )
        .describe('registered copies, and keys with the same material, that can still open the key'),
    }),
    input: onlyKey,
    output: ({ key, destruction, requester, demands, copies }) => ({
      keyId: key.id,
      destruction: destruction && destructionView(destruction),
      requester,
      demands: demands.map((demand) => ({
        ...demand,
        firstAt: timeOf(demand.firstAt),
        lastAt: timeOf(demand.lastAt),
      })),
      copies: copies.map(copyView),
    }),
  }),
];
