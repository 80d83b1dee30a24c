import { openPublicKey, sha256Hex, verify } from '#crypto';
import { hasCode, type Instant } from '#domain';

/** What an approval says. Every member is signed. */
export type ApprovalTerms = {
  readonly environment: string;
  readonly requestId: string;
  /** Of the statement. */
  readonly digest: string;
  readonly approverId: string;
  /** When the request ends. */
  readonly expiresAt: Instant;
};

/** The bytes that an approver signs: a line for each member, after one that no other signature of the house begins with. */
export function approvalMessage({
  environment,
  requestId,
  digest,
  approverId,
  expiresAt,
}: ApprovalTerms): Uint8Array {
  const lines = ['claviger approval v1', environment, requestId, digest, approverId, String(expiresAt)];
  return Buffer.from(`${lines.join('\n')}\n`, 'utf8');
}

/** The bytes by which somebody shows to have the private half of a key that is to approve for them. */
export function enrolmentMessage(environment: string, approverId: string, publicKey: Uint8Array): Uint8Array {
  const lines = ['claviger approval key v1', environment, approverId, sha256Hex(publicKey)];
  return Buffer.from(`${lines.join('\n')}\n`, 'utf8');
}

/** Whether an Ed25519 signature (RFC 8032) over a message is that of a public key (SubjectPublicKeyInfo, DER). */
export async function isSignedBy(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    return await verify('ED25519', openPublicKey('ED25519', publicKey), message, signature, 'raw');
  } catch (error) {
    if (hasCode(error, 'public-key-invalid')) return false;
    throw error;
  }
}
