import { z } from 'zod';
import {
  convergentMaterial,
  decryptRsa,
  derivedMaterial,
  encryptRsa,
  open,
  openPublicKey,
  randomBytes,
  seal,
  sealConvergent,
  type KeyMaterial,
} from '#crypto';
import { ClavigerError, factsOf, type AlgorithmName, type Key } from '#domain';
import { defineOperation, onKey, present, usableOnly } from '../define.ts';
import { bytes, keyReference, versionNumber } from '../inputs.ts';
import type { CheckedKey, KeyReference, TargetRule, Work } from '../operation.ts';
import {
  batchFacts,
  batchOf,
  eachItem,
  contextFor,
  doneVersions,
  hasFailed,
  isDryRun,
  madeBy,
  type ItemResult,
  trial,
  useContext,
} from './items.ts';
import { deviceUse, type Later } from './uses.ts';

/**
 * Ciphertexts that do not describe themselves: nonce, ciphertext and tag under the material of a version, whose number the caller
 * keeps beside them. Many of them in one request are one operation and one record; each succeeds or fails by itself.
 */
const plaintextMax = 32 * 1024 * 1024;
const associatedMax = 1_048_576;
const contextMax = 1024;
const nothing = new Uint8Array(0);

const besides = {
  /** Authenticated beside the plaintext, and not kept. */
  associatedData: bytes(0, associatedMax),
  context: useContext,
};

type PlainItem = {
  readonly plaintext: Uint8Array;
  readonly associatedData: Uint8Array;
  readonly context: Uint8Array | null;
};

function isBytes(value: unknown, max: number): boolean {
  return value instanceof Uint8Array && value.length <= max;
}

/** As a schema would say it; there may be ten thousand of them. */
const plainItem = z.custom<PlainItem>((value) => {
  if (typeof value !== 'object' || value === null) return false;
  const { plaintext, associatedData, context, ...rest } = value as Partial<PlainItem>;
  const isContext = context === null || isBytes(context, contextMax);
  return (
    isBytes(plaintext, plaintextMax) && isBytes(associatedData, associatedMax) && isContext && isEmpty(rest)
  );
}, 'must be an item of bytes within bounds');

function isEmpty(rest: object): boolean {
  for (const _name in rest) return false;
  return true;
}

const sealedItem = z.strictObject({
  ciphertext: bytes(0, plaintextMax + 1024),
  version: z.number().int().min(1),
  ...besides,
});
type SealedItem = z.infer<typeof sealedItem>;

export type SealedResult = ItemResult<{ readonly ciphertext: Uint8Array; readonly version: number }>;
/** The caller wipes the plaintext once it is written. */
export type OpenedResult = ItemResult<{ readonly plaintext: Uint8Array }>;

/** The algorithm of ciphertexts that do not describe themselves. */
export function versionedAlgorithm({ spec }: Pick<Key, 'spec'>): AlgorithmName | null {
  const { family } = factsOf(spec);
  if (family === 'aes') return 'AES_GCM';
  if (family === 'chacha20') return 'CHACHA20_POLY1305';
  return family === 'rsa' ? 'RSA_OAEP_SHA_256' : null;
}

const sealingSpecs = ['AES_128', 'AES_256', 'CHACHA20'] as const;
type SealingSpec = (typeof sealingSpecs)[number];

function sealingSpec({ spec }: Key): SealingSpec {
  const found = sealingSpecs.find((name) => name === spec);
  if (!found) throw new ClavigerError('algorithm-forbids', `No key is derived from one of spec ${spec}.`);
  return found;
}

type Used = { readonly key: Key; readonly algorithm: AlgorithmName; readonly material: KeyMaterial };

function sealItem({ key, algorithm, material }: Used, item: PlainItem): Uint8Array {
  if (factsOf(key.spec).asymmetric) return encryptRsa(algorithm, material, item.plaintext);
  const context = contextFor(key, item.context);
  if (context === null) return seal(algorithm, material, item.plaintext, item.associatedData);
  const spec = sealingSpec(key);
  if (!key.derivation?.convergent)
    return seal(algorithm, derivedMaterial(material, context, spec), item.plaintext, item.associatedData);
  const keys = convergentMaterial(material, context, spec);
  return sealConvergent(algorithm, keys, item.plaintext, item.associatedData);
}

function openItem({ key, algorithm, material }: Used, item: SealedItem): Uint8Array {
  if (factsOf(key.spec).asymmetric) return decryptRsa(algorithm, material, item.ciphertext);
  const context = contextFor(key, item.context);
  if (context === null) return open(algorithm, material, item.ciphertext, item.associatedData);
  const spec = sealingSpec(key);
  const derived = key.derivation?.convergent
    ? convergentMaterial(material, context, spec).material
    : derivedMaterial(material, context, spec);
  return open(algorithm, derived, item.ciphertext, item.associatedData);
}

type Reader = { readonly work: Work; readonly algorithm: AlgorithmName };

/** Opens one item with the version that it names, if that version may still process. */
async function openOne({ work, algorithm }: Reader, item: SealedItem): Promise<Uint8Array> {
  const target = present(work.keys[0]);
  const { key, opened } = target;
  const version = madeBy(work, key, { what: 'ciphertext', number: item.version, algorithm });
  if (version.device) {
    const inDevice = { ...target, version };
    const { device, use } = deviceUse(inDevice, algorithm);
    return device.decrypt(use, item.ciphertext, item.associatedData);
  }
  const material = opened.peek(version.number) ?? (await opened.open(version.number));
  return openItem({ key, algorithm, material }, item);
}

type Sealed = { readonly ciphertext: Uint8Array; readonly version: number };

async function sealInDevice(target: CheckedKey, algorithm: AlgorithmName, item: PlainItem): Promise<Sealed> {
  const { key, version } = target;
  const { device, use } = deviceUse(target, algorithm);
  const ciphertext = factsOf(key.spec).asymmetric
    ? encryptRsa(algorithm, openPublicKey(key.spec, version.publicKey ?? nothing), item.plaintext)
    : await device.encrypt(use, item.plaintext, item.associatedData);
  return { ciphertext, version: version.number };
}

function sealOne(work: Work, item: PlainItem): Later<Sealed> {
  const target = present(work.keys[0]);
  const { key, version, opened } = target;
  const algorithm = present(target.algorithm);
  if (version.device) return sealInDevice(target, algorithm, item);
  const material = present(opened.peek(version.number));
  return { ciphertext: sealItem({ key, algorithm, material }, item), version: version.number };
}

function totalBytes(items: readonly { readonly plaintext: Uint8Array }[]): number {
  let total = 0;
  for (const { plaintext } of items) total += plaintext.length;
  return total;
}

const sealInput = z.strictObject({ ...batchOf(plainItem), version: versionNumber });
type SealInput = z.infer<typeof sealInput>;

/** Seals items under the version that protects. */
export const encryptItems = defineOperation<SealInput, { key: Key; results: readonly SealedResult[] }>({
  name: 'keys.encrypt-items',
  kind: 'use',
  isDryRun,
  input: sealInput,
  targets: [
    onKey<SealInput>({
      permission: 'keys:encrypt',
      act: 'protect',
      conditions: usableOnly,
      usage: 'encrypt',
      algorithm: (_wish, key) => versionedAlgorithm(key),
      version: ({ version }) => version,
      bytes: ({ items }) => totalBytes(items),
      uses: ({ items }) => items.length,
    }),
  ],
  run: async (work, { items }) => {
    const { key } = present(work.keys[0]);
    const results: readonly SealedResult[] = await eachItem(items, (item) => sealOne(work, item));
    return { output: { key, results }, facts: batchFacts(results) };
  },
});

const openInput = z.strictObject(batchOf(sealedItem));
type OpenInput = z.infer<typeof openInput>;

/** What opening and resealing ask of a key; whether the version of an item may process is asked for each item. */
function openingRule<I extends { readonly key: KeyReference }>(
  permission: TargetRule<I>['permission'],
): TargetRule<I> {
  return onKey<I>({
    permission,
    act: 'process',
    conditions: usableOnly,
    usage: 'encrypt',
    algorithm: (_wish, key) => versionedAlgorithm(key),
    eachVersion: true,
  });
}

function wipePlaintexts(results: readonly OpenedResult[]): void {
  for (const result of results) if (!hasFailed(result)) result.plaintext.fill(0);
}

/** Opens items, each with the version that made it. */
export const decryptItems = defineOperation<OpenInput, { key: Key; results: readonly OpenedResult[] }>({
  name: 'keys.decrypt-items',
  kind: 'use',
  isDryRun,
  input: openInput,
  targets: [openingRule<OpenInput>('keys:decrypt')],
  run: async (work, { items }) => {
    const { key } = present(work.keys[0]);
    const reader = { work, algorithm: present(versionedAlgorithm(key)) };
    const open = async (item: SealedItem) => ({ plaintext: await openOne(reader, item) });
    const results: readonly OpenedResult[] = await eachItem(items, open, wipePlaintexts);
    const processed = doneVersions(items, results);
    return { output: { key, results }, facts: batchFacts(results), processed };
  },
  discard: ({ results }) => wipePlaintexts(results),
});

const rewrapInput = openInput.extend({ version: versionNumber });
type RewrapInput = z.infer<typeof rewrapInput>;

/** Opens items and seals them anew under the version that protects; the plaintexts never leave. */
export const rewrapItems = defineOperation<RewrapInput, { key: Key; results: readonly SealedResult[] }>({
  name: 'keys.rewrap-items',
  kind: 'use',
  isDryRun,
  input: rewrapInput,
  targets: [
    onKey<RewrapInput>({
      permission: 'keys:reencrypt-to',
      act: 'protect',
      conditions: usableOnly,
      usage: 'encrypt',
      algorithm: (_wish, key) => versionedAlgorithm(key),
      version: ({ version }) => version,
      bytes: ({ items }) => items.reduce((sum, { ciphertext }) => sum + ciphertext.length, 0),
      uses: ({ items }) => items.length,
    }),
    openingRule<RewrapInput>('keys:reencrypt-from'),
  ],
  run: async (work, { items }) => {
    const { key } = present(work.keys[0]);
    const reader = { work, algorithm: present(versionedAlgorithm(key)) };
    const results: readonly SealedResult[] = await eachItem(items, async (item) => {
      const plaintext = await openOne(reader, item);
      try {
        return await sealOne(work, { plaintext, ...pick(item) });
      } finally {
        plaintext.fill(0);
      }
    });
    const processed = doneVersions(items, results);
    return { output: { key, results }, facts: batchFacts(results), processed };
  },
});

function pick({ associatedData, context }: SealedItem) {
  return { associatedData, context };
}

const dataKeyInput = z.strictObject({
  key: keyReference,
  /** Of the data key. */
  bits: z.union([z.literal(128), z.literal(256), z.literal(512)]),
  /** Whether the data key itself is answered beside its ciphertext. */
  withPlaintext: z.boolean(),
  version: versionNumber,
  ...besides,
  ...trial,
});
type DataKeyInput = z.infer<typeof dataKeyInput>;

export type SealedDataKey = {
  readonly key: Key;
  readonly version: number;
  readonly ciphertext: Uint8Array;
  /** The caller wipes it once it is written; null where it was not asked for. */
  readonly plaintext: Uint8Array | null;
};

function dataKeyOperation(withPlaintext: boolean) {
  return defineOperation<DataKeyInput, SealedDataKey>({
    name: withPlaintext ? 'keys.generate-sealed-data-key' : 'keys.generate-sealed-data-key-without-plaintext',
    kind: 'use',
    isDryRun,
    input: dataKeyInput.refine((wish) => wish.withPlaintext === withPlaintext) as z.ZodType<DataKeyInput>,
    targets: [
      onKey<DataKeyInput>({
        permission: withPlaintext ? 'keys:generate-data-key' : 'keys:generate-data-key-without-plaintext',
        act: 'protect',
        conditions: usableOnly,
        usage: 'encrypt',
        algorithm: (_wish, key) => versionedAlgorithm(key),
        version: ({ version }) => version,
        bytes: ({ bits }) => bits / 8,
      }),
    ],
    run: async (work, { bits, associatedData, context }) => {
      const { key } = present(work.keys[0]);
      const plaintext = randomBytes(bits / 8);
      let given = false;
      try {
        const sealed = await sealOne(work, { plaintext, associatedData, context });
        given = withPlaintext;
        return { output: { key, ...sealed, plaintext: withPlaintext ? plaintext : null } };
      } finally {
        if (!given) plaintext.fill(0);
      }
    },
    discard: ({ plaintext }) => plaintext?.fill(0),
  });
}

/** A fresh data key, and the same sealed under the version that protects. */
export const generateSealedDataKey = dataKeyOperation(true);
/** A fresh data key, sealed; nobody sees it before it is opened. */
export const generateSealedDataKeyWithoutPlaintext = dataKeyOperation(false);
