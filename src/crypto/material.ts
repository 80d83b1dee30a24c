import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { ClavigerError, type KeySpec } from '#domain';
import { SecretBytes } from './secret-bytes.ts';

/** What a spec's material is: so many random bytes, or a pair of an OpenSSL type. */
type Shape =
  | { readonly form: 'secret'; readonly bytes: number }
  | {
      readonly form: 'pair';
      readonly type: string;
      readonly options: Readonly<Record<string, unknown>>;
      /** What the KeyObject must say of itself. */
      readonly details: Readonly<Record<string, unknown>>;
    };

function secret(bytes: number): Shape {
  return { form: 'secret', bytes };
}

function pair(type: string, details: Readonly<Record<string, unknown>> = {}): Shape {
  return { form: 'pair', type, options: details, details };
}

function slhDsa(name: string): Shape {
  return pair(`slh-dsa-${name}`);
}

/** The one table of material by spec. */
const shapes: Readonly<Record<KeySpec, Shape>> = Object.freeze({
  __proto__: null as never,
  AES_128: secret(16),
  AES_192: secret(24),
  AES_256: secret(32),
  CHACHA20: secret(32),
  HMAC_224: secret(28),
  HMAC_256: secret(32),
  HMAC_384: secret(48),
  HMAC_512: secret(64),
  DERIVE_256: secret(32),
  RSA_2048: pair('rsa', { modulusLength: 2048 }),
  RSA_3072: pair('rsa', { modulusLength: 3072 }),
  RSA_4096: pair('rsa', { modulusLength: 4096 }),
  EC_P256: pair('ec', { namedCurve: 'prime256v1' }),
  EC_P384: pair('ec', { namedCurve: 'secp384r1' }),
  EC_P521: pair('ec', { namedCurve: 'secp521r1' }),
  EC_SECP256K1: pair('ec', { namedCurve: 'secp256k1' }),
  ED25519: pair('ed25519'),
  ED448: pair('ed448'),
  X25519: pair('x25519'),
  ML_DSA_44: pair('ml-dsa-44'),
  ML_DSA_65: pair('ml-dsa-65'),
  ML_DSA_87: pair('ml-dsa-87'),
  SLH_DSA_SHA2_128S: slhDsa('sha2-128s'),
  SLH_DSA_SHA2_128F: slhDsa('sha2-128f'),
  SLH_DSA_SHA2_192S: slhDsa('sha2-192s'),
  SLH_DSA_SHA2_192F: slhDsa('sha2-192f'),
  SLH_DSA_SHA2_256S: slhDsa('sha2-256s'),
  SLH_DSA_SHA2_256F: slhDsa('sha2-256f'),
  SLH_DSA_SHAKE_128S: slhDsa('shake-128s'),
  SLH_DSA_SHAKE_128F: slhDsa('shake-128f'),
  SLH_DSA_SHAKE_192S: slhDsa('shake-192s'),
  SLH_DSA_SHAKE_192F: slhDsa('shake-192f'),
  SLH_DSA_SHAKE_256S: slhDsa('shake-256s'),
  SLH_DSA_SHAKE_256F: slhDsa('shake-256f'),
  ML_KEM_512: pair('ml-kem-512'),
  ML_KEM_768: pair('ml-kem-768'),
  ML_KEM_1024: pair('ml-kem-1024'),
});

/** Opened material: key objects of OpenSSL, and what is derived from them for speed. It never shows its bytes. */
export type KeyMaterial = {
  readonly spec: KeySpec;
  /** The secret key, or the private key of a pair; null where only the public half is here. */
  readonly key: KeyObject | null;
  /** The public half of a pair; null for a secret key. */
  readonly publicKey: KeyObject | null;
  /** Private room of the algorithms that keep derived keys (XAES-256-GCM). */
  readonly derived: { sealing: DerivedKey | null; readonly opening: Map<string, KeyObject> };
};

/** A key that was derived for one nonce prefix, and how often it has sealed. */
export type DerivedKey = { readonly prefix: Buffer; readonly key: KeyObject; uses: number };

function material(spec: KeySpec, key: KeyObject | null, publicKey: KeyObject | null): KeyMaterial {
  return { spec, key, publicKey, derived: { sealing: null, opening: new Map() } };
}

type GeneratePair = (
  type: string,
  options: object,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>;
const generatePair = promisify(generateKeyPair as never) as GeneratePair;

/** Fresh material of a spec: raw bytes of a secret key, PKCS#8 (DER) of a pair, with its public half as SPKI (DER). */
export async function generateMaterial(
  spec: KeySpec,
): Promise<{ encoded: SecretBytes; publicKey: Uint8Array | null }> {
  const shape = shapes[spec];
  if (shape.form === 'secret') return { encoded: SecretBytes.random(shape.bytes), publicKey: null };
  const made = await generatePair(shape.type, shape.options);
  return {
    encoded: SecretBytes.take(made.privateKey.export({ format: 'der', type: 'pkcs8' })),
    publicKey: made.publicKey.export({ format: 'der', type: 'spki' }),
  };
}

function matches(shape: Shape, key: KeyObject): boolean {
  if (shape.form !== 'pair' || key.asymmetricKeyType !== shape.type) return false;
  const details: Record<string, unknown> = { ...key.asymmetricKeyDetails };
  return Object.entries(shape.details).every(([name, value]) => details[name] === value);
}

/** Opens what `generateMaterial` encoded. Throws `integrity-failed` for anything that is not of this spec. */
export function openMaterial(spec: KeySpec, encoded: SecretBytes): KeyMaterial {
  const shape = shapes[spec];
  if (shape.form === 'secret') {
    if (encoded.length !== shape.bytes)
      throw new ClavigerError('integrity-failed', `Not the material of ${spec}.`);
    return material(
      spec,
      encoded.use((bytes) => createSecretKey(bytes)),
      null,
    );
  }
  let key: KeyObject;
  try {
    key = encoded.use((bytes) => createPrivateKey({ key: bytes as Buffer, format: 'der', type: 'pkcs8' }));
  } catch (cause) {
    throw new ClavigerError('integrity-failed', `Not the material of ${spec}.`, { cause });
  }
  if (!matches(shape, key)) throw new ClavigerError('integrity-failed', `Not the material of ${spec}.`);
  return material(spec, key, createPublicKey(key));
}

/** Opens a public key, SubjectPublicKeyInfo (DER), of this very spec. Throws `public-key-invalid`. */
export function openPublicKey(spec: KeySpec, spki: Uint8Array): KeyMaterial {
  const shape = shapes[spec];
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new ClavigerError('public-key-invalid', 'The public key can not be read.', { cause });
  }
  if (!matches(shape, key))
    throw new ClavigerError('public-key-invalid', `The public key is not one of ${spec}.`);
  return material(spec, null, key);
}

/** The secret or private key of opened material. */
export function secretOf(opened: KeyMaterial): KeyObject {
  if (opened.key) return opened.key;
  throw new ClavigerError('purpose-forbids', 'Only the public half of this key is here.');
}

/** The public key of opened material. */
export function publicOf(opened: KeyMaterial): KeyObject {
  if (opened.publicKey) return opened.publicKey;
  throw new ClavigerError('purpose-forbids', 'A secret key has no public half.');
}
