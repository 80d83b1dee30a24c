import { createHmac, hkdfSync } from 'node:crypto';
import {
  constantTimeEqual,
  isScheme,
  isSetId,
  readShare,
  splitSecret,
  type SecretBytes,
  type Share,
  type ShareScheme,
} from '#crypto';
import { StopError } from '#domain';
import type { RootOfTrust } from '#ports';
import { rootInMemory } from '../sealing.ts';

/**
 * What is kept, in clear, beside a store whose root is in its custodians' shares: which set of shares is good, and by what a share,
 * and the root key that shares give, are told from forged ones. Who has no shares would have to try 2^256 keys against it.
 */
export type ShamirParameters = ShareScheme & {
  readonly setId: string;
  /** HKDF-SHA-256 of the root key with the set id, base64. */
  readonly check: string;
  /** HMAC-SHA-256 under each share's secret part, base64, in the order of their indexes. */
  readonly fingerprints: readonly string[];
};

/** Shares of a root key as texts, and what is kept of them. */
export type ShareSet = { readonly parameters: ShamirParameters; readonly texts: readonly Uint8Array[] };

const digestBytes = 32;

function checkOf(key: SecretBytes, setId: string): Uint8Array {
  return key.use(
    (bytes) => new Uint8Array(hkdfSync('sha256', bytes, setId, 'claviger shamir check', digestBytes)),
  );
}

function fingerprintOf({ setId, index, part }: Share): Uint8Array {
  const facts = `claviger share fingerprint ${setId} ${index}`;
  return part.use((bytes) => createHmac('sha256', bytes).update(facts).digest());
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Splits a root key into a new set of shares. The caller wipes the texts. Throws `input-invalid` for a scheme out of bounds. */
export async function newShareSet(key: SecretBytes, scheme: ShareScheme): Promise<ShareSet> {
  const texts = await splitSecret(key, scheme);
  const read = texts.map((text) => readShare(text));
  const setId = read[0]?.setId ?? '';
  const fingerprints = read.map((share) => base64(fingerprintOf(share)));
  for (const { part } of read) part[Symbol.dispose]();
  const { shares, threshold } = scheme;
  return {
    parameters: { setId, shares, threshold, check: base64(checkOf(key, setId)), fingerprints },
    texts,
  };
}

/** Whether a share is the one of its index in the set that the parameters are of. */
export function isShareOf(parameters: ShamirParameters, share: Share): boolean {
  const { setId, shares, threshold } = share;
  if (setId !== parameters.setId || shares !== parameters.shares) return false;
  if (threshold !== parameters.threshold) return false;
  const known = Buffer.from(parameters.fingerprints[share.index - 1] ?? '', 'base64');
  return constantTimeEqual(fingerprintOf(share), known);
}

/** Whether this is the root key that the parameters are of. */
export function isRootKeyOf(parameters: ShamirParameters, key: SecretBytes): boolean {
  return constantTimeEqual(checkOf(key, parameters.setId), Buffer.from(parameters.check, 'base64'));
}

function damaged(cause?: unknown): StopError {
  return new StopError('integrity-failed', 'The parameters of the shares in the store are damaged.', {
    cause,
  });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged();
}

function isDigest(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === digestBytes && bytes.toString('base64') === value;
}

/** Reads parameters that a store has kept as JSON. Throws a StopError where they are damaged. */
export function parseShamirParameters(text: string): ShamirParameters {
  const { setId, shares, threshold, check, fingerprints } = parsed(text);
  if (typeof setId !== 'string' || !isSetId(setId)) throw damaged();
  if (typeof shares !== 'number' || typeof threshold !== 'number' || !isScheme(shares, threshold)) {
    throw damaged();
  }
  const digests: readonly unknown[] = Array.isArray(fingerprints) ? fingerprints : [];
  if (!isDigest(check) || digests.length !== shares || !digests.every(isDigest)) throw damaged();
  return { setId, shares, threshold, check, fingerprints: digests };
}

/** The root of trust over a root key that shares gave. It takes the key, and wipes it when it is closed. */
export function openShamirRoot(key: SecretBytes): RootOfTrust {
  return rootInMemory(key, { kind: 'shamir', where: 'the shares of its custodians', tier: 'served' });
}
