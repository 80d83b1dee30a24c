import { z } from 'zod';
import { awsSpecName, awsUsageName, defaultPolicy, locksOut, parsePolicy } from '#access';
import { generateMaterial, newId } from '#crypto';
import {
  ClavigerError,
  factsOf,
  requireAllowedSpec,
  requireApprovedSpec,
  requireOffered,
  sizedSpec,
  type Instant,
  type Key,
  type KeyFamily,
  type KeyTraits,
  type KeySpec,
  type KeyUsage,
  type KeyVersion,
  type ProtectionTier,
} from '#domain';
import type { Change, StoredMaterial } from '#ports';
import { callerValues } from '../authorization.ts';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import { keySpec, keyUsage, nameOfKey, tag } from '../inputs.ts';
import { keyArn } from '../key-cache.ts';
import type { Caller } from '../operation.ts';
import { requirePresumed } from '../presumed.ts';
import { newPeriod, periodPolicyOf, withTerms } from '../governance/period-policy.ts';
import { makeDeviceVersion, requireDeviceOffers } from './device-version.ts';
import { awaitedVersion } from './import.ts';
import { materialKnown } from './known-material.ts';
import { ownerName, ownerOf } from './owner.ts';
import { requireDistinctTags } from './tag-rules.ts';

const input = z.strictObject({
  spec: keySpec,
  usage: keyUsage,
  description: z.string().max(8192),
  tags: z.array(tag).max(50),
  owner: ownerName.nullable(),
  policy: z.string().max(131_072).nullable(),
  bypassLockoutCheck: z.boolean(),
  name: nameOfKey.nullable(),
  dataClassification: z.string().max(64).nullable(),
  /** Whether the material is made here, or comes from outside later. */
  origin: z.enum(['generated', 'imported']).default('generated').optional(),
  /** The tier that the key must have; absent or null: the one that the server gives to new keys. */
  tier: z.enum(['hsm', 'served', 'delivered', 'development']).nullable().optional(),
  /** Whether the material may ever leave, wrapped for a recipient. */
  exportable: z.boolean().optional(),
  /** Each use is to be under a key derived for its context. */
  derivation: z.strictObject({ convergent: z.boolean() }).optional(),
  /** A further usage of a key pair whose protocol knows none. */
  secondUsage: keyUsage.optional(),
  plaintextBackup: z.boolean().optional(),
  /** Seconds between rotations. */
  rotationSeconds: z.number().int().min(3600).max(315_360_000).optional(),
  /** Bytes of the material, for specs that leave them to the key. */
  materialBytes: z.number().int().min(1).max(4096).optional(),
  /** The device that must hold it. */
  device: z.string().max(64).optional(),
});
type Input = z.infer<typeof input>;

type NewVersion = {
  readonly environment: string;
  readonly keyId: string;
  readonly spec: KeySpec;
  readonly materialBytes?: number | undefined;
  readonly number: number;
  readonly now: Instant;
  readonly rotation: KeyVersion['rotation'];
  readonly usage: KeyUsage;
  readonly inDevice: boolean;
  /** Whether the material may leave. */
  readonly exportable: boolean;
  /** By which its crypto-period is found. */
  readonly traits: KeyTraits;
};

/** Generates the material of a version, seals it, and describes it: active from now on. */
export async function makeVersion(
  house: House,
  wanted: NewVersion,
): Promise<{ version: KeyVersion; material: StoredMaterial | null; known: readonly Change[] }> {
  if (wanted.inDevice) return { version: await makeDeviceVersion(house, wanted), material: null, known: [] };
  const { environment, keyId, spec, number, now } = wanted;
  if (house.fips !== null) requireApprovedSpec(spec, 'make');
  const made = await generateMaterial(spec, wanted.materialBytes);
  using encoded = made.encoded;
  const material = await house.hierarchy.sealMaterial({ environment, keyId, version: number }, encoded);
  const version: KeyVersion = {
    number,
    state: 'active',
    history: [
      { state: 'pre-activation', at: now, cause: 'generated' },
      { state: 'active', at: now, cause: 'activated' },
    ],
    createdAt: now,
    activatedAt: now,
    cryptoPeriod: await newPeriod(house, environment, wanted.traits),
    materialId: await house.hierarchy.materialId(environment, keyId, encoded),
    publicKey: made.publicKey,
    rotation: wanted.rotation,
  };
  // what never leaves can't come back from outside: only what may leave is remembered
  const known = wanted.exportable ? [materialKnown(house, wanted, encoded, made.publicKey)] : [];
  return { version, material: { version: number, material }, known };
}

function firstRotation(seconds: number | undefined, now: Instant): Key['rotation'] {
  if (seconds === undefined) return null;
  return { periodDays: seconds / 86_400, since: now, nextAt: now + seconds * 1000 };
}

/** The key that a policy is for. */
export type PolicyPlace = {
  readonly id: string;
  readonly region: string;
  readonly bypassLockoutCheck: boolean;
  readonly now: Instant;
};

/** The policy of a key: checked, and not one that locks its maker out. */
export function acceptPolicy(caller: Caller, policy: string, place: PolicyPlace): string {
  const parsed = parsePolicy(policy);
  const { principal, accountId } = caller;
  const values = callerValues(caller, place.now);
  const writer = { principal, accountId, keyArn: keyArn(accountId, place), values };
  if (!place.bypassLockoutCheck && locksOut(parsed, writer)) {
    throw new ClavigerError(
      'policy-lockout',
      'The new key policy will not allow you to update the key policy in the future.',
    );
  }
  return policy;
}

/** The tier of a key that this process uses: a root in a device guards it, and is not where it lives. */
export function softwareTier(house: House): ProtectionTier {
  const { tier } = house.root.describe();
  return tier === 'hsm' ? 'served' : tier;
}

/** Whether a new key is made in the device; a tier that the server can't give is refused, never weakened. */
async function livesInDevice(house: House, wish: Input): Promise<boolean> {
  const isImported = wish.origin === 'imported';
  const wanted = wish.tier ?? (house.devices?.byDefault && !isImported ? 'hsm' : softwareTier(house));
  if (wanted === 'hsm' && isImported) {
    throw new ClavigerError(
      'operation-unsupported',
      'Keys of tier hsm are made in the device, never brought from outside.',
    );
  }
  if (wanted === 'hsm' && wish.exportable) {
    throw new ClavigerError('operation-unsupported', 'Keys of tier hsm never leave their device.');
  }
  if (wanted === 'hsm') {
    await requireDeviceOffers(house, wish);
    return true;
  }
  const given = softwareTier(house);
  if (wanted === given) return false;
  throw new ClavigerError(
    'operation-unsupported',
    `The root of trust of this server gives the tier ${given}, not ${wanted}: no key was made.`,
    { details: { tier: given } },
  );
}

/** Makes a key with its first version, active at once, and its name if one is given. */
export const createKey = defineOperation<Input, Key>({
  name: 'keys.create',
  kind: 'manage',
  input,
  targets: [],
  permission: 'keys:create',
  conditions: ({ spec, usage, tags, bypassLockoutCheck, origin, tier }) => ({
    'kms:KeySpec': awsSpecName(spec),
    'kms:KeyUsage': awsUsageName(usage),
    'kms:KeyOrigin': origin === 'imported' ? 'EXTERNAL' : tier === 'hsm' ? 'AWS_CLOUDHSM' : 'AWS_KMS',
    'kms:MultiRegion': 'false',
    'kms:BypassPolicyLockoutSafetyCheck': String(bypassLockoutCheck),
    'aws:TagKeys': tags.map((entry) => entry.key),
    ...Object.fromEntries(tags.map((entry) => [`aws:RequestTag/${entry.key}`, entry.value])),
  }),
  run: async ({ house, caller, now }, wish) => {
    requirePresumed(caller, false);
    requireOffered(wish);
    const sized = sizedSpec(wish);
    const { environment } = caller.principal;
    const periods = await periodPolicyOf(house, environment);
    requireAllowedSpec(periods, sized.spec);
    requireDistinctTags(wish.tags);
    const inDevice = await livesInDevice(house, wish);
    const keyId = newId();
    const policy = acceptPolicy(caller, wish.policy ?? defaultPolicy(caller.accountId), {
      id: keyId,
      region: caller.region,
      bypassLockoutCheck: wish.bypassLockoutCheck,
      now,
    });
    // the commit asks again; here it spares a shred secret that no key would ever have
    if (wish.name !== null && (await house.store.name(environment, caller.region, wish.name))) {
      throw new ClavigerError('name-taken', `The name ${wish.name} is taken.`);
    }
    const { version, materials, known } = await firstVersion(
      house,
      { environment, keyId, now, inDevice },
      wish,
    );
    const key: Key = {
      id: keyId,
      environment,
      region: caller.region,
      ...sized,
      usage: wish.usage,
      owner: ownerOf(caller, wish.owner, wish.tags),
      description: wish.description,
      tags: wish.tags,
      dataClassification: wish.dataClassification ?? 'unclassified',
      origin: inDevice ? 'hsm' : (wish.origin ?? 'generated'),
      ...(wish.origin === 'imported' ? { imported: { isPresent: false, expiresAt: null } } : {}),
      tier: inDevice ? 'hsm' : softwareTier(house),
      ...(wish.exportable ? { exportable: true } : {}),
      ...(wish.derivation ? { derivation: wish.derivation } : {}),
      ...(wish.secondUsage ? { secondUsage: wish.secondUsage } : {}),
      ...(wish.exportable && wish.plaintextBackup ? { plaintextBackup: true } : {}),
      policy,
      rotation: firstRotation(wish.rotationSeconds, now),
      ...withTerms(periods, sized.spec),
      suspendedAt: null,
      destruction: null,
      createdAt: now,
      createdBy: caller.principal.name,
      versions: [version],
      revision: 1,
    };
    const name = wish.name === null ? null : nameRecord(caller, wish.name, keyId, now);
    return {
      output: key,
      keyId,
      changes: [
        { kind: 'key-created', key, materials },
        ...known,
        ...(name ? [{ kind: 'name-created', name } as const] : []),
      ],
      facts: {
        spec: key.spec,
        usage: key.usage,
        tier: key.tier,
        origin: key.origin,
        name: wish.name,
        ...(key.exportable ? { exportable: true } : {}),
      },
    };
  },
});

/** The first version: with its material, in a device, or waiting for its material. */
async function firstVersion(
  house: House,
  place: { environment: string; keyId: string; now: Instant; inDevice: boolean },
  wish: Input,
): Promise<{
  version: KeyVersion;
  materials: readonly StoredMaterial[];
  known: readonly Change[];
}> {
  const { spec, materialBytes, usage, exportable } = wish;
  const traits = traitsOf(wish, place.inDevice);
  if (wish.origin === 'imported') {
    requireImportable(house, spec);
    const period = await newPeriod(house, place.environment, traits);
    return { version: awaitedVersion(period, place.now), materials: [], known: [] };
  }
  if (!place.inDevice) await house.hierarchy.newShredSecret(place.environment, place.keyId);
  const wanted = {
    ...place,
    spec,
    materialBytes,
    usage,
    number: 1,
    rotation: 'first',
    exportable: exportable ?? false,
    traits,
  } as const;
  const { version, material, known } = await makeVersion(house, wanted);
  return { version, materials: material ? [material] : [], known };
}

function traitsOf(
  { spec, usage, secondUsage, exportable, derivation, origin }: Input,
  inDevice: boolean,
): KeyTraits {
  return {
    spec,
    usage,
    origin: inDevice ? 'hsm' : (origin ?? 'generated'),
    ...(secondUsage ? { secondUsage } : {}),
    ...(exportable ? { exportable: true } : {}),
    ...(derivation ? { derivation } : {}),
  };
}

const importable: ReadonlySet<KeyFamily> = new Set<KeyFamily>([
  'aes',
  'chacha20',
  'hmac',
  'derivation',
  'rsa',
  'ec',
  'edwards',
]);

function requireImportable(house: House, spec: KeySpec): void {
  if (house.fips !== null) requireApprovedSpec(spec, 'make');
  if (importable.has(factsOf(spec).family)) return;
  throw new ClavigerError('operation-unsupported', `Material of spec ${spec} is not taken from outside.`);
}

/** A name that is new, of a key that is. */
export function nameRecord(caller: Caller, name: string, keyId: string, now: Instant) {
  return {
    environment: caller.principal.environment,
    region: caller.region,
    name,
    keyId,
    createdAt: now,
    updatedAt: now,
  };
}
