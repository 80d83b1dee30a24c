import { z } from 'zod';
import {
  allowsSpec,
  ClavigerError,
  limitsFor,
  periodFor,
  profileNames,
  purposeClasses,
  rotatesUnseen,
  usualPolicy,
  termsOf,
  type CryptoPeriod,
  type Key,
  type KeySpec,
  type KeyTraits,
  type PeriodLimits,
  type PeriodPolicy,
  type PurposeClass,
} from '#domain';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';

const seconds = z.int().min(60).max(3_153_600_000).nullable().optional();
const amount = z.int().min(1).nullable().optional();

const classShape = z.strictObject({
  originatorSeconds: seconds,
  recipientSeconds: seconds,
  operationsMax: amount,
  bytesMax: amount,
});

const policyShape = z.strictObject({
  profile: z.enum(profileNames),
  classes: z.partialRecord(z.enum(purposeClasses), classShape),
  rotates: z.boolean(),
  destroysAtEnd: z.boolean(),
}) as unknown as z.ZodType<PeriodPolicy>;

const policies = defineCollection<PeriodPolicy>('period-policy', policyShape);
const policyId = 'current';

async function kept(house: House, environment: string): Promise<Kept<PeriodPolicy> | null> {
  return policies.find(house, environment, policyId);
}

/** What the environment says of crypto-periods. */
export async function periodPolicyOf(house: House, environment: string): Promise<PeriodPolicy> {
  return (await kept(house, environment))?.content ?? usualPolicy;
}

/** The crypto-period of a version that is made now. */
export async function newPeriod(house: House, environment: string, key: KeyTraits): Promise<CryptoPeriod> {
  const policy = await periodPolicyOf(house, environment);
  return periodFor(policy, { ...key, isUnseen: rotatesUnseen(key) });
}

/** What of the policy a new key keeps. */
export function withTerms(policy: PeriodPolicy, spec: KeySpec): Pick<Key, 'periodTerms'> {
  const terms = termsOf(policy, spec);
  return terms ? { periodTerms: terms } : {};
}

export type PeriodPolicyView = {
  readonly policy: PeriodPolicy;
  /** The environment says nothing: this is what holds then. */
  readonly isUsual: boolean;
  /** What it comes to, by class. */
  readonly limits: Readonly<Record<PurposeClass, PeriodLimits>>;
};

function viewOf(policy: PeriodPolicy, isUsual: boolean): PeriodPolicyView {
  const limits = purposeClasses.map((purpose) => [purpose, limitsFor(policy, purpose)]);
  return { policy, isUsual, limits: Object.fromEntries(limits) as PeriodPolicyView['limits'] };
}

/** What the environment says of crypto-periods, or what holds where it says nothing. */
export const readPeriodPolicy = defineOperation<{}, PeriodPolicyView>({
  name: 'governance.read-period-policy',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'governance:read-period-policy',
  run: async ({ house, caller }) => {
    const found = await kept(house, caller.principal.environment);
    return { output: viewOf(found?.content ?? usualPolicy, found === null) };
  },
});

/** How far keys were held to a policy: the revision of its document that they all were. */
const passes = defineCollection<{ readonly revision: number }>(
  'period-pass',
  z.strictObject({ revision: z.int().min(1) }),
);

/** The policy that not all keys of an environment have been held to yet; null: they have, or it says nothing. */
export async function pendingPeriodPolicy(
  house: House,
  environment: string,
): Promise<{ readonly policy: PeriodPolicy; readonly revision: number } | null> {
  const found = await kept(house, environment);
  if (!found) return null;
  const { revision } = found.document;
  const pass = await passes.find(house, environment, policyId);
  return pass?.content.revision === revision ? null : { policy: found.content, revision };
}

const finishInput = z.strictObject({
  revision: z.int().min(1),
  /** How many keys had to be changed. */
  changed: z.int().min(0),
});
type FinishInput = z.infer<typeof finishInput>;

/** Writes down that every key is held to the policy. Only the house says it. */
export const finishPeriodPass = defineOperation<FinishInput, {}>({
  name: 'governance.finish-period-pass',
  kind: 'manage',
  input: finishInput,
  targets: [],
  permission: 'governance:finish-period-pass',
  run: async ({ house, caller }, { revision, changed }) => {
    const place = { environment: caller.principal.environment, id: policyId };
    return {
      output: {},
      changes: [await passes.put(house, place, { revision })],
      facts: { revision, changed },
    };
  },
});

const writeInput = z.strictObject({
  policy: policyShape,
  /** The caller knows that keys that are there will protect nothing any more. */
  stopsKeys: z.boolean().default(false),
});
type WriteInput = { readonly policy: PeriodPolicy; readonly stopsKeys?: boolean };

const specsMax = 1000;

/** Refuses a policy that would stop keys that work, unless that is meant. */
async function requireMeant(house: House, environment: string, policy: PeriodPolicy): Promise<void> {
  const present = await periodPolicyOf(house, environment);
  const { fields } = await house.store.inventory.facets(environment, specsMax);
  const stopped = fields.spec.filter(({ value }) => {
    const spec = value as KeySpec;
    return !allowsSpec(policy, spec) && allowsSpec(present, spec);
  });
  if (stopped.length === 0) return;
  const told = stopped.map(({ value, keys }) => `${value}: ${keys}`).join(', ');
  throw new ClavigerError(
    'period-policy-stops',
    `By this policy keys that are there would protect nothing any more (${told}): say that this is meant.`,
    { details: { field: 'stopsKeys', specs: told } },
  );
}

/**
 * Says it anew: versions that are made from now on have these periods, and the house holds all others to them, one key after the other.
 * What a version was promised gets no longer by it.
 */
export const writePeriodPolicy = defineOperation<WriteInput, PeriodPolicyView>({
  name: 'governance.write-period-policy',
  kind: 'manage',
  input: writeInput as unknown as z.ZodType<WriteInput>,
  targets: [],
  permission: 'governance:write-period-policy',
  quorum: 'policy',
  run: async ({ house, caller }, { policy, stopsKeys = false }) => {
    const { environment } = caller.principal;
    if (!stopsKeys) await requireMeant(house, environment, policy);
    const place = { environment, id: policyId };
    return {
      output: viewOf(policy, false),
      changes: [await policies.put(house, place, policy)],
      facts: {
        profile: policy.profile,
        rotates: policy.rotates,
        classes: JSON.stringify(policy.classes),
        stopsKeys,
      },
    };
  },
});
