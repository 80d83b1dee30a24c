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
  factsOf,
  type Instant,
  type Key,
  type KeyVersion,
  materialEnd,
  replaceVersion,
} from '#domain';
import { anyCondition, defineOperation, notScheduled, onKey, present } from '../define.ts';
import type { House } from '../house.ts';
import { bytes, keyReference } from '../inputs.ts';
import type { Outcome } from '../operation.ts';
import { revised, updateOf } from './change.ts';
import { openToken, sealToken, type ImportToken } from './import-token.ts';
import { openSuitable } from './import-suitable.ts';

const tokenMillis = 86_400_000;

const parametersInput = z.strictObject({
  key: keyReference,
  wrap: z.enum(transportWraps),
  wrappingSpec: z.enum(transportSpecs),
});
type ParametersInput = z.infer<typeof parametersInput>;

const importInput = z.strictObject({
  key: keyReference,
  token: bytes(1, 8192),
  wrapped: bytes(1, 8192),
  /** When the material is deleted by itself; null: never. */
  expiresAt: z.number().int().min(0).nullable(),
  /** The material that is expected to come back; null or absent: any that suits. */
  materialId: z.string().max(64).nullable().optional(),
  /** The caller brings material for a new version: only the first may be new. */
  isNew: z.boolean().optional(),
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
export function awaitedVersion(key: Pick<Key, 'spec'>, now: Instant): KeyVersion {
  return {
    number: 1,
    state: 'pre-activation',
    history: [{ state: 'pre-activation', at: now, cause: 'material-awaited' }],
    createdAt: now,
    activatedAt: null,
    cryptoPeriod: factsOf(key.spec).cryptoPeriod,
    materialId: '',
    publicKey: null,
    rotation: 'first',
  };
}

function requireImported(key: Key): asserts key is Key & { imported: NonNullable<Key['imported']> } {
  if (key.imported) return;
  throw new ClavigerError(
    'operation-unsupported',
    `Key ${key.id} was made here: only keys of origin imported take material from outside.`,
  );
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

/**
 * Takes material from outside: at first whatever suits the key, afterwards only the same again. Throws `import-token-invalid`,
 * `import-token-expired`, `ciphertext-invalid`, or `material-unsuitable`.
 */
export const importMaterial = defineOperation<ImportInput, Key>({
  name: 'keys.import-material',
  kind: 'manage',
  input: importInput,
  targets: [
    onKey<ImportInput>({ permission: 'keys:import-material', act: 'manage', conditions: notScheduled }),
  ],
  conditions: ({ expiresAt }) => ({
    'kms:ExpirationModel': expiresAt === null ? 'KEY_MATERIAL_DOES_NOT_EXPIRE' : 'KEY_MATERIAL_EXPIRES',
    ...(expiresAt === null ? {} : { 'kms:ValidTo': new Date(expiresAt).toISOString() }),
  }),
  run: async ({ house, keys, now }, wish) => {
    const { key } = present(keys[0]);
    requireImported(key);
    if (wish.expiresAt !== null && wish.expiresAt <= now) {
      throw new ClavigerError('input-invalid', 'The material would expire before it is here.', {
        details: { field: 'expiresAt' },
      });
    }
    requireExpected(currentVersion(key), wish);
    const { wrap, wrappingKey } = await openToken(house, key, wish.token, now);
    using material = unwrapTransported(wrap, wrappingKey, wish.wrapped);
    return await imported(house, key, material, { now, expiresAt: wish.expiresAt });
  },
});

async function imported(
  house: House,
  key: Key,
  material: SecretBytes,
  { now, expiresAt }: { now: Instant; expiresAt: Instant | null },
): Promise<Outcome<Key>> {
  const opened = await openSuitable(key.spec, material);
  const { environment, id } = key;
  const version = currentVersion(key);
  const materialId = await house.hierarchy.materialId(environment, id, material);
  requireSame(version, materialId);
  await house.hierarchy.ensureShredSecret(environment, id);
  const sealed = await house.hierarchy.sealMaterial(
    { environment, keyId: id, version: version.number },
    material,
  );
  const filled: KeyVersion = { ...version, materialId, publicKey: publicKeyOf(opened) };
  const active =
    version.state === 'pre-activation'
      ? changeState(filled, 'active', { at: now, cause: 'imported' })
      : filled;
  const after: Key = { ...replaceVersion(key, active), imported: { isPresent: true, expiresAt } };
  const { number } = version;
  return {
    output: revised(key, after),
    changes: [updateOf(key, after, { erased: [number], added: [{ version: number, material: sealed }] })],
    facts: { materialId, expiresAt },
  };
}

/** What the caller says of the material, before any of it is looked at. */
function requireExpected({ materialId }: KeyVersion, wish: Pick<ImportInput, 'materialId' | 'isNew'>): void {
  if (wish.isNew && materialId !== '') {
    throw new ClavigerError(
      'operation-unsupported',
      'A key takes one imported material: it is not rotated by import.',
    );
  }
  if (!wish.materialId || wish.materialId === materialId) return;
  throw new ClavigerError('material-unsuitable', 'The key never had the material that the request names.');
}

function requireSame({ materialId }: KeyVersion, found: string): void {
  if (materialId === '' || constantTimeEqual(Buffer.from(materialId), Buffer.from(found))) return;
  throw new ClavigerError(
    'material-unsuitable',
    'The key material is not the same as the one that was imported before.',
  );
}

/** The key without its material: the shred secret first, so that no copy of what is erased opens. */
async function withoutMaterial(house: House, key: Key): Promise<Outcome<Key>> {
  await house.hierarchy.shred(key.id);
  const after: Key = { ...key, imported: { isPresent: false, expiresAt: null } };
  const erased = key.versions.map(({ number }) => number);
  return { output: revised(key, after), changes: [updateOf(key, after, { erased })] };
}

/** Deletes imported material; the key stays, and takes the same material again. */
export const deleteImportedMaterial = defineOperation<DeleteInput, Key>({
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
  run: async ({ house, keys }, { materialId }) => {
    const { key } = present(keys[0]);
    requireImported(key);
    requireExpected(currentVersion(key), { materialId });
    return key.imported.isPresent ? withoutMaterial(house, key) : { output: key };
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
    const end = materialEnd(key);
    return end !== null && now >= end ? withoutMaterial(house, key) : { output: key };
  },
});
