import { enrolApprover } from './approver-keys.ts';
import { approve, cancelApproval, denyApproval, listApprovals, readApproval } from './decide.ts';
import { readQuorumPolicy, writeQuorumPolicy } from './policy.ts';

/** The operations of quorums. */
export const quorumOperations = {
  readQuorumPolicy,
  writeQuorumPolicy,
  enrolApprover,
  listApprovals,
  readApproval,
  approve,
  denyApproval,
  cancelApproval,
};
