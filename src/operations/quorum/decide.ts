import { z } from 'zod';
import {
  ClavigerError,
  isApprover,
  requirementsOf,
  type Instant,
  type Principal,
  type Requirement,
} from '#domain';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { bytes, textLine } from '../inputs.ts';
import { approverKeyOf } from './approver-keys.ts';
import { quorumPolicyOf } from './policy.ts';
import { allRequests, approvalRequests, requestId, statusAt, type ApprovalRequest } from './requests.ts';
import { approvalMessage, isSignedBy } from './signed.ts';
import { tallyOf, type Tally } from './tally.ts';

/** A request for approval as it stands now. */
export type RequestView = Omit<ApprovalRequest, 'status' | 'approvals'> & {
  readonly id: string;
  readonly environment: string;
  readonly status: ReturnType<typeof statusAt>;
} & Pick<Tally, 'approvals' | 'progress'>;

/** The rules of a request that are in force now. */
async function rulesNow(
  house: House,
  { document, content }: Kept<ApprovalRequest>,
): Promise<readonly Requirement[]> {
  return requirementsOf(await quorumPolicyOf(house, document.environment), content.rules);
}

async function viewOf(house: House, request: Kept<ApprovalRequest>, now: Instant): Promise<RequestView> {
  const { content, document } = request;
  const { approvals, progress } = await tallyOf(house, request, await rulesNow(house, request));
  const { id, environment } = document;
  return { ...content, id, environment, status: statusAt(content, now), approvals, progress };
}

async function find(house: House, environment: string, id: string): Promise<Kept<ApprovalRequest>> {
  const request = await approvalRequests.read(house, environment, id);
  if (request) return request;
  throw new ClavigerError('approval-not-found', `There is no request ${id}: claviger approval list.`, {
    details: { id },
  });
}

const listInput = z.strictObject({
  status: z.enum(['pending', 'denied', 'cancelled', 'spent', 'expired']).nullable(),
});
type ListInput = z.infer<typeof listInput>;

/** The requests of the environment, the newest first. */
export const listApprovals = defineOperation<ListInput, { readonly requests: readonly RequestView[] }>({
  name: 'approvals.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'approvals:list',
  run: async ({ house, caller, now }, { status }) => {
    const all = await allRequests(house, caller.principal.environment);
    const wanted = all.filter(({ content }) => status === null || statusAt(content, now) === status);
    wanted.sort((a, b) => b.content.requestedAt - a.content.requestedAt);
    const requests: RequestView[] = [];
    for (const request of wanted.slice(0, 1000)) requests.push(await viewOf(house, request, now));
    return { output: { requests } };
  },
});

const byId = z.strictObject({ id: requestId });
type ById = z.infer<typeof byId>;

/** One request, with what approvers have to read. */
export const readApproval = defineOperation<ById, RequestView>({
  name: 'approvals.read',
  kind: 'read',
  input: byId,
  targets: [],
  permission: 'approvals:read',
  run: async ({ house, caller, now }, { id }) => ({
    output: await viewOf(house, await find(house, caller.principal.environment, id), now),
  }),
});

function requirePending({ document, content }: Kept<ApprovalRequest>, now: Instant): void {
  const status = statusAt(content, now);
  if (status === 'pending') return;
  throw new ClavigerError('approval-closed', `Request ${document.id} is ${status}.`, {
    details: { id: document.id, status },
  });
}

/** Throws `access-denied` for all but those whom a rule of the request names, and for who asked. */
async function requireApprover(
  house: House,
  request: Kept<ApprovalRequest>,
  principal: Principal,
): Promise<void> {
  //= design: nobody approves what they ask for
  if (principal.id === request.content.requesterId)
    throw new ClavigerError('access-denied', 'Nobody approves what they asked for themselves.', {
      details: { reason: 'self-approval' },
    });
  const rules = await rulesNow(house, request);
  if (rules.some((rule) => isApprover(rule, principal))) return;
  throw new ClavigerError('access-denied', `${principal.name} is no approver of this request.`, {
    details: { reason: 'no-approver' },
  });
}

const approveInput = z.strictObject({
  id: requestId,
  /** Ed25519, over `approvalMessage`, by the key that the caller enrolled. */
  signature: bytes(64, 64),
});
type ApproveInput = z.infer<typeof approveInput>;

/**
 * Approves a request: the credential that calls is one half, the signature of the enrolled key the other. Who approved already and does so
 * again changes nothing. Throws `access-denied`, `signature-invalid`, `approval-closed`.
 */
export const approve = defineOperation<ApproveInput, RequestView>({
  name: 'approvals.approve',
  kind: 'manage',
  input: approveInput,
  targets: [],
  permission: 'approvals:approve',
  run: async ({ house, caller, now }, { id, signature }) => {
    const { environment, id: approverId, name: approver } = caller.principal;
    const request = await find(house, environment, id);
    requirePending(request, now);
    await requireApprover(house, request, caller.principal);
    const key = await approverKeyOf(house, environment, approverId);
    if (!key)
      throw new ClavigerError('access-denied', 'You have no key to approve by: claviger approval enroll.', {
        details: { reason: 'not-enrolled' },
      });
    const { digest, expiresAt } = request.content;
    const message = approvalMessage({ environment, requestId: id, digest, approverId, expiresAt });
    if (!(await isSignedBy(key.publicKey, message, signature)))
      throw new ClavigerError(
        'signature-invalid',
        'The approval is not signed by the key that you enrolled.',
      );
    const others = request.content.approvals.filter((each) => each.approverId !== approverId);
    const own = { approverId, approver, at: now, signature: Buffer.from(signature).toString('base64') };
    const content = { ...request.content, approvals: [...others, own] };
    return {
      output: await viewOf(house, { ...request, content }, now),
      changes: [approvalRequests.replaced(request, content)],
      facts: factsOf(request, { approvalKey: key.fingerprint, signature: own.signature }),
    };
  },
});

function factsOf({ document, content }: Kept<ApprovalRequest>, more: Record<string, string | null>) {
  const { operation, requester, digest } = content;
  return { approval: document.id, approvalDigest: digest, operation, requester, ...more };
}

const denyInput = byId.extend({ reason: textLine.nullable() });
type DenyInput = z.infer<typeof denyInput>;

/** Ends a request: whatever was approved of it counts no more. */
export const denyApproval = defineOperation<DenyInput, RequestView>({
  name: 'approvals.deny',
  kind: 'manage',
  input: denyInput,
  targets: [],
  permission: 'approvals:deny',
  run: async ({ house, caller, now }, { id, reason }) => {
    const request = await find(house, caller.principal.environment, id);
    requirePending(request, now);
    await requireApprover(house, request, caller.principal);
    return closed(house, request, { status: 'denied', by: caller.principal.name, at: now, reason });
  },
});

/** Takes back what one asked for. */
export const cancelApproval = defineOperation<ById, RequestView>({
  name: 'approvals.cancel',
  kind: 'manage',
  input: byId,
  targets: [],
  permission: 'approvals:cancel',
  run: async ({ house, caller, now }, { id }) => {
    const request = await find(house, caller.principal.environment, id);
    requirePending(request, now);
    if (request.content.requesterId !== caller.principal.id)
      throw new ClavigerError('access-denied', 'A request is cancelled by who made it; approvers deny it.');
    return closed(house, request, { status: 'cancelled', by: caller.principal.name, at: now, reason: null });
  },
});

type Ending = {
  readonly status: 'denied' | 'cancelled';
  readonly by: string;
  readonly at: Instant;
  readonly reason: string | null;
};

async function closed(house: House, request: Kept<ApprovalRequest>, { status, ...ending }: Ending) {
  const content: ApprovalRequest = { ...request.content, status, closed: ending };
  return {
    output: await viewOf(house, { ...request, content }, ending.at),
    changes: [approvalRequests.replaced(request, content)],
    facts: factsOf(request, { reason: ending.reason }),
  };
}
