import { createPublicKey } from 'node:crypto';
import type * as Pkcs11 from 'pkcs11js';
import { ClavigerError } from '#domain';
import type { AlgorithmName, KeySpec } from '#domain';
import type { DeviceKey } from '#ports';
import { derOfEcdsa, digestInfo, unwrapOctets } from './encodings.ts';
import { attribute, find, isTrue, requirePresent } from './objects.ts';
import { refusesData } from './root-calls.ts';
import type { Session } from './token.ts';

const aesLengths: Readonly<Partial<Record<KeySpec, number>>> = { AES_128: 16, AES_256: 32 };
const rsaLengths: Readonly<Partial<Record<KeySpec, number>>> = {
  RSA_2048: 2048,
  RSA_3072: 3072,
  RSA_4096: 4096,
};
const curves: Readonly<Partial<Record<KeySpec, { oid: string; jwk: string; length: number }>>> = {
  EC_P256: { oid: '06082a8648ce3d030107', jwk: 'P-256', length: 32 },
  EC_P384: { oid: '06052b81040022', jwk: 'P-384', length: 48 },
  EC_P521: { oid: '06052b81040023', jwk: 'P-521', length: 66 },
};
const nonceLength = 12;
const tagLength = 16;

type Hash = { mechanism: number; mgf: number; length: number };
//= pkcs11 v2.40 mechanisms 2.1: CKM_SHA* and CKG_MGF1_SHA*
const hashes: Readonly<Record<string, Hash>> = {
  SHA_1: { mechanism: 0x220, mgf: 1, length: 20 },
  SHA_256: { mechanism: 0x250, mgf: 2, length: 32 },
  SHA_384: { mechanism: 0x260, mgf: 3, length: 48 },
  SHA_512: { mechanism: 0x270, mgf: 4, length: 64 },
};

function hashOf(algorithm: AlgorithmName): Hash {
  const hash = hashes[/SHA_[0-9]+$/.exec(algorithm)?.[0] ?? ''];
  if (hash) return hash;
  throw new ClavigerError('operation-unsupported', `The device has no ${algorithm}.`);
}

type Named = { readonly label: string };

/** Everything in the token under a label. */
function objectsOf(open: Session, label: string): Pkcs11.Handle[] {
  const { api } = open;
  return find(open, [
    { type: api.CKA_TOKEN, value: true },
    { type: api.CKA_LABEL, value: label },
  ]);
}

/** The secret or private key under a label: one, sensitive and not extractable. */
function keyOf(open: Session, label: string, kind: number): Pkcs11.Handle {
  const { api } = open;
  const [key, ...others] = find(open, [
    { type: api.CKA_CLASS, value: kind },
    { type: api.CKA_TOKEN, value: true },
    { type: api.CKA_LABEL, value: label },
  ]);
  if (!key) requirePresent(open);
  if (!key) throw new ClavigerError('key-destroyed', 'The device has no such key any more.');
  if (others.length > 0)
    throw new ClavigerError('integrity-failed', 'The device has several keys of one label.');
  return key;
}

function guarded({ api }: Session, label: string, id: Buffer): Pkcs11.Template {
  return [
    { type: api.CKA_TOKEN, value: true },
    { type: api.CKA_PRIVATE, value: true },
    { type: api.CKA_SENSITIVE, value: true },
    { type: api.CKA_EXTRACTABLE, value: false },
    { type: api.CKA_LABEL, value: label },
    { type: api.CKA_ID, value: id },
  ];
}

type Wanted = Named & { readonly spec: KeySpec; readonly signs: boolean };

/** Makes a key. A label that stands already is refused: what stands there may be in use. */
export function generateKey(open: Session, { label, spec, signs }: Wanted): DeviceKey {
  const { module, session, api } = open;
  if (objectsOf(open, label).length > 0)
    throw new ClavigerError('conflict', 'The device has a key of this label already.');
  const id = module.C_GenerateRandom(session, Buffer.alloc(16));
  const aes = aesLengths[spec];
  const own = guarded(open, label, id);
  if (aes !== undefined) {
    const key = module.C_GenerateKey(session, { mechanism: api.CKM_AES_KEY_GEN }, [
      ...own,
      { type: api.CKA_ENCRYPT, value: true },
      { type: api.CKA_DECRYPT, value: true },
      { type: api.CKA_VALUE_LEN, value: aes },
    ]);
    requireKept(open, key);
    return { identity: new Uint8Array(id), publicKey: null };
  }
  const pair = generatePair(open, { label, spec, signs }, id);
  requireKept(open, pair.privateKey);
  const spki = spkiOf(open, spec, pair.publicKey);
  return { identity: new Uint8Array(Buffer.concat([id, spki])), publicKey: new Uint8Array(spki) };
}

/** A module that ignores what it was asked for is noticed before the key is used. */
function requireKept(open: Session, key: Pkcs11.Handle): void {
  const { api, module, session } = open;
  if (isTrue(open, key, api.CKA_SENSITIVE) && !isTrue(open, key, api.CKA_EXTRACTABLE)) return;
  module.C_DestroyObject(session, key);
  throw new ClavigerError('operation-unsupported', 'The device made a key that can be taken out of it.');
}

function generatePair(open: Session, wanted: Wanted, id: Buffer): Pkcs11.KeyPair {
  const { module, session, api } = open;
  const { label, spec, signs } = wanted;
  const rsa = rsaLengths[spec];
  const curve = curves[spec];
  const publicHalf: Pkcs11.Template = [
    { type: api.CKA_TOKEN, value: true },
    { type: api.CKA_LABEL, value: label },
    { type: api.CKA_ID, value: id },
  ];
  const privateHalf: Pkcs11.Template = [
    ...guarded(open, label, id),
    { type: api.CKA_SIGN, value: signs },
    { type: api.CKA_DECRYPT, value: !signs },
  ];
  if (rsa !== undefined) {
    publicHalf.push(
      { type: api.CKA_MODULUS_BITS, value: rsa },
      { type: api.CKA_PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
    );
    const mechanism = { mechanism: api.CKM_RSA_PKCS_KEY_PAIR_GEN };
    return module.C_GenerateKeyPair(session, mechanism, publicHalf, privateHalf);
  }
  if (!curve) throw new ClavigerError('operation-unsupported', `The device makes no keys of spec ${spec}.`);
  publicHalf.push({ type: api.CKA_EC_PARAMS, value: Buffer.from(curve.oid, 'hex') });
  return module.C_GenerateKeyPair(session, { mechanism: api.CKM_EC_KEY_PAIR_GEN }, publicHalf, privateHalf);
}

function spkiOf(open: Session, spec: KeySpec, key: Pkcs11.Handle): Buffer {
  const { api } = open;
  const curve = curves[spec];
  const text = (bytes: Buffer) => bytes.toString('base64url');
  const jwk = curve
    ? ecJwk(unwrapOctets(attribute(open, key, api.CKA_EC_POINT)), curve)
    : {
        kty: 'RSA',
        n: text(attribute(open, key, api.CKA_MODULUS)),
        e: text(attribute(open, key, api.CKA_PUBLIC_EXPONENT)),
      };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' });
}

function ecJwk(point: Buffer, { jwk, length }: { jwk: string; length: number }) {
  if (point[0] !== 4 || point.length !== 1 + 2 * length)
    throw new ClavigerError('integrity-failed', 'The device gave a malformed public key.');
  const part = (from: number) => point.subarray(from, from + length).toString('base64url');
  return { kty: 'EC', crv: jwk, x: part(1), y: part(1 + length) };
}

type Used = Named & { readonly spec: KeySpec; readonly algorithm: AlgorithmName };
type Bytes = { readonly bytes: Uint8Array; readonly aad: Uint8Array };

function gcm({ api }: Session, iv: Uint8Array, aad: Uint8Array): Pkcs11.Mechanism {
  const parameter = {
    type: api.CK_PARAMS_AES_GCM_v240,
    iv: Buffer.from(iv),
    ivBits: nonceLength * 8,
    aad: Buffer.from(aad),
    tagBits: tagLength * 8,
  };
  return { mechanism: api.CKM_AES_GCM, parameter };
}

/** AES-GCM with a nonce of the token's generator. */
export function encryptBytes(open: Session, input: Used & Bytes): Uint8Array {
  const { module, session, api } = open;
  const key = keyOf(open, input.label, api.CKO_SECRET_KEY);
  // tokens refuse it, each in its own way
  if (input.bytes.length === 0)
    throw new ClavigerError('input-invalid', 'A key in a device encrypts one byte at least.');
  const nonce = module.C_GenerateRandom(session, Buffer.alloc(nonceLength));
  module.C_EncryptInit(session, gcm(open, nonce, input.aad), key);
  const plaintext = Buffer.from(input.bytes);
  try {
    const sealed = module.C_Encrypt(session, plaintext, Buffer.alloc(plaintext.length + tagLength));
    return new Uint8Array(Buffer.concat([nonce, sealed]));
  } finally {
    plaintext.fill(0);
  }
}

/** Null: it does not open. */
export function decryptBytes(open: Session, input: Used & Bytes): Uint8Array | null {
  const { module, session, api } = open;
  const isRsa = input.algorithm.startsWith('RSA_');
  const key = keyOf(open, input.label, isRsa ? api.CKO_PRIVATE_KEY : api.CKO_SECRET_KEY);
  if (!isRsa && input.bytes.length < nonceLength + tagLength) return null;
  const body = Buffer.from(isRsa ? input.bytes : input.bytes.subarray(nonceLength));
  const mechanism = isRsa
    ? oaep(open, input.algorithm)
    : gcm(open, input.bytes.subarray(0, nonceLength), input.aad);
  const room = Buffer.alloc(body.length);
  try {
    module.C_DecryptInit(session, mechanism, key);
    return new Uint8Array(module.C_Decrypt(session, body, room));
  } catch (error) {
    if (refusesData(error)) return null;
    throw error;
  } finally {
    room.fill(0);
  }
}

function oaep({ api }: Session, algorithm: AlgorithmName): Pkcs11.Mechanism {
  const { mechanism: hashAlg, mgf } = hashOf(algorithm);
  const parameter = { type: api.CK_PARAMS_RSA_OAEP, hashAlg, mgf, source: 1 };
  return { mechanism: api.CKM_RSA_PKCS_OAEP, parameter };
}

/** Whether the token decrypts RSA-OAEP of this hash: tried with a pair that is gone with the session. */
export function knowsOaep(open: Session, { algorithm }: { algorithm: AlgorithmName }): boolean {
  const { module, session, api } = open;
  const pair = module.C_GenerateKeyPair(
    session,
    { mechanism: api.CKM_RSA_PKCS_KEY_PAIR_GEN },
    [
      { type: api.CKA_TOKEN, value: false },
      { type: api.CKA_MODULUS_BITS, value: 2048 },
      { type: api.CKA_PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
    ],
    [
      { type: api.CKA_TOKEN, value: false },
      { type: api.CKA_DECRYPT, value: true },
    ],
  );
  try {
    module.C_DecryptInit(session, oaep(open, algorithm), pair.privateKey);
    // ends the operation; whatever it says of these bytes
    module.C_Decrypt(session, Buffer.alloc(256, 1), Buffer.alloc(256));
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    // CKR_ENCRYPTED_DATA_INVALID, and what stands for it: the mechanism itself was taken
    return code === 0x40 || code === 0x41 || code === 0x05;
  } finally {
    module.C_DestroyObject(session, pair.privateKey);
    module.C_DestroyObject(session, pair.publicKey);
  }
}

/** Signs a digest. */
export function signDigest(open: Session, input: Used & { readonly digest: Uint8Array }): Uint8Array {
  const { module, session, api } = open;
  const key = keyOf(open, input.label, api.CKO_PRIVATE_KEY);
  const hash = hashOf(input.algorithm);
  const isEc = input.algorithm.startsWith('ECDSA_');
  const isPss = input.algorithm.startsWith('RSA_PSS_');
  const pss = { type: api.CK_PARAMS_RSA_PSS, hashAlg: hash.mechanism, mgf: hash.mgf, saltLen: hash.length };
  const mechanism: Pkcs11.Mechanism = isEc
    ? { mechanism: api.CKM_ECDSA }
    : isPss
      ? { mechanism: api.CKM_RSA_PKCS_PSS, parameter: pss }
      : { mechanism: api.CKM_RSA_PKCS };
  const digest = Buffer.from(input.digest);
  const message = isEc || isPss ? digest : digestInfo(digest);
  module.C_SignInit(session, mechanism, key);
  const signature = module.C_Sign(session, message, Buffer.alloc(1024));
  return new Uint8Array(isEc ? derOfEcdsa(signature) : signature);
}

/** Destroys what stands under a label, and looks for it. */
export function destroyKey(open: Session, { label }: Named): void {
  requirePresent(open);
  for (const object of objectsOf(open, label)) open.module.C_DestroyObject(open.session, object);
  requirePresent(open);
  if (objectsOf(open, label).length > 0)
    throw new ClavigerError(
      'root-unavailable',
      'The device still has an object that it was told to destroy.',
    );
}

/** Labels of keys that begin with a prefix, each once. */
export function listLabels(open: Session, { prefix }: { prefix: string }): string[] {
  const all = find(open, [{ type: open.api.CKA_TOKEN, value: true }]);
  const labels = all.map((object) => attribute(open, object, open.api.CKA_LABEL).toString('utf8'));
  return [...new Set(labels.filter((label) => label.startsWith(prefix)))].toSorted();
}

/** Puts an object into a token that holds none, so that an empty one is known to be away (see `requirePresent`). */
export function anchor(open: Session, { label }: Named): void {
  const { api, module, session } = open;
  if (objectsOf(open, label).length > 0) return;
  module.C_CreateObject(session, [
    { type: api.CKA_CLASS, value: api.CKO_DATA },
    { type: api.CKA_TOKEN, value: true },
    { type: api.CKA_PRIVATE, value: false },
    { type: api.CKA_LABEL, value: label },
    { type: api.CKA_VALUE, value: Buffer.from(label) },
  ]);
}

/** The mechanisms of the token. */
export const mechanisms = ({ module, slot }: Session, _input: null): number[] =>
  module.C_GetMechanismList(slot);
