import { createDecipheriv, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import bcrypt from 'bcrypt-pbkdf';
import { type FoundMaterial, fromPrivateKey, refused } from './found.ts';

const magic = Buffer.from('openssh-key-v1\0', 'latin1');
const armour =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*$/;

export function isOpenssh(content: Buffer): boolean {
  return content.subarray(0, 35).toString('latin1') === '-----BEGIN OPENSSH PRIVATE KEY-----';
}

const otherwise = 'ssh-keygen -p -m PKCS8 -f COPY-OF-THE-FILE (then import the copy, and shred it)';
const damaged = () => refused('The OpenSSH private key is damaged.');
const wrongPassphrase = () =>
  refused('The OpenSSH private key does not open: the passphrase is wrong, or the file is damaged.');

type Cipher = {
  readonly name:
    | 'aes-128-gcm'
    | 'aes-256-gcm'
    | 'aes-128-ctr'
    | 'aes-192-ctr'
    | 'aes-256-ctr'
    | 'aes-128-cbc'
    | 'aes-192-cbc'
    | 'aes-256-cbc';
  readonly keyBytes: number;
  readonly ivBytes: number;
  readonly tagBytes: number;
};

/** The ciphers of OpenSSH that node:crypto has under this form. */
const ciphers: Readonly<Record<string, Cipher>> = Object.freeze({
  __proto__: null as never,
  'aes128-ctr': { name: 'aes-128-ctr', keyBytes: 16, ivBytes: 16, tagBytes: 0 },
  'aes192-ctr': { name: 'aes-192-ctr', keyBytes: 24, ivBytes: 16, tagBytes: 0 },
  'aes256-ctr': { name: 'aes-256-ctr', keyBytes: 32, ivBytes: 16, tagBytes: 0 },
  'aes128-cbc': { name: 'aes-128-cbc', keyBytes: 16, ivBytes: 16, tagBytes: 0 },
  'aes192-cbc': { name: 'aes-192-cbc', keyBytes: 24, ivBytes: 16, tagBytes: 0 },
  'aes256-cbc': { name: 'aes-256-cbc', keyBytes: 32, ivBytes: 16, tagBytes: 0 },
  'aes128-gcm@openssh.com': { name: 'aes-128-gcm', keyBytes: 16, ivBytes: 12, tagBytes: 16 },
  'aes256-gcm@openssh.com': { name: 'aes-256-gcm', keyBytes: 32, ivBytes: 12, tagBytes: 16 },
});

/** Rounds that are derived here; each takes some ten milliseconds, and ssh-keygen chooses 16 or 24. */
const roundsMax = 200;

/** Reads the fields of the SSH wire format (RFC 4251 5), each at most what is left. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw damaged();
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  number(): number {
    return this.take(4).readUInt32BE(0);
  }

  string(): Buffer {
    return this.take(this.number());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at);
  }
}

//= openssh protocol.key: magic, cipher, derivation and its options, number of keys, public keys, private part
/** Reads a private key in the form of OpenSSH, clear or encrypted. */
export function readOpenssh(content: Buffer, passphrase: Buffer | null): FoundMaterial {
  const body = armour.exec(content.toString('latin1'))?.[1];
  if (body === undefined) throw damaged();
  const bytes = Buffer.from(body, 'base64');
  let clear: Buffer | null = null;
  try {
    if (!bytes.subarray(0, magic.length).equals(magic)) throw damaged();
    const fields = new Fields(bytes.subarray(magic.length));
    const cipher = fields.text();
    const derivation = fields.text();
    const options = fields.string();
    if (fields.number() !== 1) throw refused('The OpenSSH file does not hold one key.', otherwise);
    fields.string();
    const sealed = fields.string();
    const tag = fields.rest();
    if (cipher === 'none' && derivation === 'none') clear = Buffer.from(sealed);
    else clear = decrypt({ cipher, derivation, options, sealed, tag }, passphrase);
    return readPrivate(new Fields(clear), cipher !== 'none');
  } finally {
    bytes.fill(0);
    clear?.fill(0);
  }
}

type Sealed = {
  readonly cipher: string;
  readonly derivation: string;
  readonly options: Buffer;
  readonly sealed: Buffer;
  readonly tag: Buffer;
};

function decrypt({ cipher, derivation, options, sealed, tag }: Sealed, passphrase: Buffer | null): Buffer {
  if (passphrase === null) throw refused('The private key is encrypted.', 'add --passphrase-file FILE');
  const suite = ciphers[cipher];
  if (suite === undefined || derivation !== 'bcrypt')
    throw refused('The OpenSSH private key is encrypted by an algorithm that is not read here.', otherwise);
  if (passphrase.length === 0 || tag.length !== suite.tagBytes) throw wrongPassphrase();
  const fields = new Fields(options);
  const salt = fields.string();
  const rounds = fields.number();
  if (salt.length === 0 || rounds === 0) throw damaged();
  if (rounds > roundsMax)
    throw refused(
      `The OpenSSH private key asks for ${rounds} rounds: more than ${roundsMax} take too long here.`,
      otherwise,
    );
  const derived = Buffer.allocUnsafeSlow(suite.keyBytes + suite.ivBytes);
  try {
    bcrypt.pbkdf(passphrase, passphrase.length, salt, salt.length, derived, derived.length, rounds);
    return decipher(suite, derived, sealed, tag);
  } finally {
    derived.fill(0);
  }
}

function decipher({ name, keyBytes }: Cipher, derived: Buffer, sealed: Buffer, tag: Buffer): Buffer {
  const key = derived.subarray(0, keyBytes);
  const iv = derived.subarray(keyBytes);
  try {
    if (name === 'aes-128-gcm' || name === 'aes-256-gcm') {
      const opener = createDecipheriv(name, key, iv, { authTagLength: 16 });
      opener.setAuthTag(tag);
      return Buffer.concat([opener.update(sealed), opener.final()]);
    }
    const opener = createDecipheriv(name, key, iv);
    opener.setAutoPadding(false);
    return Buffer.concat([opener.update(sealed), opener.final()]);
  } catch {
    throw wrongPassphrase();
  }
}

/** The private part: a number twice, which tells a wrong passphrase, then the key, a comment and 1, 2, 3 ... */
function readPrivate(fields: Fields, isEncrypted: boolean): FoundMaterial {
  if (fields.number() !== fields.number()) throw isEncrypted ? wrongPassphrase() : damaged();
  const type = fields.text();
  const reader = readers[type];
  if (reader === undefined) throw refused(`An OpenSSH key of type ${JSON.stringify(type)} is not taken.`);
  const key = openWith(reader, fields);
  fields.string();
  const padding = fields.rest();
  if (padding.length > 255 || !padding.every((byte, at) => byte === at + 1)) throw damaged();
  return fromPrivateKey(key);
}

function openWith(reader: (fields: Fields) => KeyObject, fields: Fields): KeyObject {
  try {
    return reader(fields);
  } catch {
    throw damaged();
  }
}

const readers: Readonly<Record<string, (fields: Fields) => KeyObject>> = Object.freeze({
  __proto__: null as never,
  'ssh-rsa': readRsa,
  'ssh-ed25519': readEdwards,
  'ecdsa-sha2-nistp256': readEc('prime256v1', 32),
  'ecdsa-sha2-nistp384': readEc('secp384r1', 48),
  'ecdsa-sha2-nistp521': readEc('secp521r1', 66),
});

function readEdwards(fields: Fields): KeyObject {
  const publicKey = fields.string();
  const both = fields.string();
  if (both.length !== 64 || !both.subarray(32).equals(publicKey)) throw damaged();
  const key = both.subarray(0, 32);
  return withPublic(
    createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'ed25519' }),
    publicKey,
  );
}

function readEc(namedCurve: string, length: number): (fields: Fields) => KeyObject {
  return (fields) => {
    fields.string();
    const point = fields.string();
    const scalar = withoutZeros(fields.string());
    if (scalar.length > length) throw damaged();
    const key = Buffer.allocUnsafeSlow(length).fill(0);
    try {
      key.set(scalar, length - scalar.length);
      return withPublic(
        createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve }),
        point,
      );
    } finally {
      key.fill(0);
    }
  };
}

/** The key, if the public half that the file has is its own. */
function withPublic(key: KeyObject, expected: Buffer): KeyObject {
  if (createPublicKey(key).export({ format: 'raw-public' }).equals(expected)) return key;
  throw damaged();
}

/** Nothing but RSA has numbers that OpenSSH leaves out: d modulo each prime less one. */
function readRsa(fields: Fields): KeyObject {
  const next = () => withoutZeros(fields.string());
  const [n, e, d, inverse, p, q] = [next(), next(), next(), next(), next(), next()];
  if (p.length === 0 || q.length === 0 || n.length > 1024) throw damaged();
  const numbers = [Buffer.alloc(1), n, e, d, p, q, remainder(d, p), remainder(d, q), inverse];
  const encoded = numbers.map(derInteger);
  const key = derOf(0x30, Buffer.concat(encoded));
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs1' });
  } finally {
    for (const bytes of [...encoded, key]) bytes.fill(0);
  }
}

function withoutZeros(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start += 1;
  return bytes.subarray(start);
}

/** BigInts can not be wiped: this process ends soon. */
function remainder(d: Buffer, prime: Buffer): Buffer {
  const number = (bytes: Buffer) => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  let rest = number(d) % (number(prime) - 1n);
  const bytes = Buffer.alloc(prime.length);
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return withoutZeros(bytes);
}

function derInteger(bytes: Buffer): Buffer {
  return derOf(0x02, (bytes[0] ?? 0x80) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]));
}

function derOf(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
