import { decryptRsa, encryptRsa, open, openPublicKey, seal, type KeyMaterial } from '#crypto';
import { ClavigerError, factsOf, type AlgorithmName, type Key, type KeyVersion } from '#domain';
import type { CheckedKey } from '../operation.ts';
import { deviceUse, type Later } from './uses.ts';
import { blobHead, headBytes, readBlob, type BlobHead } from './blob.ts';

/** The material of a checked key whose rule opens it. */
export function materialOf(target: CheckedKey): KeyMaterial {
  const material = target.opened.peek(target.version.number);
  if (!material) throw new ClavigerError('internal', 'A key was used before it was opened.');
  return material;
}

function withContext(head: Uint8Array, context: Uint8Array): Uint8Array {
  return context.length === 0 ? head : Buffer.concat([head, context]);
}

// a version's blobs begin alike: its head is made once; nobody writes to it
const heads = new WeakMap<KeyVersion, BlobHead & { readonly bytes: Buffer }>();

function headOf({ key, version }: CheckedKey, algorithm: AlgorithmName): Buffer {
  const known = heads.get(version);
  if (known?.keyId === key.id && known.algorithm === algorithm) return known.bytes;
  const head: BlobHead = { keyId: key.id, version: version.number, algorithm };
  const bytes = blobHead(head);
  heads.set(version, { ...head, bytes });
  return bytes;
}

/** Encrypts under a checked key: a self-describing blob, or the bare RSA ciphertext of a key pair. */
export function sealUnder(
  target: CheckedKey,
  algorithm: AlgorithmName,
  plaintext: Uint8Array,
): Later<Uint8Array> {
  if (target.version.device) return sealInDevice(target, algorithm, plaintext);
  const material = materialOf(target);
  if (factsOf(target.key.spec).asymmetric) {
    refuseContext(target);
    return encryptRsa(algorithm, material, plaintext);
  }
  const head = headOf(target, algorithm);
  return asBlob(head, seal(algorithm, material, plaintext, withContext(head, target.context)));
}

function asBlob(head: Uint8Array, sealed: Uint8Array): Uint8Array {
  const blob = Buffer.allocUnsafe(headBytes + sealed.length);
  blob.set(head, 0);
  blob.set(sealed, headBytes);
  return blob;
}

/** Opens what `sealUnder` made. Throws `ciphertext-invalid`. */
export function openUnder(
  target: CheckedKey,
  algorithm: AlgorithmName,
  ciphertext: Uint8Array,
): Later<Uint8Array> {
  if (target.version.device) return openInDevice(target, algorithm, ciphertext);
  const material = materialOf(target);
  if (factsOf(target.key.spec).asymmetric) {
    refuseContext(target);
    return decryptRsa(algorithm, material, ciphertext);
  }
  requireOwn(target, ciphertext);
  const head = ciphertext.subarray(0, headBytes);
  return open(algorithm, material, ciphertext.subarray(headBytes), withContext(head, target.context));
}

function requireOwn(target: CheckedKey, ciphertext: Uint8Array): void {
  if (readBlob(ciphertext).keyId === target.key.id) return;
  throw new ClavigerError('key-mismatch', 'The ciphertext was made under another key.');
}

/** The same under a key in a device; the public half of a pair is used here, where the device can undo it. */
async function sealInDevice(
  target: CheckedKey,
  algorithm: AlgorithmName,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const { spec, usage } = target.key;
  const { device, use } = deviceUse(target, algorithm);
  if (!(await device.algorithms(spec, usage)).includes(algorithm)) {
    throw new ClavigerError('operation-unsupported', `The device that holds this key has no ${algorithm}.`, {
      details: { algorithm, spec },
    });
  }
  if (factsOf(spec).asymmetric) {
    refuseContext(target);
    return encryptRsa(algorithm, openPublicKey(spec, target.version.publicKey ?? nothing), plaintext);
  }
  const head = headOf(target, algorithm);
  return asBlob(head, await device.encrypt(use, plaintext, withContext(head, target.context)));
}

async function openInDevice(
  target: CheckedKey,
  algorithm: AlgorithmName,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const { device, use } = deviceUse(target, algorithm);
  if (factsOf(target.key.spec).asymmetric) {
    refuseContext(target);
    return device.decrypt(use, ciphertext, nothing);
  }
  requireOwn(target, ciphertext);
  const head = ciphertext.subarray(0, headBytes);
  return device.decrypt(use, ciphertext.subarray(headBytes), withContext(head, target.context));
}

const nothing = new Uint8Array(0);

function refuseContext(target: CheckedKey): void {
  if (target.context.length === 0) return;
  throw new ClavigerError('input-invalid', 'A key pair takes no encryption context.', {
    details: { field: 'context', spec: target.key.spec },
  });
}

/** Data keys are kept under secret keys only: a key pair would let anybody make them. */
export function requireSymmetric(key: Key): void {
  if (!factsOf(key.spec).asymmetric) return;
  throw new ClavigerError('purpose-forbids', `Key ${key.id} is a key pair: data keys need a symmetric key.`, {
    details: { id: key.id, spec: key.spec },
  });
}
