import { z } from 'zod';
import { quorumRules, type Instant } from '#domain';
import type { Page } from '#ports';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';

const approvalShape = z.strictObject({
  approverId: z.string(),
  approver: z.string(),
  at: z.int(),
  /** Over `approvalMessage`, base64. */
  signature: z.base64(),
});

const requestShape = z.strictObject({
  requesterId: z.string(),
  requester: z.string(),
  operation: z.string(),
  /** In force when it was asked for; those in force when it is used count. */
  rules: z.array(z.enum(quorumRules)),
  statement: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  requestedAt: z.int(),
  expiresAt: z.int(),
  status: z.enum(['pending', 'denied', 'cancelled', 'spent']),
  approvals: z.array(approvalShape),
  /** Who denied, cancelled or used it, and when. */
  closed: z.strictObject({ by: z.string(), at: z.int(), reason: z.string().nullable() }).nullable(),
});
export type ApprovalRequest = z.infer<typeof requestShape>;
export type Approval = z.infer<typeof approvalShape>;

/** Requests for approval, by the beginning of their digest and a number. */
export const approvalRequests = defineCollection<ApprovalRequest>('approval-request', requestShape);

/** How long a request can be looked at after its end. */
export const keptMillis = 30 * 86_400_000;
/** Requests of one asker that are kept at once. */
export const requestsMax = 500;
const atOnce = 1000;

const prefixLength = 20;

/** What the ids of all requests of a digest begin with. */
export function prefixOf(digest: string): string {
  return `${digest.slice(0, prefixLength)}-`;
}

export const requestId = z.string().regex(/^[0-9a-f]{20}-[0-9]{1,6}$/, 'must be the id of a request');

/** How a request stands at a moment. */
export function statusAt(
  { status, expiresAt }: Pick<ApprovalRequest, 'status' | 'expiresAt'>,
  now: Instant,
): ApprovalRequest['status'] | 'expired' {
  return status === 'pending' && now >= expiresAt ? 'expired' : status;
}

/** All requests of an environment that are kept, or those whose ids begin so. */
export async function allRequests(
  house: House,
  environment: string,
  prefix = '',
): Promise<readonly Kept<ApprovalRequest>[]> {
  const found: Kept<ApprovalRequest>[] = [];
  const of = { environment, collection: approvalRequests.name };
  for (let after: string | null = null; ; ) {
    const page: Page = { after, limit: atOnce };
    // of the collection those are left out that have expired as documents: the store says where the page ends
    const documents = await house.store.documents.list(of, prefix, page);
    found.push(...(await approvalRequests.list(house, environment, prefix, page)));
    after = documents.at(-1)?.id ?? null;
    if (documents.length < atOnce) return found;
  }
}
