import { z } from 'zod';
import { quorumRules } from '#domain';
import { operations, type QuorumPolicyView, type RequestView } from '#operations';
import { base64Bytes, role } from '../fields.ts';
import { route, type PathParts, type Route } from '../route.ts';
import { timeOf } from '../views.ts';

const terms = z.strictObject({
  approvalsMin: z.int().describe('how many approve, the asker not counted'),
  approvers: z.union([
    z.strictObject({ names: z.array(z.string()).describe('principals of the environment') }),
    z.strictObject({ role }),
  ]),
  expirySeconds: z.int().describe('how long a request can be approved and used'),
});
const rules = z.partialRecord(z.enum(quorumRules), terms);

const policyAnswer = z
  .strictObject({
    rules,
    approvers: z.array(
      z.strictObject({
        principal: z.string(),
        disabled: z.boolean(),
        fingerprint: z.string().nullable().describe('SHA-256 of the key by which they approve'),
      }),
    ),
    reader: z.strictObject({ id: z.string(), name: z.string(), environment: z.string() }),
  })
  .meta({ id: 'QuorumPolicy' });

function policyView({ policy, approvers, reader }: QuorumPolicyView): z.input<typeof policyAnswer> {
  const said = Object.entries(policy.rules).map(([rule, each]) => {
    const who = 'role' in each.approvers ? each.approvers : { names: [...each.approvers.names] };
    return [rule, { ...each, approvers: who }];
  });
  return { rules: Object.fromEntries(said), approvers: [...approvers], reader };
}

const status = z.enum(['pending', 'denied', 'cancelled', 'spent', 'expired']);

const requestAnswer = z
  .strictObject({
    id: z.string(),
    environment: z.string(),
    requester: z.string(),
    operation: z.string(),
    rules: z.array(z.string()),
    status,
    requestedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    expiresAtMillis: z.int().describe('as it is signed'),
    statement: z.string().describe('what is asked, to the byte: canonical JSON'),
    digest: z.string().describe('SHA-256 of the statement, which approvals sign'),
    approvals: z.array(
      z.strictObject({
        approver: z.string(),
        at: z.iso.datetime(),
        fingerprint: z.string().nullable(),
        rules: z.array(z.string()).describe('for which it counts'),
        fault: z.string().nullable().describe('why it does not count; null: it does'),
      }),
    ),
    progress: z.array(z.strictObject({ rule: z.string(), approvals: z.int(), needed: z.int() })),
    closed: z
      .strictObject({ by: z.string(), at: z.iso.datetime(), reason: z.string().nullable() })
      .nullable(),
  })
  .meta({ id: 'ApprovalRequest' });

function requestView(request: RequestView): z.input<typeof requestAnswer> {
  const { requesterId: _id, requestedAt, expiresAt, closed, ...rest } = request;
  return {
    ...rest,
    rules: [...rest.rules],
    progress: [...rest.progress],
    requestedAt: timeOf(requestedAt),
    expiresAt: timeOf(expiresAt),
    expiresAtMillis: expiresAt,
    approvals: rest.approvals.map((each) => ({ ...each, rules: [...each.rules], at: timeOf(each.at) })),
    closed: closed && { ...closed, at: timeOf(closed.at) },
  };
}

const idIn = ({ path }: { path: PathParts }) => ({ id: path['approval'] ?? '' });

/** Quorums: who must approve what, and what waits for it. */
export const quorumRoutes: readonly Route[] = [
  route('GET /quorum/policy', operations.readQuorumPolicy, {
    about: 'What needs the approval of how many of whom',
    answer: policyAnswer,
    input: () => ({}),
    output: policyView,
  }),
  route('PUT /quorum/policy', operations.writeQuorumPolicy, {
    about: 'Say anew what needs approval; where rules are in force, each of them must approve it',
    body: { rules },
    answer: policyAnswer,
    input: ({ body }) => ({ policy: body as QuorumPolicyView['policy'] }),
    output: policyView,
  }),
  route('PUT /quorum/approval-key', operations.enrolApprover, {
    about: 'Enroll the key by which the caller approves',
    body: {
      publicKey: base64Bytes.describe('Ed25519, SubjectPublicKeyInfo, DER'),
      proof: base64Bytes.describe('by its private half, over what docs/quorum.md says'),
    },
    answer: z.strictObject({ principal: z.string(), fingerprint: z.string(), enrolledAt: z.iso.datetime() }),
    input: ({ body }) => body,
    output: ({ principal, fingerprint, enrolledAt }) => ({
      principal,
      fingerprint,
      enrolledAt: timeOf(enrolledAt),
    }),
  }),
  route('GET /approvals', operations.listApprovals, {
    about: 'The requests for approval of the environment, the newest first',
    query: { status: status.nullable().default(null) },
    answer: z.strictObject({ requests: z.array(requestAnswer) }),
    input: ({ query }) => query,
    output: ({ requests }) => ({ requests: requests.map(requestView) }),
  }),
  route('GET /approvals/{approval}', operations.readApproval, {
    about: 'One request, with what its approvers have to read',
    answer: requestAnswer,
    input: idIn,
    output: requestView,
  }),
  route('POST /approvals/{approval}/approve', operations.approve, {
    about: 'Approve a request, signed by the key that the caller enrolled',
    body: { signature: base64Bytes.describe('Ed25519, over what docs/quorum.md says') },
    answer: requestAnswer,
    input: ({ path, body }) => ({ ...idIn({ path }), ...body }),
    output: requestView,
  }),
  route('POST /approvals/{approval}/deny', operations.denyApproval, {
    about: 'End a request, as one of its approvers',
    body: { reason: z.string().nullable().default(null) },
    answer: requestAnswer,
    input: ({ path, body }) => ({ ...idIn({ path }), ...body }),
    output: requestView,
  }),
  route('POST /approvals/{approval}/cancel', operations.cancelApproval, {
    about: 'Take back what the caller asked for',
    answer: requestAnswer,
    input: idIn,
    output: requestView,
  }),
];
