import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ClavigerError, type KeySpec, keySpecNames } from '#domain';
import { constantTimeEqual } from './digest.ts';
import { handleOf } from './key-handle.ts';
import { openMaterial } from './material.ts';
import { secretPem } from './pem.ts';
import { SecretBytes } from './secret-bytes.ts';
import { rawPublicKey, withRawPrivateKey } from './signature-ec.ts';
import { isOneDerSequence, specShapes } from './spec-shapes.ts';

/** PEM of a public key (SubjectPublicKeyInfo). Throws `public-key-invalid`. */
export function publicKeyPem(spki: Uint8Array): string {
  return publicKeyFrom(spki).export({ format: 'pem', type: 'spki' }).toString();
}

/**
 * The raw form of a public key: 32 bytes of Ed25519 and X25519 (RFC 8032, RFC 7748), the uncompressed point of a
 * curve (SEC 1, 2.3.3), the bytes of their standard for ML-DSA, SLH-DSA and ML-KEM. Throws `public-key-invalid`,
 * and `operation-unsupported` for RSA, which has none.
 */
export function rawPublicKeyOf(spki: Uint8Array): Uint8Array {
  const key = publicKeyFrom(spki);
  if (key.asymmetricKeyType === 'rsa')
    throw new ClavigerError('operation-unsupported', 'A public key of RSA has no raw form.');
  return rawPublicKey(key);
}

function publicKeyFrom(spki: Uint8Array): KeyObject {
  if (isOneDerSequence(spki)) {
    try {
      return createPublicKey({ key: view(spki), format: 'der', type: 'spki' });
    } catch {
      // said below
    }
  }
  throw new ClavigerError(
    'public-key-invalid',
    'The bytes are not the SubjectPublicKeyInfo of a public key.',
  );
}

type PrivateForm = {
  readonly label: string;
  readonly type: 'pkcs8' | 'pkcs1' | 'sec1';
  /** The only type of key that has the form; null: any. */
  readonly keyType: 'rsa' | 'ec' | null;
};

const privateForms = Object.freeze({
  /** PrivateKeyInfo, for keys of every type (RFC 5208). */
  PKCS8: { label: 'PRIVATE KEY', type: 'pkcs8', keyType: null },
  /** RSAPrivateKey (RFC 8017, A.1.2). */
  PKCS1: { label: 'RSA PRIVATE KEY', type: 'pkcs1', keyType: 'rsa' },
  /** ECPrivateKey (RFC 5915). */
  SEC1: { label: 'EC PRIVATE KEY', type: 'sec1', keyType: 'ec' },
} satisfies Record<string, PrivateForm>);

export type PrivateKeyForm = keyof typeof privateForms;

/**
 * DER of a pair in another form than the PKCS#8 that it comes in. The caller disposes both. Throws
 * `operation-unsupported` where keys of the type do not have the form, `integrity-failed` for what is no pair.
 */
export function privateKeyDer(encoded: SecretBytes, form: PrivateKeyForm): SecretBytes {
  return SecretBytes.take(derOf(encoded, privateForms[form]));
}

/** PEM of a pair in a form, as ASCII. The caller disposes it. Throws like `privateKeyDer`. */
export function privateKeyPem(encoded: SecretBytes, form: PrivateKeyForm): SecretBytes {
  const entry = privateForms[form];
  const der = derOf(encoded, entry);
  try {
    return secretPem(entry.label, der);
  } finally {
    der.fill(0);
  }
}

function derOf(encoded: SecretBytes, { type, keyType, label }: PrivateForm): Buffer {
  const key = privateKeyFrom(encoded);
  if (keyType === null || keyType === key.asymmetricKeyType)
    return key.export({ format: 'der', type } as { format: 'der'; type: 'pkcs8' });
  throw new ClavigerError('operation-unsupported', `This key has no form that is called ${label}.`);
}

function privateKeyFrom(encoded: SecretBytes): KeyObject {
  try {
    return encoded.use((der) => createPrivateKey({ key: view(der), format: 'der', type: 'pkcs8' }));
  } catch {
    throw new ClavigerError('integrity-failed', 'The key material is not the PKCS#8 of a private key.');
  }
}

/**
 * An Ed25519 private key as many libraries hold it: the 32 bytes of the seed, then the public half. The caller
 * disposes it. Throws `operation-unsupported` for a key of another type.
 */
export function ed25519Expanded(encoded: SecretBytes): SecretBytes {
  const key = privateKeyFrom(encoded);
  if (key.asymmetricKeyType === 'ed25519') return SecretBytes.take(expandEd25519(key));
  throw new ClavigerError('operation-unsupported', 'Only an Ed25519 key is a seed and a public half.');
}

/** The same of a key that is open; the caller wipes the 64 bytes. */
export function expandEd25519(key: KeyObject): Uint8Array {
  const expanded = Buffer.allocUnsafeSlow(64);
  withRawPrivateKey(key, (seed) => expanded.set(seed, 0));
  expanded.set(rawPublicKey(createPublicKey(key)), 32);
  return expanded;
}

/**
 * PKCS#8 of the 64 bytes that `ed25519Expanded` makes. The caller disposes both. Throws `material-unsuitable`
 * for another length, and where the public half is not that of the seed: with a wrong one, signatures would
 * give the key away.
 */
export function ed25519FromExpanded(expanded: SecretBytes): SecretBytes {
  const key = expanded.use((bytes) => {
    if (bytes.length !== 64) return null;
    const own = openEd25519Seed(bytes.subarray(0, 32));
    return constantTimeEqual(rawPublicKey(createPublicKey(own)), bytes.subarray(32)) ? own : null;
  });
  if (key !== null) return SecretBytes.take(key.export({ format: 'der', type: 'pkcs8' }));
  throw new ClavigerError('material-unsuitable', 'The bytes are not an Ed25519 seed and its public half.');
}

/** Opens the 32 bytes of a seed, which are copied. */
export function openEd25519Seed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: view(seed), format: 'raw-private', asymmetricKeyType: 'ed25519' });
}

/** A pair that was made elsewhere, in the form that `openMaterial` takes. */
export type ReadPrivateKey = {
  readonly spec: KeySpec;
  /** PKCS#8 DER, as this server writes it. The caller disposes it. */
  readonly encoded: SecretBytes;
};

/**
 * Reads a private key that somebody else wrote, clear: DER of PKCS#8, PKCS#1 or SEC 1, or PEM of one of them and
 * nothing beside it. The caller disposes what it passed. Throws `material-unsuitable` for everything else, and
 * for a key of no spec of ours. Whether it is a good key is for `weaknessOf` to say.
 */
export function readPrivateKey(content: SecretBytes): ReadPrivateKey {
  const key = content.use((bytes) => (isOneDerSequence(bytes) ? fromDer(bytes) : fromPem(bytes)));
  if (key === null)
    throw new ClavigerError(
      'material-unsuitable',
      'The bytes are not one clear private key in PKCS#8, PKCS#1 or SEC 1.',
    );
  const spec = specOf(key);
  if (spec === null)
    throw new ClavigerError(
      'material-unsuitable',
      'The private key is of a type or size that is not offered.',
    );
  using theirs = SecretBytes.take(key.export({ format: 'der', type: 'pkcs8' }));
  return { spec, encoded: asOurs(spec, theirs) };
}

/** A point that is not that of the scalar is refused on the way, and one that is compressed is written out. */
function asOurs(spec: KeySpec, theirs: SecretBytes): SecretBytes {
  try {
    const { key } = handleOf(openMaterial(spec, theirs));
    return SecretBytes.take(key.export({ format: 'der', type: 'pkcs8' }));
  } catch (cause) {
    throw new ClavigerError('material-unsuitable', 'The halves of the private key do not belong together.', {
      cause,
    });
  }
}

function fromDer(der: Uint8Array): KeyObject | null {
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: view(der), format: 'der', type });
    } catch {
      // the next form, or none
    }
  }
  return null;
}

const boundary = Buffer.from('-----');
const begin = Buffer.from('-----BEGIN ');

function fromPem(pem: Uint8Array): KeyObject | null {
  const bytes = view(pem);
  const isOne =
    bytes.indexOf(begin) === 0 &&
    bytes.lastIndexOf(begin) === 0 &&
    endOf(bytes) === bytes.lastIndexOf(boundary);
  if (!isOne) return null;
  try {
    return createPrivateKey({ key: bytes, format: 'pem' });
  } catch {
    return null;
  }
}

/** Where the last boundary would have to be: nothing but white space follows it. */
function endOf(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d || bytes[end - 1] === 0x20)) end -= 1;
  return end - boundary.length;
}

function specOf(key: KeyObject): KeySpec | null {
  const details = key.asymmetricKeyDetails ?? {};
  const found = keySpecNames.find((spec) => {
    const shape = specShapes[spec];
    return shape.kind === 'pair' && shape.type === key.asymmetricKeyType && shape.fits(details, false);
  });
  return found ?? null;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
