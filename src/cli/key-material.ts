import { createPrivateKey } from 'node:crypto';
import { CliError } from './exit.ts';
import { elementsOf, inside, largestNumber, tags } from './key-files/der.ts';
import {
  chooseEntry,
  type Entry,
  type FoundMaterial,
  fromPrivateKey,
  openPkcs8,
  refused,
  requireIterations,
} from './key-files/found.ts';
import { isOpenssh, readOpenssh } from './key-files/openssh.ts';
import { isPkcs12, readPkcs12 } from './key-files/pkcs12.ts';

const secretSpecs: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  encrypt: { 16: 'AES_128', 24: 'AES_192', 32: 'AES_256' },
  wrap: { 16: 'AES_128', 24: 'AES_192', 32: 'AES_256' },
  mac: { 28: 'HMAC_224', 32: 'HMAC_256', 48: 'HMAC_384', 64: 'HMAC_512' },
  derive: { 32: 'DERIVE_256' },
};

function fromSecret(bytes: Buffer, usage: string): FoundMaterial {
  const ofAnySize = usage === 'mac' && bytes.length >= 32 && bytes.length <= 512 ? 'HMAC' : undefined;
  const spec = secretSpecs[usage]?.[bytes.length] ?? ofAnySize;
  if (spec) return { bytes, spec, isSecret: true };
  throw refused(
    `A secret key of ${bytes.length} bytes is not one to ${usage}.`,
    'the file must hold the bytes of the key and nothing else; see `claviger key import --help`',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused('The file begins like a JSON Web Key, and is no JSON.');
  }
}

//= rfc7517 5: a set is an object with the member keys; kid tells them apart
function fromJwks(text: string, usage: string, entry: string | null): FoundMaterial {
  const parsed = parseJson(text);
  const { keys } = Object(parsed) as { readonly keys?: unknown };
  const all: readonly unknown[] = Array.isArray(keys) ? keys : [parsed];
  return chooseEntry(
    all.map((jwk, index) => {
      const { kid } = Object(jwk) as { readonly kid?: unknown };
      return { name: typeof kid === 'string' ? kid : String(index + 1), open: () => fromJwk(jwk, usage) };
    }),
    entry,
  );
}

function fromJwk(jwk: unknown, usage: string): FoundMaterial {
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
    'give PEM or DER of PKCS#8, PKCS#1 or SEC 1, PKCS#12, OpenSSH or a JSON Web Key; `openssl pkcs8 -topk8` makes PKCS#8 of others',
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

const pemKeys = /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----[^]*?-----END \1PRIVATE KEY-----/g;

/** The private keys of a PEM file, which have no names but their places: 1, 2 ... */
function fromPem(content: Buffer, passphrase: Buffer | null, entry: string | null): FoundMaterial {
  const found = [...content.toString('latin1').matchAll(pemKeys)];
  if (found.length === 0 && content.includes('PUBLIC KEY-----'))
    throw refused('The file holds a public key: there is nothing to import.');
  const entries: Entry<FoundMaterial>[] = found.map(([text], index) => ({
    name: String(index + 1),
    open: () => fromOnePem(Buffer.from(text, 'latin1'), passphrase),
  }));
  return chooseEntry(entries, entry);
}

function fromOnePem(content: Buffer, passphrase: Buffer | null): FoundMaterial {
  if (isOpenssh(content)) return readOpenssh(content, passphrase);
  const begin = '-----BEGIN ENCRYPTED PRIVATE KEY-----';
  const text = content.toString('latin1');
  if (text.startsWith(begin))
    requireBounded(Buffer.from(text.slice(begin.length, text.indexOf('-----END')), 'base64'));
  const secret = passphrase === null ? {} : { passphrase };
  try {
    return fromPrivateKey(createPrivateKey({ key: content, format: 'pem', ...secret }));
  } catch (error) {
    throw unreadable(error, content, passphrase);
  }
}

/** Refuses encrypted PKCS#8 that would take minutes to open; what else is wrong with it is OpenSSL's to find. */
function requireBounded(der: Buffer): void {
  const [algorithm] = inside(elementsOf(der)[0], tags.sequence);
  if (algorithm !== undefined) requireIterations(largestNumber(algorithm));
}

function fromDer(content: Buffer, passphrase: Buffer | null): FoundMaterial {
  if (passphrase !== null) requireBounded(content);
  const secret = passphrase === null ? {} : { passphrase };
  try {
    return openPkcs8(content, passphrase);
  } catch (error) {
    if (error instanceof CliError) throw error;
  }
  for (const type of ['sec1', 'pkcs1'] as const) {
    try {
      return fromPrivateKey(createPrivateKey({ key: content, format: 'der', type, ...secret }));
    } catch (error) {
      if (error instanceof CliError || type === 'pkcs1') throw unreadable(error, content, passphrase);
    }
  }
  throw refused('The file is no private key that can be read.');
}

/** Forms that are known and not read: how they begin, what they are, and the command that converts them. */
const foreign: readonly (readonly [Buffer, string, string])[] = [
  [
    Buffer.from('feedfeed', 'hex'),
    'a Java key store of the old form (JKS)',
    'keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12',
  ],
  [
    Buffer.from('cececece', 'hex'),
    'a Java key store of the old form (JCEKS)',
    'keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore FILE.p12 -deststoretype PKCS12',
  ],
  [
    Buffer.from('PuTTY-User-Key-File-'),
    'a private key of PuTTY',
    'puttygen FILE -O private-openssh-new -o FILE.openssh',
  ],
];

function refuseForeign(content: Buffer): void {
  for (const [start, what, command] of foreign)
    if (content.length > 64 && content.subarray(0, start.length).equals(start))
      throw refused(`The file is ${what}, which is not read here.`, command);
}

export type HowToRead = {
  /** What the key is for: it tells what secret bytes are. */
  readonly usage: string;
  readonly passphrase: Buffer | null;
  /** The name of the key to take from a file that has several. */
  readonly entry?: string | null;
};

/**
 * Reads key material of a file: PEM, DER, OpenSSH, PKCS#12, a JSON Web Key or a set of them, or the raw bytes
 * of a secret key.
 */
export function readMaterial(content: Buffer, { usage, passphrase, entry = null }: HowToRead): FoundMaterial {
  refuseForeign(content);
  if (content.includes('-----BEGIN ')) return fromPem(content, passphrase, entry);
  if (content[0] === 0x7b && (content.includes('"kty"') || content.includes('"keys"')))
    return fromJwks(content.toString('utf8'), usage, entry);
  if (!isDerSequence(content)) return fromSecret(content, usage);
  if (isPkcs12(content)) return chooseEntry(readPkcs12(content, passphrase), entry);
  return fromDer(content, passphrase);
}
