import { z } from 'zod';
import {
  constantTimeEqual,
  generateMaterial,
  publicKeyOf,
  type SecretBytes,
  transportSpecs,
  transportWraps,
  unwrapTransported,
} from '#crypto';
import {
  changeState,
  ClavigerError,
  currentVersion,
  expiredNumbers,
  hasCode,
  heldNumbers,
  type Instant,
  type Key,
  type KeyVersion,
  replaceVersion,
  seatOf,
  takesNewMaterial,
  withArrived,
  withoutMaterials,
  type CryptoPeriod,
} from '#domain';
import { anyCondition, defineOperation, notScheduled, onKey, present } from '../define.ts';
import type { House } from '../house.ts';
import { bytes, keyReference } from '../inputs.ts';
import type { Outcome } from '../operation.ts';
import { revised, updateOf } from './change.ts';
import { openToken, sealToken, type ImportToken } from './import-token.ts';
import { openSuitable } from './import-suitable.ts';
import { countOf, requireOwnMaterial } from './known-material.ts';

const tokenMillis = 86_400_000;

const parametersInput = z.strictObject({
  key: keyReference,
  wrap: z.enum(transportWraps),
  wrappingSpec: z.enum(transportSpecs),
});
type ParametersInput = z.infer<typeof parametersInput>;

export const materialDescription = z.string().max(256).nullable();

const importInput = z.strictObject({
  key: keyReference,
  token: bytes(1, 8192),
  wrapped: bytes(1, 8192),
  /** When the material is deleted by itself; null: never. */
  expiresAt: z.number().int().min(0).nullable(),
  /** The material that is expected to come back; null or absent: any that suits. */
  materialId: z.string().max(64).nullable().optional(),
  /** True: material that was never in the key, for the first version or the next one; null or absent: only the first is new. */
  isNew: z.boolean().nullable().optional(),
  /** What its owner says of the material; null or absent: as it was. */
  description: materialDescription.optional(),
});
type ImportInput = z.infer<typeof importInput>;

const keyOnly = z.strictObject({ key: keyReference });
type KeyOnly = z.infer<typeof keyOnly>;

const deleteInput = keyOnly.extend({ materialId: z.string().max(64).nullable().optional() });
type DeleteInput = z.infer<typeof deleteInput>;

export type ImportParameters = {
  readonly key: Key;
  readonly token: Uint8Array;
  /** The wrapping key's SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly expiresAt: Instant;
};

/** The version of a key whose material comes from outside, before it has come. */
export function awaitedVersion(cryptoPeriod: CryptoPeriod, now: Instant): KeyVersion {
  return {
    number: 1,
    state: 'pre-activation',
    history: [{ state: 'pre-activation', at: now, cause: 'material-awaited' }],
    createdAt: now,
    activatedAt: null,
    cryptoPeriod,
    materialId: '',
    publicKey: null,
    rotation: 'first',
  };
}

export function requireImported(key: Key): asserts key is Key & { imported: NonNullable<Key['imported']> } {
  if (key.imported) return;
  throw new ClavigerError(
    'operation-unsupported',
    `Key ${key.id} was made here: only keys of origin imported take material from outside.`,
  );
}

export function requireFuture(expiresAt: Instant | null, now: Instant): void {
  if (expiresAt === null || expiresAt > now) return;
  throw new ClavigerError('input-invalid', 'The material would expire before it is here.', {
    details: { field: 'expiresAt' },
  });
}

//= sp800-57p1r5 8.1.5.2.2: distribution of secret and private keys, wrapped under a key that is established for it
/** Makes a wrapping key for one key, good for 24 hours. */
export const getImportParameters = defineOperation<ParametersInput, ImportParameters>({
  name: 'keys.get-import-parameters',
  kind: 'manage',
  input: parametersInput,
  targets: [
    onKey<ParametersInput>({
      permission: 'keys:get-import-parameters',
      act: 'manage',
      conditions: notScheduled,
    }),
  ],
  conditions: ({ wrap, wrappingSpec }) => ({
    'kms:WrappingAlgorithm': awsWrapNames[wrap],
    'kms:WrappingKeySpec': wrappingSpec,
  }),
  run: async ({ house, keys, now }, { wrap, wrappingSpec }) => {
    const { key } = present(keys[0]);
    requireImported(key);
    const made = await generateMaterial(wrappingSpec);
    using privateKey = made.encoded;
    const facts: ImportToken = { wrap, spec: wrappingSpec, expiresAt: now + tokenMillis };
    const token = await sealToken(house, key, facts, privateKey);
    return {
      output: { key, token, publicKey: present(made.publicKey), expiresAt: facts.expiresAt },
      facts: { wrap, wrappingSpec },
    };
  },
});

/** The wraps in the words of AWS, which policies speak. */
export const awsWrapNames: Readonly<Record<ImportToken['wrap'], string>> = Object.freeze({
  RSA_OAEP_SHA_1: 'RSAES_OAEP_SHA_1',
  RSA_OAEP_SHA_256: 'RSAES_OAEP_SHA_256',
  RSA_AES_KEY_WRAP_SHA_1: 'RSA_AES_KEY_WRAP_SHA_1',
  RSA_AES_KEY_WRAP_SHA_256: 'RSA_AES_KEY_WRAP_SHA_256',
});

/** What key policies can say of an import, by whichever way it comes. */
export const importConditions = ({ expiresAt }: Pick<ImportInput, 'expiresAt'>) => ({
  'kms:ExpirationModel': expiresAt === null ? 'KEY_MATERIAL_DOES_NOT_EXPIRE' : 'KEY_MATERIAL_EXPIRES',
  ...(expiresAt === null ? {} : { 'kms:ValidTo': new Date(expiresAt).toISOString() }),
});

/**
 * Takes material from outside: at first whatever suits the key, afterwards the same again, or where it is said to be new, what
 * protects from the next rotation on. Throws `import-token-invalid`,
 * `import-token-expired`, `ciphertext-invalid`, or `material-unsuitable`.
 */
export const importMaterial = defineOperation<ImportInput, KeyWithMaterial>({
  name: 'keys.import-material',
  kind: 'manage',
  input: importInput,
  targets: [
    onKey<ImportInput>({ permission: 'keys:import-material', act: 'manage', conditions: notScheduled }),
  ],
  conditions: importConditions,
  quorum: 'import-replace',
  run: async ({ house, keys, now }, wish) => {
    const { key } = present(keys[0]);
    requireImported(key);
    requireFuture(wish.expiresAt, now);
    requireTellable(key, wish);
    const { wrap, wrappingKey } = await openToken(house, key, wish.token, now);
    using material = unwrapTransported(wrap, wrappingKey, wish.wrapped);
    return await imported(house, key, material, { ...wish, now });
  },
});

/** A key after a change of one of its materials, and which one it was. */
export type KeyWithMaterial = { readonly key: Key; readonly materialId: string };

type Arrived = Pick<ImportInput, 'expiresAt' | 'materialId' | 'isNew' | 'description'> & {
  readonly now: Instant;
};

/** The key with material that came from outside, once it is found to suit it. Throws `material-unsuitable`. */
export async function imported(
  house: House,
  key: Key,
  material: SecretBytes,
  { now, expiresAt, materialId: wanted, isNew = null, description = null }: Arrived,
): Promise<Outcome<KeyWithMaterial>> {
  const opened = await openSuitable(key, material);
  const { environment, id } = key;
  const materialId = await house.hierarchy.materialId(environment, id, material);
  requireSame(wanted, materialId);
  const seat = seatOf(key, { isNew, materialId });
  const { known, twins } = await requireOwnMaterial(house, key, material, opened);
  await house.hierarchy.ensureShredSecret(environment, id);
  const dead = (await deadNumbers(house, key)).filter((number) => number !== seat.number);
  const sealed = await house.hierarchy.sealMaterial(
    { environment, keyId: id, version: seat.number },
    material,
  );
  const countedAs = await countOf(house, twins);
  const arrival = { isNew, materialId, now, expiresAt, description, countedAs };
  const arrived = withoutMaterials(withArrived(key, seat, arrival), dead);
  const after = seat.kind === 'first' ? withFirst(arrived, publicKeyOf(opened), now) : arrived;
  const { number } = seat;
  return {
    output: { key: revised(key, after), materialId },
    changes: [
      updateOf(key, after, { erased: [number, ...dead], added: [{ version: number, material: sealed }] }),
      known,
    ],
    facts: {
      materialId,
      expiresAt,
      version: number,
      ...(seat.kind === 'next' ? { pending: true } : {}),
      ...(dead.length > 0 ? { lost: dead.join(' ') } : {}),
    },
  };
}

/** The first version with what came for it, active from now on. */
function withFirst(key: Key, publicKey: Uint8Array | null, now: Instant): Key {
  const filled: KeyVersion = { ...currentVersion(key), publicKey };
  const isAwaited = filled.state === 'pre-activation';
  return replaceVersion(
    key,
    isAwaited ? changeState(filled, 'active', { at: now, cause: 'imported' }) : filled,
  );
}

/** What the caller says of the material, before any of it is looked at. */
function requireTellable(
  key: Key,
  { materialId, isNew, description }: Pick<ImportInput, 'materialId' | 'isNew' | 'description'>,
): void {
  if (materialId && isNew)
    throw new ClavigerError('input-invalid', 'Material that is new has no identifier yet.', {
      details: { field: 'materialId' },
    });
  if (typeof description === 'string' && !takesNewMaterial(key))
    throw new ClavigerError(
      'operation-unsupported',
      'Only material of symmetric encryption keys is described.',
    );
  requireKnown(key, materialId);
}

function isKnown(key: Key, materialId: string | null | undefined): boolean {
  if (!materialId || key.pending?.materialId === materialId) return true;
  return key.versions.some((version) => version.materialId === materialId);
}

function requireKnown(key: Key, materialId: string | null | undefined): void {
  if (isKnown(key, materialId)) return;
  throw new ClavigerError('material-unsuitable', 'The key never had the material that the request names.');
}

function requireSame(wanted: string | null | undefined, found: string): void {
  if (!wanted || constantTimeEqual(Buffer.from(wanted), Buffer.from(found))) return;
  throw new ClavigerError(
    'material-unsuitable',
    'The key material is not the same as the one that the request names.',
  );
}

/**
 * The key without some of its materials. Where none is left the shred secret goes first, so that no copy of what is erased opens;
 * while others are left they share it, and what is erased is erased in the store alone until the key is destroyed.
 */
async function withoutMaterial(house: House, key: Key, numbers: readonly number[]): Promise<Outcome<Key>> {
  const held = heldNumbers(key);
  const areAll = held.every((number) => numbers.includes(number));
  if (areAll) await house.hierarchy.shred(key.id);
  const dead = areAll ? held : await deadNumbers(house, key);
  const erased = [...new Set([...numbers, ...dead])];
  const after = withoutMaterials(key, erased);
  return {
    output: revised(key, after),
    changes: [updateOf(key, after, { erased })],
    facts: { versions: erased.join(' ') },
  };
}

/**
 * Numbers of materials that are said to be here and open no more: a deletion that was overtaken, or cut off, has shredded what was sealed
 * meanwhile under the secret before.
 */
async function deadNumbers(house: House, key: Key): Promise<readonly number[]> {
  const held = heldNumbers(key);
  const stored = (await house.store.key(key.id))?.materials ?? [];
  const dead: number[] = [];
  for (const { version, material } of stored.filter((one) => held.includes(one.version))) {
    const place = { environment: key.environment, keyId: key.id, version };
    try {
      await house.hierarchy.proveMaterial(place, key.spec, material);
    } catch (error) {
      if (!hasCode(error, 'integrity-failed') && !hasCode(error, 'key-destroyed')) throw error;
      dead.push(version);
    }
  }
  return dead;
}

/** The version of the material that is to be deleted; the current one where none is named. */
function numberOf(key: Key, materialId: string | null | undefined): number {
  if (!isKnown(key, materialId))
    throw new ClavigerError('key-not-found', 'The key never had the material that the request names.');
  if (!materialId) return currentVersion(key).number;
  if (key.pending?.materialId === materialId) return key.pending.number;
  return key.versions.find((version) => version.materialId === materialId)?.number ?? 0;
}

/** Deletes imported material; the key stays, and takes the same material again. */
export const deleteImportedMaterial = defineOperation<DeleteInput, KeyWithMaterial>({
  name: 'keys.delete-imported-material',
  kind: 'manage',
  input: deleteInput,
  targets: [
    onKey<DeleteInput>({
      permission: 'keys:delete-imported-material',
      act: 'manage',
      conditions: anyCondition,
    }),
  ],
  quorum: 'destroy',
  spendsFirst: true,
  run: async ({ house, keys }, { materialId }) => {
    const { key } = present(keys[0]);
    requireImported(key);
    const number = numberOf(key, materialId);
    const told = materialId ?? currentVersion(key).materialId;
    if (!heldNumbers(key).includes(number)) return { output: { key, materialId: told } };
    const done = await withoutMaterial(house, key, [number]);
    return { ...done, output: { key: done.output, materialId: told } };
  },
});

/** Deletes imported material whose time is over; the house alone asks. */
export const expireImportedMaterial = defineOperation<KeyOnly, Key>({
  name: 'keys.expire-imported-material',
  kind: 'manage',
  input: keyOnly,
  targets: [
    onKey<KeyOnly>({ permission: 'keys:expire-imported-material', act: 'manage', conditions: anyCondition }),
  ],
  run: async ({ house, keys, now }) => {
    const { key } = present(keys[0]);
    const over = expiredNumbers(key, now);
    return over.length > 0 ? withoutMaterial(house, key, over) : { output: key };
  },
});
