/** The hash functions that callers choose among: SHA-1, SHA-2 (FIPS 180-4) and SHA-3 (FIPS 202). */
export const hashNames = Object.freeze([
  'SHA1',
  'SHA2_224',
  'SHA2_256',
  'SHA2_384',
  'SHA2_512',
  'SHA3_224',
  'SHA3_256',
  'SHA3_384',
  'SHA3_512',
] as const);
export type HashName = (typeof hashNames)[number];

type Sha2 = 'sha224' | 'sha256' | 'sha384' | 'sha512';
type Sha3 = 'sha3-224' | 'sha3-256' | 'sha3-384' | 'sha3-512';

/** A hash function as the algorithms of this area need it. */
export type Hash = {
  /** OpenSSL's name. */
  readonly name: 'sha1' | Sha2 | Sha3;
  /** Bytes of a digest. */
  readonly length: number;
  /** DER of DigestInfo up to the digest (RFC 8017, 9.2 note 1). */
  readonly digestInfoPrefix: Uint8Array;
};

function hash(name: Hash['name'], length: number, prefixHex: string): Hash {
  return Object.freeze({ name, length, digestInfoPrefix: new Uint8Array(Buffer.from(prefixHex, 'hex')) });
}

//= rfc8017 9.2: note 1, the prefixes of SHA-1 and SHA-2; those of SHA-3 differ in the arc that FIPS 202 was given
export const sha1 = hash('sha1', 20, '3021300906052b0e03021a05000414');
export const sha224 = hash('sha224', 28, '302d300d06096086480165030402040500041c');
export const sha256 = hash('sha256', 32, '3031300d060960864801650304020105000420');
export const sha384 = hash('sha384', 48, '3041300d060960864801650304020205000430');
export const sha512 = hash('sha512', 64, '3051300d060960864801650304020305000440');

const hashes: Readonly<Record<HashName, Hash>> = Object.freeze({
  __proto__: null as never,
  SHA1: sha1,
  SHA2_224: sha224,
  SHA2_256: sha256,
  SHA2_384: sha384,
  SHA2_512: sha512,
  SHA3_224: hash('sha3-224', 28, '302d300d06096086480165030402070500041c'),
  SHA3_256: hash('sha3-256', 32, '3031300d060960864801650304020805000420'),
  SHA3_384: hash('sha3-384', 48, '3041300d060960864801650304020905000430'),
  SHA3_512: hash('sha3-512', 64, '3051300d060960864801650304020a05000440'),
});

/** The hash function of a name. */
export function hashOf(name: HashName): Hash {
  return hashes[name];
}
