import { z } from 'zod';
import {
  derivedMaterial,
  hashNames,
  openPublicKey,
  publicKeyOf,
  sign,
  type SignatureChoice,
  signWith,
  verify,
  verifyWith,
  type KeyMaterial,
} from '#crypto';
import { algorithmsFor, ClavigerError, factsOf, type AlgorithmName, type Key } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { bytes, versionNumber } from '../inputs.ts';
import type { CheckedKey, Work } from '../operation.ts';
import {
  batchFacts,
  doneVersions,
  batchOf,
  eachItem,
  contextFor,
  isDryRun,
  type ItemResult,
  madeBy,
  useContext,
} from './items.ts';
import { materialOf } from './sealing.ts';
import { signInDevice } from './uses.ts';

/**
 * Signatures whose parts the caller chooses, of many messages in one request: one operation and one record; each item succeeds or
 * fails by itself.
 */
const messageMax = 32 * 1024 * 1024;

const signingChoice = z.strictObject({
  /** `NONE`: the message is a digest, and is signed without naming its hash. */
  hash: z.enum([...hashNames, 'NONE']),
  prehashed: z.boolean(),
  /** Of RSA; other keys do not heed it. */
  padding: z.enum(['PSS', 'PKCS1']),
  /** Of PSS. */
  saltLength: z.union([z.enum(['auto', 'hash']), z.number().int()]),
  /** Of ECDSA. */
  encoding: z.enum(['DER', 'RAW']),
});
export type SigningChoice = z.infer<typeof signingChoice>;

const messageItem = z.strictObject({ message: bytes(0, messageMax), context: useContext });
const signatureItem = messageItem.extend({
  signature: bytes(0, 65_536),
  version: z.number().int().min(1),
});
type MessageItem = z.infer<typeof messageItem>;
type SignatureItem = z.infer<typeof signatureItem>;

export type SignedResult = ItemResult<{
  readonly signature: Uint8Array;
  readonly version: number;
  /** SubjectPublicKeyInfo of the key that was derived for the context; null: the version's own key signed. */
  readonly publicKey: Uint8Array | null;
}>;
export type VerifiedResult = ItemResult<{ readonly valid: boolean }>;

/** The algorithm of a choice in the house's own names, for policies and the state of validation; the nearest where none has its hash. */
function algorithmFor({ hash, padding }: SigningChoice, key: Key): AlgorithmName | null {
  const offered = algorithmsFor(key.spec, 'sign');
  if (factsOf(key.spec).family !== 'rsa') return algorithmOr(null, key, 'sign');
  const named = `RSA_${padding}_${hash.replace(/^SHA2_/, 'SHA_')}`;
  return (
    offered.find((name) => name === named) ??
    offered.find((name) => name.startsWith(`RSA_${padding}_`)) ??
    null
  );
}

/** The choice as the key's kind understands it; null: the kind has nothing to choose. */
function choiceFor(key: Key, choice: SigningChoice): SignatureChoice | null {
  const { hash, prehashed, padding, saltLength, encoding } = choice;
  switch (factsOf(key.spec).family) {
    case 'rsa':
      if (padding === 'PKCS1') return { scheme: 'RSA_PKCS1', hash, prehashed };
      if (hash === 'NONE') throw new ClavigerError('input-invalid', 'RSA-PSS needs a hash.');
      return { scheme: 'RSA_PSS', hash, prehashed, saltLength };
    case 'ec':
      // a digest of any hash will do, truncated as the standard has it
      return prehashed
        ? { scheme: 'ECDSA', hash: 'NONE', prehashed, encoding }
        : { scheme: 'ECDSA', hash, prehashed, encoding };
    default:
      return null;
  }
}

/** Ed25519 and the lattice- and hash-based schemes sign the message itself, whatever is said of hashes. */
function signBytes(used: Used, message: Uint8Array): Promise<Uint8Array> {
  const choice = choiceFor(used.key, used.choice);
  return choice
    ? signWith(used.material, choice, message)
    : sign(used.algorithm, used.material, message, 'raw');
}

function isValid(used: Used, { message, signature }: SignatureItem): Promise<boolean> {
  const choice = choiceFor(used.key, used.choice);
  return choice
    ? verifyWith(used.material, choice, message, signature)
    : verify(used.algorithm, used.material, message, signature, 'raw');
}

type Used = {
  readonly key: Key;
  readonly algorithm: AlgorithmName;
  readonly choice: SigningChoice;
  readonly material: KeyMaterial;
};

//= sp800-131ar2 3: SHA-1 makes no new signatures; what it signed may be verified
function requireApprovedHash({ house }: Work, { hash }: SigningChoice): void {
  if (house.fips === null || hash !== 'SHA1') return;
  throw new ClavigerError('algorithm-forbids', 'SHA-1 signs nothing in the approved mode.');
}

async function signOne(target: CheckedKey, choice: SigningChoice, item: MessageItem) {
  const { key, version } = target;
  const algorithm = present(target.algorithm);
  if (version.device) {
    const signature = await signInDevice(target, deviceAlgorithm(key, choice, algorithm), {
      message: item.message,
      form: choice.prehashed ? 'digest' : 'raw',
    });
    return { signature, version: version.number, publicKey: null };
  }
  const context = contextFor(key, item.context);
  const own = materialOf(target);
  const material = context === null ? own : derivedMaterial(own, context, 'ED25519');
  const signature = await signBytes({ key, algorithm, choice, material }, item.message);
  return { signature, version: version.number, publicKey: context === null ? null : publicKeyOf(material) };
}

/** Devices sign by their own algorithms: PSS with a salt as long as the hash, ECDSA in DER. */
function deviceAlgorithm(key: Key, choice: SigningChoice, algorithm: AlgorithmName): AlgorithmName {
  const bits = /^SHA2_(\d+)$/.exec(choice.hash)?.[1] ?? '-';
  const isRsa = factsOf(key.spec).family === 'rsa';
  const offers =
    algorithm.endsWith(`SHA_${bits}`) &&
    (isRsa ? choice.padding === 'PKCS1' || typeof choice.saltLength === 'string' : choice.encoding === 'DER');
  if (offers) return algorithm;
  throw new ClavigerError(
    'operation-unsupported',
    `The device that holds key ${key.id} does not sign so: it has ${algorithm} alone.`,
  );
}

async function verifyOne(work: Work, choice: SigningChoice, item: SignatureItem): Promise<boolean> {
  const { key, opened } = present(work.keys[0]);
  const algorithm = present(algorithmFor(choice, key));
  const version = madeBy(work, key, { what: 'signature', number: item.version, algorithm });
  const context = contextFor(key, item.context);
  const material = context === null ? await publicHalf() : await derived(context);
  return isValid({ key, algorithm, choice, material }, item);

  async function publicHalf(): Promise<KeyMaterial> {
    return version.publicKey ? openPublicKey(key.spec, version.publicKey) : opened.open(version.number);
  }
  async function derived(of: Uint8Array): Promise<KeyMaterial> {
    return derivedMaterial(await opened.open(version.number), of, 'ED25519');
  }
}

const signInput = z.strictObject({ ...batchOf(messageItem), version: versionNumber, choice: signingChoice });
type SignInput = z.infer<typeof signInput>;

const asFacts = ({ hash, prehashed, padding }: SigningChoice) => ({ hash, prehashed, padding });

/** Signs messages under the version that protects. */
export const signItems = defineOperation<SignInput, { key: Key; results: readonly SignedResult[] }>({
  name: 'keys.sign-items',
  kind: 'use',
  isDryRun,
  input: signInput,
  conditions: ({ choice }) => ({ 'kms:MessageType': choice.prehashed ? 'DIGEST' : 'RAW' }),
  targets: [
    onKey<SignInput>({
      permission: 'keys:sign',
      act: 'protect',
      conditions: usableOnly,
      usage: 'sign',
      algorithm: ({ choice }, key) => algorithmFor(choice, key),
      version: ({ version }) => version,
      bytes: ({ items }) => items.reduce((sum, { message }) => sum + message.length, 0),
      uses: ({ items }) => items.length,
    }),
  ],
  run: async (work, { items, choice }) => {
    const target = present(work.keys[0]);
    requireApprovedHash(work, choice);
    const results: readonly SignedResult[] = await eachItem(items, (item) => signOne(target, choice, item));
    const facts = { ...batchFacts(results), ...asFacts(choice) };
    return { output: { key: target.key, results }, facts };
  },
});

const verifyInput = z.strictObject({ ...batchOf(signatureItem), choice: signingChoice });
type VerifyInput = z.infer<typeof verifyInput>;

/** Checks signatures, each with the version that made it, as far as that version may still process. */
export const verifyItems = defineOperation<VerifyInput, { key: Key; results: readonly VerifiedResult[] }>({
  name: 'keys.verify-items',
  kind: 'use',
  isDryRun,
  input: verifyInput,
  conditions: ({ choice }) => ({ 'kms:MessageType': choice.prehashed ? 'DIGEST' : 'RAW' }),
  targets: [
    onKey<VerifyInput>({
      permission: 'keys:verify',
      act: 'process',
      conditions: usableOnly,
      usage: 'sign',
      algorithm: ({ choice }, key) => algorithmFor(choice, key),
      eachVersion: true,
    }),
  ],
  run: async (work, { items, choice }) => {
    const { key } = present(work.keys[0]);
    const results: readonly VerifiedResult[] = await eachItem(items, async (item) => ({
      valid: await verifyOne(work, choice, item),
    }));
    const invalid = results.filter((result) => 'valid' in result && !result.valid).length;
    const facts = { ...batchFacts(results), invalid, ...asFacts(choice) };
    return { output: { key, results }, facts, processed: doneVersions(items, results) };
  },
});
