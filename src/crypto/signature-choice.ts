import { ClavigerError, factsOf, type KeyFamily } from '#domain';
import { type HashName, hashOf } from './hashes.ts';
import { handleOf, type KeyHandle, type KeyMaterial, privateKeyOf } from './key-handle.ts';
import { ecdsaDigest, type EcdsaEncoding, ecdsaMessage } from './signature-ec.ts';
import { edwardsMessage, prehashForm } from './signature-edwards.ts';
import {
  modulusLengthOf,
  pkcs1Block,
  pkcs1Digest,
  pkcs1Message,
  pssDigest,
  pssMessage,
  pssSaltMax,
} from './signature-rsa.ts';
import type { SignatureForm } from './signature-shape.ts';

type PssChoice = {
  readonly scheme: 'RSA_PSS';
  readonly hash: HashName;
  /** Whether the input is a digest of that hash. */
  readonly prehashed: boolean;
  /** Bytes of the salt; `hash`: as many as the hash; `auto`: the most that fit, and any when verifying. */
  readonly saltLength: 'auto' | 'hash' | number;
};

type Pkcs1Choice = {
  readonly scheme: 'RSA_PKCS1';
  /** `NONE`: the input is put into the block as it is, without DigestInfo; only with `prehashed`. */
  readonly hash: HashName | 'NONE';
  readonly prehashed: boolean;
};

type EcdsaChoice = {
  readonly scheme: 'ECDSA';
  /** `NONE`: a digest of any hash, 1 to 64 bytes; only with `prehashed`. */
  readonly hash: HashName | 'NONE';
  readonly prehashed: boolean;
  readonly encoding: EcdsaEncoding;
};

/** Ed25519ph hashes the message itself, with SHA-512 (RFC 8032, 5.1). */
type EdwardsChoice = { readonly scheme: 'ED25519' | 'ED25519_PH' };

/** How a signature is made where the caller chooses its parts. Whether a choice is permitted is the caller's rule. */
export type SignatureChoice = PssChoice | Pkcs1Choice | EcdsaChoice | EdwardsChoice;

/**
 * Signs a message, or a digest that was computed elsewhere. Throws `algorithm-forbids` where the key is not
 * one for the scheme, `input-invalid` for a choice that the scheme does not have or an input that it does not
 * take, `operation-unsupported` without the private half.
 */
export async function signWith(
  material: KeyMaterial,
  choice: SignatureChoice,
  input: Uint8Array,
): Promise<Uint8Array> {
  const handle = handleOf(material);
  const form = formOf(handle, choice, input);
  privateKeyOf(handle);
  return form.sign(handle, input);
}

/**
 * Whether a signature is valid; false for anything malformed, whoever made it. Throws like `signWith` for the
 * rest.
 */
export async function verifyWith(
  material: KeyMaterial,
  choice: SignatureChoice,
  input: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const handle = handleOf(material);
  return formOf(handle, choice, input).verify(handle, input, signature);
}

const families: Readonly<Record<SignatureChoice['scheme'], KeyFamily>> = Object.freeze({
  __proto__: null as never,
  RSA_PSS: 'rsa',
  RSA_PKCS1: 'rsa',
  ECDSA: 'ec',
  ED25519: 'edwards',
  ED25519_PH: 'edwards',
});

function formOf(handle: KeyHandle, choice: SignatureChoice, input: Uint8Array): SignatureForm {
  const { scheme } = choice;
  const { spec } = handle;
  if (factsOf(spec).family !== families[scheme] || spec === 'ED448')
    throw new ClavigerError('algorithm-forbids', `A key of spec ${spec} does not do ${scheme}.`);
  const form = chosen(handle, choice, input);
  if (form.messageLength === null || form.messageLength === input.length) return form;
  throw invalid(`A digest of this hash has ${form.messageLength} bytes.`);
}

function chosen(handle: KeyHandle, choice: SignatureChoice, input: Uint8Array): SignatureForm {
  switch (choice.scheme) {
    case 'RSA_PSS':
      return pss(handle, choice);
    case 'RSA_PKCS1':
      return pkcs1(handle, choice, input);
    case 'ECDSA':
      return ecdsa(choice, input);
    case 'ED25519':
      return edwardsMessage;
    case 'ED25519_PH':
      return prehashForm(null);
  }
}

function pss(handle: KeyHandle, choice: PssChoice): SignatureForm {
  const hash = hashOf(choice.hash);
  const salt = choice.saltLength === 'hash' ? hash.length : choice.saltLength;
  const saltMax = pssSaltMax(hash, modulusLengthOf(handle.key));
  if (salt !== 'auto' && !(Number.isSafeInteger(salt) && salt >= 0 && salt <= saltMax))
    throw invalid(`A salt has 0 to ${saltMax} bytes under this key and hash.`);
  return choice.prehashed ? pssDigest(hash, salt) : pssMessage(hash, salt);
}

function pkcs1(handle: KeyHandle, choice: Pkcs1Choice, input: Uint8Array): SignatureForm {
  if (choice.hash !== 'NONE') {
    const hash = hashOf(choice.hash);
    return choice.prehashed ? pkcs1Digest(hash) : pkcs1Message(hash);
  }
  requirePrehashed(choice);
  //= rfc8017 9.2 step 3: at least eight bytes of padding
  const longest = modulusLengthOf(handle.key) - 11;
  if (input.length <= longest) return pkcs1Block(null, (bytes) => bytes);
  throw invalid(`Without a hash, a key of this size signs at most ${longest} bytes.`);
}

const digestBytesMax = 64;

function ecdsa(choice: EcdsaChoice, input: Uint8Array): SignatureForm {
  if (choice.hash !== 'NONE') {
    const hash = hashOf(choice.hash);
    return choice.prehashed ? ecdsaDigest(hash.length, choice.encoding) : ecdsaMessage(hash, choice.encoding);
  }
  requirePrehashed(choice);
  if (input.length >= 1 && input.length <= digestBytesMax) return ecdsaDigest(null, choice.encoding);
  throw invalid(`A digest has 1 to ${digestBytesMax} bytes.`);
}

function requirePrehashed(choice: Pkcs1Choice | EcdsaChoice): void {
  if (!choice.prehashed) throw invalid('Without a hash, the input must be a digest.');
}

function invalid(message: string): ClavigerError {
  return new ClavigerError('input-invalid', message);
}
