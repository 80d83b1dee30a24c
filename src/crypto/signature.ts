import { constants, sign as nodeSign, verify as nodeVerify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ClavigerError, type AlgorithmName } from '#domain';
import {
  signEcdsaDigest,
  signRsaDigest,
  signRsaPssDigest,
  verifyEcdsaDigest,
  verifyRsaDigest,
  verifyRsaPssDigest,
} from './digest-signature.ts';
import { signEd25519ph, signExternalMu, verifyEd25519ph, verifyExternalMu } from './library-signature.ts';
import { type KeyMaterial, publicOf, secretOf } from './material.ts';

/** What is signed: the message, its digest, or (ML-DSA) mu, made outside. */
export type MessageForm = 'raw' | 'digest' | 'external-mu';

export type SignatureToVerify = { readonly signature: Uint8Array; readonly form: MessageForm };

type Signed = Uint8Array | Promise<Uint8Array>;
type Verified = boolean | Promise<boolean>;

/** How one form of message is signed and verified. */
type Way = {
  readonly sign: (material: KeyMaterial, message: Uint8Array) => Signed;
  readonly verify: (material: KeyMaterial, message: Uint8Array, signature: Uint8Array) => Verified;
  /** The length that the message must have, in bytes. */
  readonly bytes?: number;
};

type Scheme = Readonly<Partial<Record<MessageForm, Way>>>;

type Options = { key: KeyObject; padding?: number; saltLength?: number; dsaEncoding?: 'der' };
type SignAsync = (hash: string | null, data: Uint8Array, key: Options) => Promise<Buffer>;
type VerifyAsync = (
  hash: string | null,
  data: Uint8Array,
  key: Options,
  signature: Uint8Array,
) => Promise<boolean>;
// with a callback the work is done on the thread pool, not on the event loop
const signAsync = promisify(nodeSign as never) as SignAsync;
const verifyAsync = promisify(nodeVerify as never) as VerifyAsync;

function native(hash: string | null, options: Omit<Options, 'key'> = {}): Way {
  return {
    sign: (material, message) => signAsync(hash, message, { key: secretOf(material), ...options }),
    verify: async (material, message, signature) =>
      verifyAsync(hash, message, { key: publicOf(material), ...options }, signature),
  };
}

const hashes = {
  256: { name: 'sha256', bytes: 32 },
  384: { name: 'sha384', bytes: 48 },
  512: { name: 'sha512', bytes: 64 },
} as const;
type HashBits = keyof typeof hashes;

function rsaPss(bits: HashBits): Scheme {
  const use = hashes[bits];
  const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: use.bytes };
  return {
    raw: native(use.name, options),
    digest: {
      bytes: use.bytes,
      sign: (material, digest) => signRsaPssDigest(material, digest, use),
      verify: (material, digest, signature) => verifyRsaPssDigest(material, { digest, signature }, use),
    },
  };
}

function rsaPkcs1(bits: HashBits): Scheme {
  const use = hashes[bits];
  return {
    raw: native(use.name, { padding: constants.RSA_PKCS1_PADDING }),
    digest: {
      bytes: use.bytes,
      sign: (material, digest) => signRsaDigest(material, digest, use.name),
      verify: (material, digest, signature) => verifyRsaDigest(material, { digest, signature }, use.name),
    },
  };
}

function ecdsa(bits: HashBits): Scheme {
  const use = hashes[bits];
  return {
    raw: native(use.name, { dsaEncoding: 'der' }),
    digest: { bytes: use.bytes, sign: signEcdsaDigest, verify: verifyEcdsaDigest },
  };
}

const pureNative: Scheme = { raw: native(null) };

/** The signature schemes by name. */
const schemes: Readonly<Partial<Record<AlgorithmName, Scheme>>> = Object.freeze({
  __proto__: null as never,
  RSA_PSS_SHA_256: rsaPss(256),
  RSA_PSS_SHA_384: rsaPss(384),
  RSA_PSS_SHA_512: rsaPss(512),
  RSA_PKCS1_SHA_256: rsaPkcs1(256),
  RSA_PKCS1_SHA_384: rsaPkcs1(384),
  RSA_PKCS1_SHA_512: rsaPkcs1(512),
  ECDSA_SHA_256: ecdsa(256),
  ECDSA_SHA_384: ecdsa(384),
  ECDSA_SHA_512: ecdsa(512),
  ED25519: pureNative,
  ED25519_PH: {
    raw: { sign: signEd25519ph, verify: verifyEd25519ph },
    // what is called a digest is hashed once more by Ed25519ph: so AWS KMS does it
    digest: { sign: signEd25519ph, verify: verifyEd25519ph },
  },
  ED448: pureNative,
  ML_DSA: {
    raw: native(null),
    'external-mu': { bytes: 64, sign: signExternalMu, verify: verifyExternalMu },
  },
  SLH_DSA: pureNative,
});

function wayOf(algorithm: AlgorithmName, form: MessageForm, message: Uint8Array): Way {
  const scheme = schemes[algorithm];
  if (!scheme) throw new ClavigerError('algorithm-forbids', `${algorithm} signs nothing.`);
  const way = scheme[form];
  if (!way) {
    throw new ClavigerError('input-invalid', `${algorithm} does not sign a message of the form ${form}.`, {
      details: { field: 'form', algorithm, form },
    });
  }
  if (way.bytes !== undefined && message.length !== way.bytes) {
    throw new ClavigerError('input-invalid', `The ${form} for ${algorithm} must have ${way.bytes} bytes.`, {
      details: { field: 'message', algorithm, form },
    });
  }
  return way;
}

/** Signs a message. ECDSA signatures are DER, RSA-PSS salts are as long as the hash. */
export async function sign(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  message: Uint8Array,
  form: MessageForm,
): Promise<Uint8Array> {
  return wayOf(algorithm, form, message).sign(material, message);
}

/** Whether a signature is that of the message; a malformed signature is a wrong one. */
export async function verify(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  message: Uint8Array,
  { signature, form }: SignatureToVerify,
): Promise<boolean> {
  const way = wayOf(algorithm, form, message);
  publicOf(material);
  try {
    return await way.verify(material, message, signature);
  } catch {
    return false;
  }
}
