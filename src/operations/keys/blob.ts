import { ClavigerError, type AlgorithmName } from '#domain';

/**
 * The self-describing ciphertext of a symmetric key: which key, which version and which algorithm stand in its head, and the
 * head is authenticated together with the encryption context.
 *
 * | bytes | meaning |
 * |---|---|
 * | 1 | format, 0xC1 |
 * | 1 | form of the key id: 0 UUID, 1 multi-region (`mrk-` and 32 hexadecimal characters) |
 * | 16 | key id |
 * | 4 | version, big-endian |
 * | 1 | algorithm |
 * | rest | nonce, ciphertext and tag of the algorithm |
 */
export type BlobHead = {
  readonly keyId: string;
  readonly version: number;
  readonly algorithm: AlgorithmName;
};

const formatByte = 0xc1;
export const headBytes = 23;
/** Head, the shortest nonce and a tag. */
const shortestBlob = headBytes + 12 + 16;

const algorithmCodes = Object.freeze({
  __proto__: null as never,
  XAES_256_GCM: 1,
  AES_GCM: 2,
  AES_GCM_SIV: 3,
  CHACHA20_POLY1305: 4,
} as Record<string, number>);

const algorithmOfCode: readonly (AlgorithmName | null)[] = [
  null,
  'XAES_256_GCM',
  'AES_GCM',
  'AES_GCM_SIV',
  'CHACHA20_POLY1305',
];

/** The head of a blob. A key id must be a UUID or `mrk-` and 32 hexadecimal characters. */
export function blobHead({ keyId, version, algorithm }: BlobHead): Buffer {
  const code = algorithmCodes[algorithm];
  if (code === undefined)
    throw new ClavigerError('algorithm-forbids', `${algorithm} makes no ciphertext of this form.`);
  const multiRegion = keyId.startsWith('mrk-');
  const head = Buffer.allocUnsafe(headBytes);
  head[0] = formatByte;
  head[1] = multiRegion ? 1 : 0;
  head.write(multiRegion ? keyId.slice(4) : keyId.replaceAll('-', ''), 2, 16, 'hex');
  head.writeUInt32BE(version, 18);
  head[22] = code;
  return head;
}

/** Reads the head of a blob that anybody may have sent. Throws `ciphertext-invalid`; what it returns is not authentic yet. */
export function readBlob(blob: Uint8Array): BlobHead {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  const form = bytes[1] ?? 255;
  const algorithm = algorithmOfCode[bytes[22] ?? 0] ?? null;
  if (bytes.length < shortestBlob || bytes[0] !== formatByte || form > 1 || algorithm === null) {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext is not one of ours.');
  }
  const hex = bytes.toString('hex', 2, 18);
  const keyId =
    form === 1
      ? `mrk-${hex}`
      : `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return { keyId, version: bytes.readUInt32BE(18), algorithm };
}
