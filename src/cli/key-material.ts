import { createPrivateKey, type KeyObject } from 'node:crypto';
import { CliError, exitCodes } from './exit.ts';

/** Key material as the server takes it; the caller wipes `bytes`. */
export type FoundMaterial = {
  /** Raw bytes of a secret key, PKCS#8 DER of a private key. */
  readonly bytes: Buffer;
  readonly spec: string;
  readonly isSecret: boolean;
};

const secretSpecs: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  encrypt: { 16: 'AES_128', 24: 'AES_192', 32: 'AES_256' },
  wrap: { 16: 'AES_128', 24: 'AES_192', 32: 'AES_256' },
  mac: { 28: 'HMAC_224', 32: 'HMAC_256', 48: 'HMAC_384', 64: 'HMAC_512' },
  derive: { 32: 'DERIVE_256' },
};

const curveSpecs: Readonly<Record<string, string>> = {
  prime256v1: 'EC_P256',
  secp384r1: 'EC_P384',
  secp521r1: 'EC_P521',
  secp256k1: 'EC_SECP256K1',
};

function refused(why: string, next: string | null = null): CliError {
  return new CliError(exitCodes.usage, why, next);
}

/** The spec of a private key. */
function specOf(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const spec =
    key.asymmetricKeyType === 'rsa' ? `RSA_${modulusLength}` : (curveSpecs[namedCurve ?? ''] ?? '');
  if (/^(EC_|RSA_(2048|3072|4096)$)/.test(spec)) return spec;
  throw refused(
    `A private key of type ${key.asymmetricKeyType} ${namedCurve ?? modulusLength ?? ''} is not taken.`,
    'import RSA of 2048, 3072 or 4096 bits, or EC on P-256, P-384, P-521 or secp256k1',
  );
}

function fromPrivateKey(key: KeyObject): FoundMaterial {
  return { bytes: key.export({ format: 'der', type: 'pkcs8' }), spec: specOf(key), isSecret: false };
}

function fromSecret(bytes: Buffer, usage: string): FoundMaterial {
  const spec = secretSpecs[usage]?.[bytes.length];
  if (spec) return { bytes, spec, isSecret: true };
  throw refused(
    `A secret key of ${bytes.length} bytes is not one to ${usage}.`,
    'the file must hold the bytes of the key and nothing else; see `claviger key import --help`',
  );
}

function fromJwk(text: string, usage: string): FoundMaterial {
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    throw refused('The file begins like a JSON Web Key, and is no JSON.');
  }
  if (typeof jwk !== 'object' || jwk === null) throw refused('The file is no JSON Web Key.');
  const { kty, k, d } = jwk as Record<string, unknown>;
  if (kty === 'oct' && typeof k === 'string') {
    const bytes = Buffer.from(k, 'base64url');
    if (bytes.toString('base64url') !== k)
      throw refused('The member k of the JSON Web Key is not base64url.');
    return fromSecret(bytes, usage);
  }
  if (typeof d !== 'string') throw refused('The JSON Web Key has no private half.');
  try {
    return fromPrivateKey(createPrivateKey({ key: jwk as never, format: 'jwk' }));
  } catch (error) {
    throw error instanceof CliError ? error : refused('The JSON Web Key can not be read.');
  }
}

/** Whether a passphrase is what is missing, or is the wrong one. */
function unreadable(error: unknown, content: Buffer, passphrase: Buffer | null): CliError {
  if (error instanceof CliError) return error;
  if (passphrase === null && content.includes('ENCRYPTED'))
    return refused('The private key is encrypted.', 'add --passphrase-file FILE');
  return refused(
    passphrase === null
      ? 'The file is no private key that can be read.'
      : 'The private key can not be read: the passphrase is wrong, or the file is damaged.',
    'give PEM or DER of PKCS#8, PKCS#1 or SEC 1, or a JSON Web Key; for others see `openssl pkcs8 -topk8`, `ssh-keygen -p -m PKCS8`',
  );
}

/** Whether the bytes are one DER sequence and nothing else: a secret key may begin like one. */
function isDerSequence(content: Buffer): boolean {
  if (content[0] !== 0x30 || content.length < 4) return false;
  const first = content[1] ?? 0;
  if (first < 0x80) return content.length === 2 + first;
  if (first === 0x81) return content.length === 3 + (content[2] ?? 0);
  return first === 0x82 && content.length === 4 + content.readUInt16BE(2);
}

/** Reads key material of a file: PEM, DER, a JSON Web Key, or the raw bytes of a secret key. */
export function readMaterial(content: Buffer, usage: string, passphrase: Buffer | null): FoundMaterial {
  const secret = passphrase === null ? {} : { passphrase };
  if (content.subarray(0, 11).toString('latin1') === '-----BEGIN ') {
    if (content.includes('PUBLIC KEY-----'))
      throw refused('The file holds a public key: there is nothing to import.');
    try {
      return fromPrivateKey(createPrivateKey({ key: content, format: 'pem', ...secret }));
    } catch (error) {
      throw unreadable(error, content, passphrase);
    }
  }
  if (content[0] === 0x7b && content.includes('"kty"')) return fromJwk(content.toString('utf8'), usage);
  if (!isDerSequence(content)) return fromSecret(content, usage);
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return fromPrivateKey(createPrivateKey({ key: content, format: 'der', type, ...secret }));
    } catch (error) {
      if (error instanceof CliError || type === 'pkcs1') throw unreadable(error, content, passphrase);
    }
  }
  throw refused('The file is no private key that can be read.');
}
