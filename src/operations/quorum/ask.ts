import { newId } from '#crypto';
import { ClavigerError, expirySecondsOf, requirementsOf, type AuditEvent, type Requirement } from '#domain';
import { hasCode } from '#domain';
import type { Change } from '#ports';
import { commitRecorded } from '../commit.ts';
import type { Kept } from '../documents.ts';
import type { House } from '../house.ts';
import type { Caller, CheckedKey, Operation } from '../operation.ts';
import { recordOf } from '../record.ts';
import { quorumPolicyOf } from './policy.ts';
import {
  allRequests,
  approvalRequests,
  keptMillis,
  prefixOf,
  requestsMax,
  statusAt,
  type ApprovalRequest,
} from './requests.ts';
import { digestOfStatement, statementOf } from './statement.ts';
import { tallyOf } from './tally.ts';

/** An operation that is about to happen, its caller allowed and its keys checked. */
export type Pending<I, O> = {
  readonly operation: Operation<I, O>;
  readonly caller: Caller;
  readonly input: I;
  readonly keys: readonly CheckedKey[];
  /** The digest whose approvals this run has spent already. */
  readonly spent: string | null;
};

/** Approvals that are enough: what uses them up, and what the record says of them. */
export type Approved = {
  readonly digest: string;
  readonly changes: readonly Change[];
  readonly facts: NonNullable<AuditEvent['facts']>;
  /** They were used up before, in this run. */
  readonly isSpent: boolean;
};

/**
 * Asks whether as many have approved exactly this as the environment's policy wants. Null: it wants none. Where more are needed the request
 * is recorded, once however often it is repeated, and `approval-pending` is thrown, which names it.
 */
export async function askQuorum<I, O>(house: House, pending: Pending<I, O>): Promise<Approved | null> {
  const { operation, caller, input, keys } = pending;
  const { environment } = caller.principal;
  const asked = typeof operation.quorum === 'function' ? operation.quorum(input, caller) : operation.quorum;
  if (asked === null) return null;
  const needs = typeof asked === 'string' ? [asked] : asked;
  const requirements = requirementsOf(await quorumPolicyOf(house, environment), needs);
  if (requirements.length === 0) return null;
  const references = operation.targets.map((rule) => rule.reference(input));
  const statement = statementOf(house, {
    operation: operation.name,
    caller,
    input,
    keys: keys.flatMap(({ key, version }, at) => {
      const reference = references[at];
      return reference ? [{ reference, key, version }] : [];
    }),
  });
  const digest = digestOfStatement(statement);
  if (pending.spent === digest) return { digest, changes: [], facts: {}, isSpent: true };
  const request = await standingRequest(house, pending, { statement, digest, requirements });
  const tally = await tallyOf(house, request, requirements);
  if (!tally.isMet)
    throw pendingError(await withRules(house, pending, { request, requirements }), requirements);
  const counted = tally.approvals.filter(({ fault }) => fault === null);
  const closed = { by: caller.principal.name, at: house.clock.now(), reason: null };
  return {
    digest,
    changes: [approvalRequests.replaced(request, { ...request.content, status: 'spent', closed })],
    facts: {
      approval: request.document.id,
      approvalDigest: digest,
      approvedBy: counted.map(({ approver, fingerprint }) => `${approver}=${fingerprint ?? ''}`).join(' '),
    },
    isSpent: false,
  };
}

/** A request with the rules that are in force now, of which it tells who may approve it. */
async function withRules<I, O>(
  house: House,
  { caller, keys }: Pending<I, O>,
  { request, requirements }: { request: Kept<ApprovalRequest>; requirements: readonly Requirement[] },
): Promise<Kept<ApprovalRequest>> {
  const rules = requirements.map(({ rule }) => rule);
  if (rules.join(' ') === request.content.rules.join(' ')) return request;
  const content: ApprovalRequest = { ...request.content, rules };
  const event = requestEvent(house, { caller, keys }, { id: request.document.id, content });
  await commitRecorded(house, [approvalRequests.replaced(request, content)], event);
  return { ...request, content };
}

function requestEvent(
  house: House,
  { caller, keys }: { readonly caller: Caller; readonly keys: readonly CheckedKey[] },
  { id, content }: { readonly id: string; readonly content: ApprovalRequest },
): AuditEvent {
  const { digest, operation, expiresAt, rules } = content;
  return recordOf({
    operation: { name: 'approvals.request' },
    caller: { ...caller, requestId: newId() },
    now: house.clock.now(),
    node: house.log.node,
    keys,
    outcome: 'success',
    reason: null,
    keyId: null,
    facts: { approval: id, approvalDigest: digest, operation, expiresAt, rules: rules.join(' ') },
  });
}

type Wanted = {
  readonly statement: string;
  readonly digest: string;
  readonly requirements: readonly Requirement[];
};

const attemptsMax = 5;

/** The request of this digest that can still be approved and used: the one that is there, or a new one. */
async function standingRequest<I, O>(
  house: House,
  pending: Pending<I, O>,
  wanted: Wanted,
): Promise<Kept<ApprovalRequest>> {
  const { environment } = pending.caller.principal;
  for (let attempt = 1; ; attempt += 1) {
    const prefix = prefixOf(wanted.digest);
    const now = house.clock.now();
    const found = (await allRequests(house, environment, prefix)).find(
      ({ content }) =>
        content.digest === wanted.digest &&
        content.requesterId === pending.caller.principal.id &&
        statusAt(content, now) === 'pending',
    );
    if (found) return found;
    try {
      return await newRequest(house, pending, wanted);
    } catch (error) {
      // the same was asked at the same time elsewhere
      if (attempt === attemptsMax || !hasCode(error, 'conflict')) throw error;
    }
  }
}

async function newRequest<I, O>(
  house: House,
  { operation, caller, keys }: Pending<I, O>,
  { statement, digest, requirements }: Wanted,
): Promise<Kept<ApprovalRequest>> {
  const { environment, id: requesterId, name: requester } = caller.principal;
  await requireRoom(house, caller);
  const now = house.clock.now();
  const expiresAt = now + expirySecondsOf(requirements) * 1000;
  const id = await freeId(house, environment, digest);
  const content: ApprovalRequest = {
    requesterId,
    requester,
    operation: operation.name,
    rules: requirements.map(({ rule }) => rule),
    statement,
    digest,
    requestedAt: now,
    expiresAt,
    status: 'pending',
    approvals: [],
    closed: null,
  };
  const event = requestEvent(house, { caller, keys }, { id, content });
  const changes = [approvalRequests.created(environment, id, content, { expiresAt: expiresAt + keptMillis })];
  await commitRecorded(house, changes, event);
  const kept = await approvalRequests.read(house, environment, id);
  if (kept) return kept;
  throw new ClavigerError('internal', 'A request for approval is gone that was just recorded.');
}

/** The first id of a digest that no document has, also none that only waits to be swept away. */
async function freeId(house: House, environment: string, digest: string): Promise<string> {
  const collection = approvalRequests.name;
  const prefix = prefixOf(digest);
  const taken = await house.store.documents.list({ environment, collection }, prefix, {
    after: null,
    limit: 1000,
  });
  const numbers = taken.map(({ id }) => Number(id.slice(prefix.length)));
  return `${prefix}${Math.max(0, ...numbers) + 1}`;
}

//= design: what strangers can make grow is bounded
async function requireRoom(house: House, { principal }: Caller): Promise<void> {
  const all = await allRequests(house, principal.environment);
  if (all.filter(({ content }) => content.requesterId === principal.id).length < requestsMax) return;
  throw new ClavigerError(
    'limit-exceeded',
    `${principal.name} has asked for ${requestsMax} approvals in the last month: look at them with claviger approval list.`,
  );
}

function pendingError(
  { document, content }: Kept<ApprovalRequest>,
  requirements: readonly Requirement[],
): ClavigerError {
  const rules = requirements.map(({ rule, approvalsMin }) => `${approvalsMin} of rule ${rule}`).join(', ');
  const until = new Date(content.expiresAt).toISOString();
  return new ClavigerError(
    'approval-pending',
    `This needs approval (${rules}): request ${document.id} waits for it until ${until}. Approvers run: claviger approval approve ` +
      `${document.id}. Then send the same request again.`,
    {
      details: { approval: document.id, command: `claviger approval approve ${document.id}` },
      recorded: { approval: document.id, approvalDigest: content.digest },
    },
  );
}
