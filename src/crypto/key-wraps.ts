import type { KeySpec } from '#domain';

/** One of the two key wraps of SP 800-38F. */
export type WrapAlgorithm = {
  readonly kind: 'wrap';
  /** OpenSSL's name of the wrap for a key of the spec. */
  readonly cipherOf: Readonly<Partial<Record<KeySpec, string>>>;
  readonly initialValue: Uint8Array;
  readonly wrappedLengthMin: number;
  /** Whether a secret of this many bytes can be wrapped. */
  takes(length: number): boolean;
};

//= rfc3394 2.2.3.1: the default initial value; 2.2.1: at least two blocks of 64 bits
export const aesKw: WrapAlgorithm = Object.freeze({
  kind: 'wrap',
  cipherOf: { AES_128: 'id-aes128-wrap', AES_192: 'id-aes192-wrap', AES_256: 'id-aes256-wrap' },
  initialValue: new Uint8Array(8).fill(0xa6),
  wrappedLengthMin: 24,
  takes: (length: number) => length >= 16 && length % 8 === 0,
});

//= rfc5649 3: the alternative initial value; the length that follows it is OpenSSL's to write
export const aesKwp: WrapAlgorithm = Object.freeze({
  kind: 'wrap',
  cipherOf: { AES_128: 'id-aes128-wrap-pad', AES_192: 'id-aes192-wrap-pad', AES_256: 'id-aes256-wrap-pad' },
  initialValue: new Uint8Array([0xa6, 0x59, 0x59, 0xa6]),
  wrappedLengthMin: 16,
  takes: (length: number) => length >= 1 && length < 2 ** 31,
});
