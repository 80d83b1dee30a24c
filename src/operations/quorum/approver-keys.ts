import { z } from 'zod';
import { constantTimeEqual, openPublicKey, SecretBytes, sha256Hex } from '#crypto';
import { ClavigerError, type Instant } from '#domain';
import { defineOperation } from '../define.ts';
import { defineCollection, documentSecretName, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { bytes } from '../inputs.ts';
import { enrolmentMessage, isSignedBy } from './signed.ts';

const keyShape = z.strictObject({
  principal: z.string(),
  /** SubjectPublicKeyInfo, DER, base64; the sealed part of the document says the same. */
  publicKey: z.base64(),
  enrolledAt: z.int(),
});
type ApproverKey = z.infer<typeof keyShape>;

/** One for each approver, by the id of its principal. */
const approverKeys = defineCollection<ApproverKey>('approval-key', keyShape);
const atOnce = 1000;

/** A key by which somebody approves. */
export type EnrolledKey = {
  readonly principalId: string;
  readonly principal: string;
  readonly publicKey: Uint8Array;
  /** SHA-256 of the public key, hexadecimal, as records name it. */
  readonly fingerprint: string;
  readonly enrolledAt: Instant;
};

/**
 * The key by which a principal approves, as the store has it now; null: it has none. What it is stands sealed under the environment, so that
 * who writes the store and can't open it puts no other key there. Throws `integrity-failed` where somebody tried.
 */
export async function approverKeyOf(
  house: House,
  environment: string,
  principalId: string,
): Promise<EnrolledKey | null> {
  const kept = await approverKeys.read(house, environment, principalId);
  return kept && opened(house, kept);
}

async function opened(house: House, { document, content }: Kept<ApproverKey>): Promise<EnrolledKey> {
  const { environment, id, sealed } = document;
  const publicKey = Buffer.from(content.publicKey, 'base64');
  if (!sealed) throw changedByHand(content);
  using secret = await house.hierarchy.openSmall(
    environment,
    documentSecretName(approverKeys.name, id),
    sealed,
  );
  if (!secret.use((said) => constantTimeEqual(said, publicKey))) throw changedByHand(content);
  const { principal, enrolledAt } = content;
  return { principalId: id, principal, publicKey, fingerprint: sha256Hex(publicKey), enrolledAt };
}

function changedByHand({ principal }: ApproverKey): ClavigerError {
  return new ClavigerError('integrity-failed', `The approval key of ${principal} was changed in the store.`);
}

/** All keys by which somebody approves in an environment, by the ids of their principals. */
export async function allApproverKeys(
  house: House,
  environment: string,
): Promise<ReadonlyMap<string, EnrolledKey>> {
  const found = new Map<string, EnrolledKey>();
  for (let after: string | null = null; ; ) {
    const page: readonly Kept<ApproverKey>[] = await approverKeys.list(house, environment, '', {
      after,
      limit: atOnce,
    });
    for (const kept of page) found.set(kept.document.id, await opened(house, kept));
    after = page.at(-1)?.document.id ?? null;
    if (page.length < atOnce) return found;
  }
}

const enrolInput = z.strictObject({
  /** Ed25519, SubjectPublicKeyInfo, DER. */
  publicKey: bytes(32, 100),
  /** Over `enrolmentMessage`, by its private half. */
  proof: bytes(64, 64),
});
type EnrolInput = z.infer<typeof enrolInput>;

/**
 * Makes a key the one by which the caller approves, in the place of the one before: what was approved by that one counts no more. Throws
 * `public-key-invalid`, `signature-invalid`.
 */
export const enrolApprover = defineOperation<EnrolInput, EnrolledKey>({
  name: 'approvals.enroll',
  kind: 'manage',
  input: enrolInput,
  targets: [],
  permission: 'approvals:enroll',
  quorum: 'approvers',
  run: async ({ house, caller, now }, { publicKey, proof }) => {
    const { environment, id, name } = caller.principal;
    openPublicKey('ED25519', publicKey);
    if (!(await isSignedBy(publicKey, enrolmentMessage(environment, id, publicKey), proof)))
      throw new ClavigerError('signature-invalid', 'The proof is not made by the private half of this key.');
    const all = await allApproverKeys(house, environment);
    const fingerprint = sha256Hex(publicKey);
    for (const other of all.values()) {
      if (other.fingerprint !== fingerprint || other.principalId === id) continue;
      throw new ClavigerError('input-invalid', 'Somebody else approves by this key already.', {
        details: { field: 'publicKey' },
      });
    }
    using secret = SecretBytes.copyOf(publicKey);
    const sealed = await house.hierarchy.sealSmall(
      environment,
      documentSecretName(approverKeys.name, id),
      secret,
    );
    const text = Buffer.from(publicKey).toString('base64');
    const content: ApproverKey = { principal: name, publicKey: text, enrolledAt: now };
    return {
      output: { principalId: id, principal: name, publicKey, fingerprint, enrolledAt: now },
      changes: [await approverKeys.put(house, { environment, id }, content, { sealed })],
      facts: { approvalKey: fingerprint, approvalKeyBefore: all.get(id)?.fingerprint ?? null },
    };
  },
});
