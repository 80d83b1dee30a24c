/** A hash function as the algorithms of this area need it. */
export type Hash = {
  /** OpenSSL's name. */
  readonly name: 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** Bytes of a digest. */
  readonly length: number;
  /** DER of DigestInfo up to the digest (RFC 8017, 9.2 note 1); empty where no signature uses the hash. */
  readonly digestInfoPrefix: Uint8Array;
};

function hash(name: Hash['name'], length: number, prefixHex = ''): Hash {
  return Object.freeze({ name, length, digestInfoPrefix: new Uint8Array(Buffer.from(prefixHex, 'hex')) });
}

export const sha1 = hash('sha1', 20);
export const sha224 = hash('sha224', 28);
export const sha256 = hash('sha256', 32, '3031300d060960864801650304020105000420');
export const sha384 = hash('sha384', 48, '3041300d060960864801650304020205000430');
export const sha512 = hash('sha512', 64, '3051300d060960864801650304020305000440');
