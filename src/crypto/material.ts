import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  type KeyObject,
} from 'node:crypto';
import { ClavigerError, type KeySpec } from '#domain';
import { handleOf, KeyHandle, type KeyMaterial, materialOf } from './key-handle.ts';
import { SecretBytes } from './secret-bytes.ts';
import { isOneDerSequence, namesAlgorithm, type PairShape, rsaRecipient, specShapes } from './spec-shapes.ts';

export type GeneratedMaterial = {
  /** Raw bytes of a secret key; PKCS#8 DER of a pair. The caller disposes it. */
  readonly encoded: SecretBytes;
  /** SubjectPublicKeyInfo DER; null for a secret key. */
  readonly publicKey: Uint8Array | null;
};

/**
 * Generates fresh material of a spec, of so many bytes where the spec leaves that to the key, else of the least number; pairs are
 * generated off the main thread. Throws `input-invalid` for bytes that the spec does not have.
 */
export async function generateMaterial(spec: KeySpec, bytes?: number): Promise<GeneratedMaterial> {
  const shape = specShapes[spec];
  if (shape.kind === 'secret') {
    const length = bytes ?? shape.length;
    if (length < shape.length || length > shape.lengthMax)
      throw new ClavigerError('input-invalid', `A key of spec ${spec} does not have ${length} bytes.`);
    return { encoded: SecretBytes.random(length), publicKey: null };
  }
  const pair = await generatePair(shape);
  return {
    encoded: SecretBytes.take(pair.privateKey.export({ format: 'der', type: 'pkcs8' })),
    publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }),
  };
}

/**
 * Makes encoded material ready for use. The caller keeps, and disposes, `encoded`. Throws `integrity-failed`
 * where the length, the key type, the curve or the modulus is not that of the spec. Raw secrets of one length
 * can't be told apart by their bytes: what a secret is for is bound by the envelope that it was kept in.
 */
export function openMaterial(spec: KeySpec, encoded: SecretBytes): KeyMaterial {
  const shape = specShapes[spec];
  const key = encoded.use((bytes) => {
    if (shape.kind === 'pair') return openPrivateKey(shape, bytes);
    const fits = bytes.length >= shape.length && bytes.length <= shape.lengthMax;
    return fits ? createSecretKey(bytes) : null;
  });
  if (key !== null) return materialOf(new KeyHandle(spec, key));
  throw new ClavigerError('integrity-failed', `The key material is not that of a key of spec ${spec}.`);
}

/**
 * Opens the public half of a pair from its SubjectPublicKeyInfo (DER). The bytes may come from anybody:
 * throws `public-key-invalid` unless they are one canonical DER structure with a valid key of exactly this
 * spec.
 */
export function openPublicKey(spec: KeySpec, spki: Uint8Array): KeyMaterial {
  const shape = specShapes[spec];
  const key = shape.kind === 'pair' ? readPublicKey(shape, spki) : null;
  if (key !== null) return materialOf(new KeyHandle(spec, key));
  throw new ClavigerError('public-key-invalid', `The public key is not a valid key of spec ${spec}.`);
}

/**
 * Opens the SubjectPublicKeyInfo (DER) of somebody's RSA key of 2048 to 8192 bits, which need not be of a spec.
 * Throws `public-key-invalid` like `openPublicKey`.
 */
export function openRsaRecipient(spki: Uint8Array): KeyObject {
  const key = readPublicKey(rsaRecipient, spki);
  if (key !== null) return key;
  throw new ClavigerError(
    'public-key-invalid',
    'The recipient is not an RSA key of 2048 to 8192 bits (SubjectPublicKeyInfo).',
  );
}

/** The public half as SubjectPublicKeyInfo DER; null for a secret key. */
export function publicKeyOf(material: KeyMaterial): Uint8Array | null {
  const handle = handleOf(material);
  return handle.holds === 'secret' ? null : handle.publicKey.export({ format: 'der', type: 'spki' });
}

function openPrivateKey(shape: PairShape, der: Uint8Array): KeyObject | null {
  if (!isOneDerSequence(der)) return null;
  try {
    const key = createPrivateKey({ key: view(der), format: 'der', type: 'pkcs8' });
    if (!fits(shape, key)) return null;
    return shape.type === 'ec' ? ofScalar(shape, key) : key;
  } catch {
    return null;
  }
}

/**
 * A key of a curve, made of its scalar alone. PKCS#8 may carry a point that is not that of the scalar, which OpenSSL would believe: null
 * then. It may carry it compressed, and one key would have two public halves.
 */
function ofScalar(shape: PairShape, key: KeyObject): KeyObject | null {
  const raw = key.export({ format: 'raw-private' });
  try {
    const { namedCurve } = shape.options as { namedCurve: string };
    const own = createPrivateKey({ key: raw, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve });
    return createPublicKey(own).equals(createPublicKey(key)) ? own : null;
  } finally {
    raw.fill(0);
  }
}

function readPublicKey(shape: PairShape, spki: Uint8Array): KeyObject | null {
  try {
    const key = createPublicKey({ key: view(spki), format: 'der', type: 'spki' });
    if (!fits(shape, key) || !namesAlgorithm(shape, spki)) return null;
    // unused bits, long lengths and trailing bytes all come out differently
    return view(spki).equals(key.export({ format: 'der', type: 'spki' })) ? key : null;
  } catch {
    return null;
  }
}

function fits(shape: PairShape, key: KeyObject): boolean {
  const isPublic = key.type === 'public';
  return key.asymmetricKeyType === shape.type && shape.fits(key.asymmetricKeyDetails ?? {}, isPublic);
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

// The overloads of generateKeyPair name each type alone; the table of shapes names them as data.
const generateAnyPair = generateKeyPair as unknown as (
  type: string,
  options: object,
  done: (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) => void,
) => void;

function generatePair(shape: PairShape): Promise<KeyPair> {
  const { promise, resolve, reject } = Promise.withResolvers<KeyPair>();
  generateAnyPair(shape.type, shape.options, (error, publicKey, privateKey) => {
    if (error) reject(new ClavigerError('internal', 'A key pair could not be generated.', { cause: error }));
    else resolve({ publicKey, privateKey });
  });
  return promise;
}
