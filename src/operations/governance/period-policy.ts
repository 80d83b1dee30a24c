import { z } from 'zod';
import {
  periodFor,
  profileNames,
  purposeClasses,
  usualPolicy,
  type CryptoPeriod,
  type KeySpec,
  type KeyUsage,
  type PeriodPolicy,
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
export async function newPeriod(
  house: House,
  environment: string,
  key: { readonly spec: KeySpec; readonly usage: KeyUsage },
): Promise<CryptoPeriod> {
  return periodFor(await periodPolicyOf(house, environment), key);
}

export type PeriodPolicyView = { readonly policy: PeriodPolicy; readonly isUsual: boolean };

/** What the environment says of crypto-periods, or what holds where it says nothing. */
export const readPeriodPolicy = defineOperation<{}, PeriodPolicyView>({
  name: 'governance.read-period-policy',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'governance:read-period-policy',
  run: async ({ house, caller }) => {
    const found = await kept(house, caller.principal.environment);
    return { output: { policy: found?.content ?? usualPolicy, isUsual: found === null } };
  },
});

const writeInput = z.strictObject({ policy: policyShape });
type WriteInput = z.infer<typeof writeInput>;

/** Says it anew: versions that are made from now on have these periods. */
export const writePeriodPolicy = defineOperation<WriteInput, PeriodPolicyView>({
  name: 'governance.write-period-policy',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'governance:write-period-policy',
  quorum: 'policy',
  run: async ({ house, caller }, { policy }) => {
    const place = { environment: caller.principal.environment, id: policyId };
    return {
      output: { policy, isUsual: false },
      changes: [await policies.put(house, place, policy)],
      facts: { profile: policy.profile, rotates: policy.rotates, classes: JSON.stringify(policy.classes) },
    };
  },
});
