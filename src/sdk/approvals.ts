import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { ClavigerApiError } from './api-error.ts';
import { part, toBase64, type Call, type Json } from './transport.ts';

/** How many of whom approve, and for how long a request waits. */
export type QuorumTermsRecord = {
  readonly approvalsMin: number;
  readonly approvers: { readonly names: readonly string[] } | { readonly role: string };
  readonly expirySeconds: number;
};

export type QuorumPolicyRecord = {
  readonly rules: Readonly<Record<string, QuorumTermsRecord>>;
  readonly approvers: readonly {
    readonly principal: string;
    readonly disabled: boolean;
    readonly fingerprint: string | null;
  }[];
  readonly reader: { readonly id: string; readonly name: string; readonly environment: string };
};

/** A request for approval; times are ISO 8601. */
export type ApprovalRecord = {
  readonly id: string;
  readonly environment: string;
  readonly requester: string;
  readonly operation: string;
  readonly rules: readonly string[];
  readonly status: 'pending' | 'denied' | 'cancelled' | 'spent' | 'expired';
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly expiresAtMillis: number;
  /** What is asked, to the byte. */
  readonly statement: string;
  readonly digest: string;
  readonly approvals: readonly {
    readonly approver: string;
    readonly at: string;
    readonly fingerprint: string | null;
    readonly rules: readonly string[];
    readonly fault: string | null;
  }[];
  readonly progress: readonly {
    readonly rule: string;
    readonly approvals: number;
    readonly needed: number;
  }[];
  readonly closed: { readonly by: string; readonly at: string; readonly reason: string | null } | null;
};

const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** Signs lines, each ended: the first says what they are. */
function signed(key: KeyObject, lines: readonly string[]): string {
  return toBase64(sign(null, Buffer.from(`${lines.join('\n')}\n`, 'utf8'), key));
}

/** Quorums: the policy, the own approval key, and requests for approval. */
export function approvalsOf(call: Call) {
  const one = async (method: string, path: string, body: Json | null = null) =>
    (await call(method, `/approvals/${part(path)}`, body)) as unknown as ApprovalRecord;
  const act = async (id: string, verb: string, body: Json) =>
    (await call('POST', `/approvals/${part(id)}/${verb}`, body)) as unknown as ApprovalRecord;
  const policy = async () => (await call('GET', '/quorum/policy')) as unknown as QuorumPolicyRecord;
  return {
    policy,
    setPolicy: async (rules: QuorumPolicyRecord['rules']) =>
      (await call('PUT', '/quorum/policy', { rules })) as unknown as QuorumPolicyRecord,
    /** Enrolls the public half of an Ed25519 key as the one by which the caller approves; the private half stays. */
    async enroll(privateKey: KeyObject) {
      const { id, environment } = (await policy()).reader;
      const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
      const proof = signed(privateKey, ['claviger approval key v1', environment, id, sha256(publicKey)]);
      const body = { publicKey: toBase64(publicKey), proof };
      return (await call('PUT', '/quorum/approval-key', body)) as {
        principal: string;
        fingerprint: string;
        enrolledAt: string;
      };
    },
    list: async (status?: ApprovalRecord['status']) =>
      (await call('GET', `/approvals${status ? `?status=${status}` : ''}`))['requests'] as ApprovalRecord[],
    get: (id: string) => one('GET', id),
    /** Approves what was read: the signature is over the digest of the statement that it shows, which is computed here. */
    async approve(request: ApprovalRecord, privateKey: KeyObject) {
      const digest = sha256(request.statement);
      if (digest !== request.digest)
        throw new ClavigerApiError(
          'not-claviger',
          'The statement is not what the digest of the request names: nothing is signed.',
        );
      const { id: approverId, environment } = (await policy()).reader;
      const { id, expiresAtMillis } = request;
      const lines = ['claviger approval v1', environment, id, digest, approverId, String(expiresAtMillis)];
      return act(id, 'approve', { signature: signed(privateKey, lines) });
    },
    deny: (id: string, reason: string | null = null) => act(id, 'deny', { reason }),
    cancel: (id: string) => act(id, 'cancel', {}),
  };
}
