import { isApprover, type Requirement } from '#domain';
import type { Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { approverKeyOf } from './approver-keys.ts';
import { approvalMessage, isSignedBy } from './signed.ts';
import type { Approval, ApprovalRequest } from './requests.ts';

/** An approval, and whether it counts now. */
export type Weighed = {
  readonly approver: string;
  readonly at: number;
  /** Of the key that the approver has now. */
  readonly fingerprint: string | null;
  /** Why it does not count; null: it does. */
  readonly fault: string | null;
  /** Rules for which it counts. */
  readonly rules: readonly string[];
};

export type Tally = {
  readonly approvals: readonly Weighed[];
  readonly progress: readonly {
    readonly rule: string;
    readonly approvals: number;
    readonly needed: number;
  }[];
  /** Every rule has as many as it needs. */
  readonly isMet: boolean;
};

/**
 * Weighs the approvals of a request anew: whoever was disabled, lost the role or got another key since counts no more, and a signature is
 * verified each time, whatever the store says. Nobody counts twice, and who asked does not count.
 */
export async function tallyOf(
  house: House,
  { document, content }: Kept<ApprovalRequest>,
  requirements: readonly Requirement[],
): Promise<Tally> {
  const approvals: Weighed[] = [];
  const counted = new Set<string>();
  for (const approval of content.approvals) {
    const weighed = counted.has(approval.approverId)
      ? lost(approval, 'has approved already')
      : await weigh(house, { document, content }, { approval, requirements });
    if (weighed.fault === null) counted.add(approval.approverId);
    approvals.push(weighed);
  }
  const progress = requirements.map(({ rule, approvalsMin }) => ({
    rule,
    approvals: approvals.filter(({ rules }) => rules.includes(rule)).length,
    needed: approvalsMin,
  }));
  const isMet = progress.length > 0 && progress.every((each) => each.approvals >= each.needed);
  return { approvals, progress, isMet };
}

function lost({ approver, at }: Approval, fault: string, fingerprint: string | null = null): Weighed {
  return { approver, at, fingerprint, fault, rules: [] };
}

async function weigh(
  house: House,
  { document, content }: Kept<ApprovalRequest>,
  { approval, requirements }: { approval: Approval; requirements: readonly Requirement[] },
): Promise<Weighed> {
  const { approverId } = approval;
  const { environment, id: requestId } = document;
  if (approverId === content.requesterId) return lost(approval, 'asked for it');
  const principal = await house.store.principal(approverId);
  if (!principal || principal.environment !== environment) return lost(approval, 'is no principal');
  if (principal.disabled) return lost(approval, 'is disabled');
  if (principal.roles.length === 0) return lost(approval, 'has no role');
  const rules = requirements.filter((each) => isApprover(each, principal)).map(({ rule }) => rule);
  if (rules.length === 0) return lost(approval, 'is no approver');
  const key = await approverKeyOf(house, environment, approverId);
  if (!key) return lost(approval, 'has no key');
  const { digest, expiresAt } = content;
  const message = approvalMessage({ environment, requestId, digest, approverId, expiresAt });
  const isSigned = await isSignedBy(key.publicKey, message, Buffer.from(approval.signature, 'base64'));
  if (!isSigned) return lost(approval, 'has another key than the one that signed', key.fingerprint);
  return { approver: principal.name, at: approval.at, fingerprint: key.fingerprint, fault: null, rules };
}
