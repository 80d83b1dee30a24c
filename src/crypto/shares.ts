import { createHmac } from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import { ClavigerError } from '#domain';
import { constantTimeEqual } from './digest.ts';
import { SecretBytes } from './secret-bytes.ts';
import { isScheme, newSetId, readShare, type Share, shareCountMax, writeShare } from './share-text.ts';

/** How a secret is split: any `threshold` of `shares` give it back, fewer tell nothing of it. */
export type ShareScheme = {
  /** 2 to 16. */
  readonly shares: number;
  /** 2 to `shares`. */
  readonly threshold: number;
};

const secretLengths = Object.freeze({ min: 16, max: 64 });
const checkBytes = 7;

/** Throws `input-invalid` for a scheme out of bounds. */
export function requireScheme({ shares, threshold }: ShareScheme): void {
  if (isScheme(shares, threshold)) return;
  throw new ClavigerError(
    'input-invalid',
    `There must be 2 to ${shareCountMax} shares, and a threshold of 2 to as many as there are.`,
    { details: { field: 'shares' } },
  );
}

type Facts = Pick<Share, 'setId' | 'shares' | 'threshold'>;

/** What is split beside the secret, since the scheme itself gives a wrong secret without a word. */
function checkOf(secret: Uint8Array, { setId, shares, threshold }: Facts): Uint8Array {
  const facts = `claviger share check ${setId} ${shares} ${threshold}`;
  return createHmac('sha256', secret).update(facts).digest().subarray(0, checkBytes);
}

/**
 * Splits a secret of 16 to 64 bytes by Shamir's scheme. Gives the shares as texts (ASCII, one line each; `readShare` reads them), of
 * which the caller wipes each. That they give the secret back was tried. Throws `input-invalid` for a scheme or secret out of bounds.
 */
export async function splitSecret(secret: SecretBytes, scheme: ShareScheme): Promise<readonly Uint8Array[]> {
  requireScheme(scheme);
  if (secret.length < secretLengths.min || secret.length > secretLengths.max) {
    throw new ClavigerError('input-invalid', 'A secret that is split must have 16 to 64 bytes.');
  }
  const { shares, threshold } = scheme;
  const facts = { setId: newSetId(), shares, threshold };
  // the library takes a Uint8Array and nothing that extends it
  const whole = new Uint8Array(secret.length + checkBytes);
  try {
    secret.use((bytes) => {
      whole.set(bytes);
      whole.set(checkOf(bytes, facts), bytes.length);
    });
    const parts = await split(whole, shares, threshold);
    const texts = parts.map((part, at) => {
      using held = SecretBytes.take(part);
      return writeShare({ ...facts, index: at + 1, part: held });
    });
    await requireWhole(texts, threshold, secret);
    return texts;
  } finally {
    whole.fill(0);
  }
}

/** What is given out must give the secret back: tried with the first and with the last of the shares. */
async function requireWhole(
  texts: readonly Uint8Array[],
  threshold: number,
  secret: SecretBytes,
): Promise<void> {
  for (const some of [texts.slice(0, threshold), texts.slice(-threshold)]) {
    const read = some.map(readShare);
    try {
      using back = await combineShares(read);
      if (!back.equals(secret)) throw new ClavigerError('internal', 'Shares do not give their secret back.');
    } finally {
      for (const { part } of read) part[Symbol.dispose]();
    }
  }
}

/**
 * The secret that shares of one set give. Throws `share-foreign` for shares of several sets, `share-repeated`, `shares-insufficient`
 * for fewer than the threshold, and `share-invalid` where they fit but what they give was never split: never a wrong secret. The
 * caller disposes of the shares.
 */
export async function combineShares(shares: readonly Share[]): Promise<SecretBytes> {
  const [first] = shares;
  if (!first) throw new ClavigerError('shares-insufficient', 'There are no shares.');
  requireOneSet(first, shares);
  if (shares.length < first.threshold) {
    throw new ClavigerError(
      'shares-insufficient',
      `${shares.length} of ${first.threshold} shares of set ${first.setId} were given.`,
      { details: { given: shares.length, threshold: first.threshold } },
    );
  }
  const parts = shares
    .slice(0, first.threshold)
    .map(({ part }) => part.use((bytes) => new Uint8Array(bytes)));
  try {
    return checked(await combine(parts), first);
  } catch (cause) {
    // two shares with one coordinate: the library refuses them, as no set of ours has them
    throw cause instanceof ClavigerError ? cause : wrongShares(cause);
  } finally {
    for (const part of parts) part.fill(0);
  }
}

function checked(whole: Uint8Array, facts: Facts): SecretBytes {
  const end = whole.length - checkBytes;
  try {
    const secret = whole.subarray(0, end);
    if (!constantTimeEqual(checkOf(secret, facts), whole.subarray(end))) throw wrongShares();
    return SecretBytes.copyOf(secret);
  } finally {
    whole.fill(0);
  }
}

function wrongShares(cause?: unknown): ClavigerError {
  return new ClavigerError(
    'share-invalid',
    'The shares are of one set, but do not fit together: at least one of them is forged.',
    { cause },
  );
}

function requireOneSet(first: Share, shares: readonly Share[]): void {
  const seen = new Set<number>();
  for (const share of shares) {
    const { setId, index, threshold } = share;
    if (setId !== first.setId || share.shares !== first.shares || threshold !== first.threshold) {
      throw new ClavigerError('share-foreign', 'The shares are of several sets.');
    }
    if (share.part.length !== first.part.length) throw wrongShares();
    if (seen.has(index)) {
      throw new ClavigerError('share-repeated', `Share ${index} of set ${setId} was given twice.`);
    }
    seen.add(index);
  }
}
