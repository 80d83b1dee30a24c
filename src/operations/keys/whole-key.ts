import { z } from 'zod';
import { defaultPolicy } from '#access';
import { newId, publicKeyOf, readPrivateKey, type SecretBytes } from '#crypto';
import {
  ClavigerError,
  factsOf,
  hmacSpecOf,
  requireAllowedSpec,
  requireApprovedSpec,
  requireOffered,
  sizedSpec,
  type Instant,
  type Key,
  type KeyName,
  type KeyVersion,
  type SizedSpec,
} from '#domain';
import type { Change, StoredMaterial } from '#ports';
import { authorize } from '../authorization.ts';
import { anyCondition } from '../define.ts';
import { newPeriod, periodPolicyOf, withTerms } from '../governance/period-policy.ts';
import type { House } from '../house.ts';
import { keySpec, keyUsage, nameOfKey } from '../inputs.ts';
import type { Caller, KeyReference, Outcome, TargetRule } from '../operation.ts';
import { findKey } from '../target.ts';
import { nameRecord, softwareTier } from './create.ts';
import { withoutName } from './destroy.ts';
import { openSuitable } from './import-suitable.ts';
import { suspended } from './suspend.ts';
import { countOf, requireOwnMaterial } from './known-material.ts';

/** What a key is to be that comes whole from another key server. */
export const wholeShape = z.strictObject({
  spec: keySpec,
  /** Of specs that leave it to the key; absent: the size of the first version. */
  materialBytes: z.number().int().min(1).max(4096).optional(),
  usage: keyUsage,
  secondUsage: keyUsage.optional(),
  name: nameOfKey,
  exportable: z.boolean(),
  plaintextBackup: z.boolean(),
  deletable: z.boolean(),
  derivation: z.strictObject({ convergent: z.boolean() }).optional(),
  floors: z.strictObject({ protect: z.number().int().min(0), process: z.number().int().min(1) }).optional(),
  /** Whether nothing of it works until it is enabled. */
  suspended: z.boolean().optional(),
  /** Whether new versions may be made here. */
  localRotation: z.boolean(),
  rotationSeconds: z.number().int().min(3600).max(315_360_000).optional(),
});
export type WholeShape = z.infer<typeof wholeShape>;

/** A version that comes with it. */
export type ArrivingVersion = {
  readonly number: number;
  /** Raw bytes of a secret, or a private key in a clear form. */
  readonly material: SecretBytes;
  readonly createdAt: Instant;
};

/** The material as this server writes it. The caller disposes it. Throws `material-unsuitable`. */
export function asOwnForm(spec: Key['spec'], material: SecretBytes): SecretBytes {
  if (!factsOf(spec).asymmetric) return material.copy();
  const read = readPrivateKey(material);
  if (read.spec === spec) return read.encoded;
  read.encoded[Symbol.dispose]();
  throw new ClavigerError('material-unsuitable', `The material is that of a key of spec ${read.spec}.`);
}

type Arrived = {
  readonly version: KeyVersion;
  readonly stored: StoredMaterial;
  readonly known: Change;
  /** Whether its material has stopped protecting in another key. */
  readonly isOver: boolean;
};

/** One version that came from outside, sealed: active from now on. */
export async function arrivedVersion(
  house: House,
  key: Pick<Key, 'id' | 'environment' | 'spec' | 'usage' | 'materialBytes'>,
  { number, material, createdAt }: ArrivingVersion,
  now: Instant,
): Promise<Arrived> {
  const { environment, id: keyId, spec } = key;
  using encoded = asOwnForm(spec, material);
  const opened = await openSuitable(key, encoded);
  const { known, twins } = await requireOwnMaterial(house, key, encoded, opened);
  const countedAs = await countOf(house, twins);
  const since = Math.min(createdAt, ...twins.map((twin) => twin.version.activatedAt ?? createdAt));
  const wrapped = await house.hierarchy.sealMaterial({ environment, keyId, version: number }, encoded);
  const version: KeyVersion = {
    number,
    state: 'active',
    history: [
      { state: 'pre-activation', at: now, cause: 'imported' },
      { state: 'active', at: now, cause: 'activated' },
    ],
    createdAt,
    // its crypto-period began where it was made; what is here already began it no later
    activatedAt: since,
    // what came from outside is held elsewhere too: nobody follows its rotation
    cryptoPeriod: await newPeriod(house, environment, { ...key, origin: 'imported' }),
    materialId: await house.hierarchy.materialId(environment, keyId, encoded),
    publicKey: publicKeyOf(opened),
    imported: { isPresent: true, expiresAt: null },
    ...(countedAs ? { countedAs } : {}),
    rotation: number === 1 ? 'first' : 'imported',
  };
  const isOver = twins.some((twin) => twin.version.state === 'deactivated');
  return { version, stored: { version: number, material: wrapped }, known, isOver };
}

/** A version that has the material of another one would be no new version: what was protected under both could not be told apart. */
function requireDistinct(arrived: readonly Arrived[]): void {
  const numbers = new Map<string, number>();
  for (const { version } of arrived) {
    const twin = numbers.get(version.materialId);
    if (twin !== undefined)
      throw new ClavigerError(
        'material-unsuitable',
        `The key material can not be taken: versions ${twin} and ${version.number} have the same.`,
      );
    numbers.set(version.materialId, version.number);
  }
}

/** HMAC keys whose size nobody said are of that of their first version. */
function sizedBy(shape: WholeShape, [first]: readonly ArrivingVersion[]): SizedSpec {
  const isOpen = shape.spec === 'HMAC' && shape.materialBytes === undefined;
  return sizedSpec(isOpen && first ? hmacSpecOf(first.material.length) : shape);
}

function retired(version: KeyVersion, now: Instant): KeyVersion {
  const history = [...version.history, { state: 'deactivated', at: now, cause: 'rotated' } as const];
  return { ...version, state: 'deactivated', history };
}

type Asking = { readonly caller: Caller; readonly now: Instant };

/** Throws `access-denied` where the caller may not take a name from the key that has it: the policy of that key may say so. */
async function requireTakeable(house: House, { caller, now }: Asking, taken: KeyName): Promise<void> {
  const reference: KeyReference = { kind: 'name', name: taken.name };
  const rule: TargetRule<undefined> = {
    permission: 'names:move',
    act: 'manage',
    conditions: anyCondition,
    reference: () => reference,
  };
  const opened = await findKey(house, caller, { kind: 'id', id: taken.keyId });
  authorize({ operation: {}, caller, input: undefined, target: { rule, opened }, now });
}

/** Makes a key of versions that come from outside, the newest of which protects, unless its material has stopped doing so. Throws `name-taken`, `purpose-forbids`, `material-unsuitable`. */
export async function wholeKey(
  house: House,
  { caller, now }: Asking,
  shape: WholeShape & { readonly takesName?: boolean },
  arriving: readonly ArrivingVersion[],
): Promise<Outcome<Key>> {
  const { environment, name: createdBy } = caller.principal;
  const { usage, secondUsage, name, derivation, floors, rotationSeconds } = shape;
  requireOffered(shape);
  const sized = sizedBy(shape, arriving);
  if (house.fips !== null) requireApprovedSpec(sized.spec, 'make');
  const { spec } = sized;
  const periods = await periodPolicyOf(house, environment);
  requireAllowedSpec(periods, spec);
  const taken = await house.store.name(environment, caller.region, name);
  if (taken && !shape.takesName) throw new ClavigerError('name-taken', `The name ${name} is taken.`);
  if (taken) await requireTakeable(house, { caller, now }, taken);
  const id = newId();
  await house.hierarchy.newShredSecret(environment, id);
  const arrived: Arrived[] = [];
  for (const each of arriving)
    arrived.push(await arrivedVersion(house, { id, environment, usage, ...sized }, each, now));
  requireDistinct(arrived);
  //= sp800-57p1r5 7.4: what is deactivated protects nothing again, under whatever name it comes back
  const versions = arrived.map(({ version, isOver }, at) =>
    at === arrived.length - 1 && !isOver ? version : retired(version, now),
  );
  const made: Key = {
    id,
    environment,
    region: caller.region,
    ...sized,
    usage,
    ...(secondUsage ? { secondUsage } : {}),
    owner: createdBy,
    description: '',
    tags: [],
    dataClassification: 'unclassified',
    origin: 'imported',
    imported: { isPresent: true, expiresAt: null },
    tier: softwareTier(house),
    ...(shape.exportable ? { exportable: true } : {}),
    ...(shape.exportable && shape.plaintextBackup ? { plaintextBackup: true } : {}),
    ...(shape.deletable ? { deletable: true } : {}),
    ...(derivation ? { derivation } : {}),
    ...(floors ? { floors } : {}),
    ...(shape.localRotation ? { localRotation: true } : {}),
    policy: defaultPolicy(caller.accountId),
    rotation: rotationSeconds
      ? { periodDays: rotationSeconds / 86_400, since: now, nextAt: now + rotationSeconds * 1000 }
      : null,
    ...withTerms(periods, spec),
    suspendedAt: null,
    destruction: null,
    createdAt: now,
    createdBy,
    versions,
    revision: 1,
  };
  const key = shape.suspended ? suspended(made, { at: now, cause: 'suspended-by-request' }) : made;
  return {
    output: key,
    keyId: id,
    changes: [
      { kind: 'key-created', key, materials: arrived.map(({ stored }) => stored) },
      ...arrived.map(({ known }) => known),
      ...(taken ? [withoutName(taken)] : []),
      { kind: 'name-created', name: nameRecord(caller, name, id, now) },
    ],
    facts: {
      spec,
      usage,
      origin: 'imported',
      name,
      versions: versions.map(({ number }) => number).join(' '),
    },
  };
}
