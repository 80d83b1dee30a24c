import { openMaterial, SecretBytes, transportSpecs, transportWraps } from '#crypto';
import type { KeyMaterial, TransportSpec, TransportWrap } from '#crypto';
import { asWrappedMaterial } from '#ports';
import { ClavigerError, hasCode, type Instant, type Key } from '#domain';
import type { House } from '../house.ts';

/**
 * What makes an import possible: the private half of a wrapping key, sealed under the environment and bound to one key. The client
 * carries it, so that no node has to remember it; it is no secret of the client's, and opens nothing for anybody else.
 */
export type ImportToken = {
  readonly wrap: TransportWrap;
  readonly spec: TransportSpec;
  readonly expiresAt: Instant;
};

const format = 1;
const headBytes = 11;

const purposeOf = (key: Key) => `import token ${key.id}`;

/** Seals a wrapping key. Format (1), wrap (1), spec (1), end (8, big-endian milliseconds), PKCS#8 DER; sealed under the environment. */
export async function sealToken(
  house: House,
  key: Key,
  { wrap, spec, expiresAt }: ImportToken,
  privateKey: SecretBytes,
): Promise<Uint8Array> {
  const head = Buffer.alloc(headBytes);
  head[0] = format;
  head[1] = transportWraps.indexOf(wrap);
  head[2] = transportSpecs.indexOf(spec);
  head.writeBigUInt64BE(BigInt(expiresAt), 3);
  using content = SecretBytes.take(privateKey.use((bytes) => Buffer.concat([head, bytes])));
  // awaited, so that it is not wiped while it is sealed
  return await house.hierarchy.sealSmall(key.environment, purposeOf(key), content);
}

/**
 * Opens a token that was made for this key. Throws `import-token-invalid` for any other bytes, `import-token-expired` for one whose
 * time is over.
 */
export async function openToken(
  house: House,
  key: Key,
  token: Uint8Array,
  now: Instant,
): Promise<ImportToken & { readonly wrappingKey: KeyMaterial }> {
  using content = await unsealed(house, key, token);
  const read = content.use((bytes) => {
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, headBytes);
    const [wrap, spec] = [transportWraps[head[1] ?? -1], transportSpecs[head[2] ?? -1]];
    if (head[0] !== format || !wrap || !spec) return null;
    using privateKey = SecretBytes.copyOf(bytes.subarray(headBytes));
    const expiresAt = Number(head.readBigUInt64BE(3));
    return { wrap, spec, expiresAt, wrappingKey: openMaterial(spec, privateKey) };
  });
  if (!read) throw invalid();
  if (now < read.expiresAt) return read;
  throw expired();
}

async function unsealed(house: House, key: Key, token: Uint8Array): Promise<SecretBytes> {
  try {
    return await house.hierarchy.openSmall(key.environment, purposeOf(key), asWrappedMaterial(token));
  } catch (cause) {
    // it came from a stranger: that it does not open is no damage of the house
    if (hasCode(cause, 'integrity-failed')) throw invalid(cause);
    // the environment has a new key since: what the one before sealed opens no more
    if (hasCode(cause, 'conflict')) throw expired(cause);
    throw cause;
  }
}

function expired(cause?: unknown): ClavigerError {
  return new ClavigerError('import-token-expired', 'The import token has expired: ask for new parameters.', {
    cause,
  });
}

function invalid(cause?: unknown): ClavigerError {
  return new ClavigerError('import-token-invalid', 'The import token was not made for this key.', { cause });
}
