import type { KeyUsage } from './algorithm.ts';
import { ClavigerError } from './errors.ts';
import type { PeriodTerms } from './key.ts';
import { type CryptoPeriod, factsOf, type KeySpec } from './key-spec.ts';

/** What a key is for, as SP 800-57 part 1 names key types: a policy speaks of these. */
export const purposeClasses = [
  'data',
  'wrap',
  'mac',
  'signature',
  'transport',
  'agreement',
  'derivation',
] as const;
export type PurposeClass = (typeof purposeClasses)[number];

const byUsage: Readonly<Record<KeyUsage, PurposeClass>> = Object.freeze({
  encrypt: 'data',
  wrap: 'wrap',
  mac: 'mac',
  sign: 'signature',
  'key-agreement': 'agreement',
  encapsulate: 'agreement',
  derive: 'derivation',
});

type Purposed = { readonly spec: KeySpec; readonly usage: KeyUsage };

export function purposeOf({ spec, usage }: Purposed): PurposeClass {
  // what a pair encrypts is a key or a message on its way, not stored data
  return usage === 'encrypt' && factsOf(spec).asymmetric ? 'transport' : byUsage[usage];
}

/** The bounds of a class: seconds from the activation of a version, and amounts; null: none by this axis. */
export type PeriodLimits = {
  readonly originatorSeconds: number | null;
  readonly recipientSeconds: number | null;
  readonly operationsMax: number | null;
  readonly bytesMax: number | null;
};

export const profileNames = ['nist-r5', 'nist-r6-draft', 'pci', 'cnsa-2.0'] as const;
export type ProfileName = (typeof profileNames)[number];

/** What a standard says of crypto-periods and of keys that may be made. */
export type PeriodProfile = {
  readonly source: string;
  readonly limits: Readonly<Record<PurposeClass, PeriodLimits>>;
  /** Security strength against a classical attacker, bits. */
  readonly strengthMin: number;
  /** Specs that may be made, where the standard names them; null: all of enough strength. */
  readonly specs: readonly KeySpec[] | null;
};

const day = 86_400;
const year = 365 * day;

function limits(originatorSeconds: number, recipientSeconds: number | null = null): PeriodLimits {
  return { originatorSeconds, recipientSeconds, operationsMax: null, bytesMax: null };
}

//= sp800-57p1r5 5.3.6, Table 1
const nistR5: PeriodProfile = {
  source: 'NIST SP 800-57 part 1 rev. 5, 5.3.6 and Table 1',
  limits: {
    data: limits(year, 4 * year),
    wrap: limits(year, 4 * year),
    mac: limits(2 * year, 5 * year),
    signature: limits(3 * year),
    transport: limits(2 * year),
    agreement: limits(2 * year),
    derivation: limits(year),
  },
  strengthMin: 112,
  specs: null,
};

/** Keys of stored data and those that wrap stored keys open what they protected for as long as it is needed. */
const nistR6: PeriodProfile = {
  ...nistR5,
  source: 'NIST SP 800-57 part 1 rev. 6, initial public draft, Table 1 (types 21 to 26)',
  limits: { ...nistR5.limits, data: limits(year), wrap: limits(year) },
};

const pci: PeriodProfile = {
  ...nistR6,
  source: 'PCI DSS 4.0.1, 3.7.4, with the periods of NIST SP 800-57',
  limits: { ...nistR6.limits, mac: limits(year), signature: limits(2 * year) },
  // strong cryptography: its glossary asks for 112 bits at least, and for 128 in what is new
  strengthMin: 112,
};

const cnsa: PeriodProfile = {
  ...nistR6,
  source: 'NSA CNSA 2.0',
  strengthMin: 192,
  specs: ['AES_256', 'HMAC_384', 'HMAC_512', 'ML_DSA_87', 'ML_KEM_1024'],
};

export const periodProfiles: Readonly<Record<ProfileName, PeriodProfile>> = Object.freeze({
  'nist-r5': nistR5,
  'nist-r6-draft': nistR6,
  pci,
  'cnsa-2.0': cnsa,
});

/** What an environment says of crypto-periods. */
export type PeriodPolicy = {
  readonly profile: ProfileName;
  /** What it says otherwise than its profile, narrower or wider, by class. */
  readonly classes: Readonly<Partial<Record<PurposeClass, Partial<PeriodLimits>>>>;
  /** Keys whose users can't tell are rotated before their originator period ends. */
  readonly rotates: boolean;
  /** What may not even process any more is destroyed, a waiting period later. */
  readonly destroysAtEnd: boolean;
  /** It bounds only keys that are rotated unseen; absent: all. */
  readonly onlyUnseen?: true;
};

/**
 * Of an environment that says nothing. It stops nothing that worked without it: keys that are rotated in their place get its periods, all
 * others have those of their specs.
 */
export const usualPolicy: PeriodPolicy = Object.freeze({
  profile: 'nist-r6-draft',
  classes: Object.freeze({}),
  rotates: true,
  destroysAtEnd: false,
  onlyUnseen: true,
});

/** Whether a policy lets keys of a spec be made, and those that are there protect. */
export function allowsSpec({ profile }: Pick<PeriodPolicy, 'profile'>, spec: KeySpec): boolean {
  const { specs, strengthMin } = periodProfiles[profile];
  return (specs === null || specs.includes(spec)) && factsOf(spec).strengthBits >= strengthMin;
}

/** What of a policy is kept on a key of a spec; undefined: what is usual. */
export function termsOf(policy: PeriodPolicy, spec: KeySpec): PeriodTerms | undefined {
  const { rotates, destroysAtEnd } = policy;
  if (!allowsSpec(policy, spec)) return { rotates, destroysAtEnd, stops: true };
  return rotates && !destroysAtEnd ? undefined : { rotates, destroysAtEnd };
}

/** The bounds of keys of a class under a policy. */
export function limitsFor(policy: PeriodPolicy, purpose: PurposeClass): PeriodLimits {
  return { ...periodProfiles[policy.profile].limits[purpose], ...policy.classes[purpose] };
}

const boundless: PeriodLimits = Object.freeze({
  originatorSeconds: null,
  recipientSeconds: null,
  operationsMax: null,
  bytesMax: null,
});

type Bound = Purposed & { readonly isUnseen: boolean };

/** The bounds that a policy sets to one key. */
export function limitsOn(policy: PeriodPolicy, key: Bound): PeriodLimits {
  return policy.onlyUnseen && !key.isUnseen ? boundless : limitsFor(policy, purposeOf(key));
}

function lower(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}

/** The narrower of two, axis by axis: bounds of an algorithm hold whatever a policy says. */
export function narrowed(period: CryptoPeriod, bounds: PeriodLimits): CryptoPeriod {
  return {
    originatorSeconds: lower(period.originatorSeconds, bounds.originatorSeconds) ?? period.originatorSeconds,
    recipientSeconds: lower(period.recipientSeconds, bounds.recipientSeconds),
    operationsMax: lower(period.operationsMax, bounds.operationsMax),
    bytesMax: lower(period.bytesMax, bounds.bytesMax),
  };
}

/** The crypto-period of a version that is made now. */
export function periodFor(policy: PeriodPolicy, key: Bound): CryptoPeriod {
  return narrowed(factsOf(key.spec).cryptoPeriod, limitsOn(policy, key));
}

/** Throws `period-policy-forbids` for a key that the policy of its environment does not let be made. */
export function requireAllowedSpec(policy: PeriodPolicy, spec: KeySpec): void {
  if (allowsSpec(policy, spec)) return;
  const { source } = periodProfiles[policy.profile];
  throw new ClavigerError(
    'period-policy-forbids',
    `The crypto-period policy of the environment (${policy.profile}: ${source}) allows no keys of spec ${spec}.`,
    { details: { spec, profile: policy.profile } },
  );
}
