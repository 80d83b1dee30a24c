import { z } from 'zod';
import { newId } from '#crypto';
import { ClavigerError, type Instant } from '#domain';
import {
  attestationSubjectIds,
  attestationTerms,
  referenceMax,
  statementMax,
  type Attestation,
  type AttestationSubject,
} from '#governance';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { page, textLine } from '../inputs.ts';
import type { Caller, Outcome, Work } from '../operation.ts';
import { pageOf } from '../paging.ts';

const line = (max: number) =>
  z
    .string()
    .regex(new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${max}}$`, 'u'), `must be a line of 1 to ${max} characters`);
export const sha256Text = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal characters');

const shape = z.strictObject({
  subject: z.string().max(64),
  statement: line(statementMax),
  reference: line(referenceMax).nullable(),
  sha256: sha256Text.nullable(),
  by: z.string().max(256),
  /** Id of the principal: a later one of the same name is another one. */
  byId: z.string().max(64),
  at: z.int(),
  until: z.int(),
  withdrawn: z.strictObject({ by: z.string().max(256), at: z.int(), reason: textLine }).nullable(),
});
type StoredAttestation = z.infer<typeof shape>;

const attestations = defineCollection<StoredAttestation>('attestation', shape);

/** An attestation as callers see it. */
export type AttestationView = Attestation & { readonly withdrawn: StoredAttestation['withdrawn'] };

type Viewed = {
  readonly document: Pick<Kept<StoredAttestation>['document'], 'id' | 'environment'>;
  readonly content: StoredAttestation;
};

function viewOf({ document: { id, environment }, content }: Viewed): AttestationView {
  const { subject, statement, reference, sha256, by, at, until, withdrawn } = content;
  return { id, environment, subject, statement, reference, sha256, by, at, until, withdrawn };
}

/** The same day so many months later; where that month has no such day, its last one. */
export function monthsLater(at: Instant, months: number): Instant {
  const then = new Date(at);
  then.setUTCMonth(then.getUTCMonth() + months);
  if (then.getUTCDate() !== new Date(at).getUTCDate()) then.setUTCDate(0);
  return then.getTime();
}

function refuse(field: string, message: string): never {
  throw new ClavigerError('input-invalid', message, { details: { field } });
}

/** What is stated is stated by a person, who authenticates as nobody else does. */
export function requirePerson({ principal }: Caller, what: string): void {
  if (principal.kind === 'user') return;
  throw new ClavigerError('access-denied', `${what} by a person alone (a principal of kind user).`);
}

const attestInput = z.strictObject({
  subject: z.enum(attestationSubjectIds as unknown as [AttestationSubject]),
  statement: line(statementMax),
  /** Where the document is. */
  reference: line(referenceMax).nullable(),
  /** Of the document. */
  sha256: sha256Text.nullable(),
  /** Until when it holds; null: as long as a statement of its subject may. */
  until: z.int().min(0).nullable(),
});
type AttestInput = z.infer<typeof attestInput>;

function requireDocument({ subject, reference, sha256 }: AttestInput): void {
  if (sha256 !== null && reference === null)
    refuse('reference', 'A SHA-256 is that of a document: say where it is.');
  if (attestationTerms[subject].needsDocument && (reference === null || sha256 === null))
    refuse('reference', `A statement of ${subject} names its document, and the SHA-256 of it.`);
}

function endOf({ subject, until }: AttestInput, now: Instant): Instant {
  const { monthsMax } = attestationTerms[subject];
  const latest = monthsLater(now, monthsMax);
  const end = until ?? latest;
  if (end <= now) refuse('until', 'The statement must hold for a while: its end is over.');
  if (end > latest) refuse('until', `A statement of ${subject} holds for at most ${monthsMax} months.`);
  return end;
}

/** Takes down what the caller states of a subject, in the caller's own name and no other. */
//= pci-dss-4.0.1 3.7.8
export const attest = defineOperation<AttestInput, AttestationView>({
  name: 'governance.attest',
  kind: 'manage',
  input: attestInput,
  targets: [],
  permission: 'governance:attest',
  run: ({ caller, now }, wish) => {
    requirePerson(caller, 'Something is stated');
    requireDocument(wish);
    const { environment, name: by, id: byId } = caller.principal;
    const until = endOf(wish, now);
    const id = newId();
    const content: StoredAttestation = { ...wish, by, byId, at: now, until, withdrawn: null };
    const { subject, statement, reference, sha256 } = wish;
    return {
      output: viewOf({ document: { id, environment }, content }),
      changes: [attestations.created(environment, id, content)],
      facts: {
        attestation: id,
        subject,
        statement,
        reference,
        sha256,
        until: new Date(until).toISOString(),
      },
    };
  },
});

const listInput = z.strictObject({
  /** Those too that hold no longer, or were taken back. */
  all: z.boolean(),
  page,
});
type ListInput = z.infer<typeof listInput>;

/** What was stated in the caller's environment, ordered by id. */
export const listAttestations = defineOperation<
  ListInput,
  { readonly attestations: readonly AttestationView[]; readonly next: string | null }
>({
  name: 'governance.list-attestations',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'governance:list-attestations',
  run: async ({ house, caller, now }, { all, page: asked }) => {
    const { environment } = caller.principal;
    const { entries, next } = await pageOf(
      asked,
      (wanted) => attestations.list(house, environment, '', wanted),
      ({ document }) => document.id,
    );
    const wanted = entries.filter(
      ({ content }) => all || (content.withdrawn === null && content.until > now),
    );
    return { output: { attestations: wanted.map(viewOf), next } };
  },
});

const withdrawInput = z.strictObject({ attestation: z.uuid(), reason: textLine });
type WithdrawInput = z.infer<typeof withdrawInput>;

type Taking = Pick<Work, 'house' | 'caller' | 'now'> & {
  readonly isWanted: (kept: StoredAttestation) => boolean;
};

/** What is stated is never deleted: it says since when it holds no more, and why. */
async function takeBack(
  { house, caller, now, isWanted }: Taking,
  { attestation, reason }: WithdrawInput,
): Promise<Outcome<AttestationView>> {
  const { environment, name } = caller.principal;
  const before = await attestations.find(house, environment, attestation);
  if (!before || !isWanted(before.content)) refuse('attestation', `There is no attestation ${attestation}.`);
  if (before.content.withdrawn !== null) return { output: viewOf(before) };
  const content = { ...before.content, withdrawn: { by: name, at: now, reason } };
  return {
    output: viewOf({ document: before.document, content }),
    changes: [attestations.replaced(before, content)],
    facts: { attestation, subject: content.subject, of: content.by, reason },
  };
}

/** Has a statement of anybody in the environment hold no more. */
export const revokeAttestation = defineOperation<WithdrawInput, AttestationView>({
  name: 'governance.revoke-attestation',
  kind: 'manage',
  input: withdrawInput,
  targets: [],
  permission: 'governance:revoke-attestation',
  run: (work, wish) => takeBack({ ...work, isWanted: () => true }, wish),
});

/** Takes back what the caller stated. */
export const withdrawAttestation = defineOperation<WithdrawInput, AttestationView>({
  name: 'governance.withdraw-attestation',
  kind: 'manage',
  input: withdrawInput,
  targets: [],
  permission: 'governance:withdraw-attestation',
  run: (work, wish) => takeBack({ ...work, isWanted: ({ byId }) => byId === work.caller.principal.id }, wish),
});

const yearMillis = 366 * 86_400_000;

/**
 * What was stated in an environment and not taken back, for a population: what holds, and what held within the last year (its end is something to
 * attend to).
 */
export async function attestationsOf(
  house: House,
  environment: string,
  now: Instant,
): Promise<readonly Attestation[]> {
  const found: Attestation[] = [];
  for (let after: string | null = null; ; ) {
    const entries = await attestations.list(house, environment, '', { after, limit: 500 });
    for (const kept of entries) {
      const { withdrawn, ...attestation } = viewOf(kept);
      if (withdrawn === null && kept.content.until > now - yearMillis) found.push(attestation);
    }
    const last = entries.at(-1);
    if (!last) return found;
    after = last.document.id;
  }
}
