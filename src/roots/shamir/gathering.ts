import { combineShares, readShare, type SecretBytes, type Share } from '#crypto';
import { ClavigerError, hasCode, StopError } from '#domain';
import { isRootKeyOf, isShareOf, type ShamirParameters } from './shamir-root.ts';

/** Shares of one set that custodians give one after another, until there are enough. */
export interface ShareGathering {
  readonly parameters: ShamirParameters;
  /** Indexes of the shares that were taken, in their order. */
  readonly given: readonly number[];
  readonly isComplete: boolean;
  /**
   * Takes a share by its text, which is a stranger's; the caller wipes it. Throws `share-invalid` (no share, mistyped, forged),
   * `share-foreign` (another set) or `share-repeated`; nothing that was taken before is lost by that.
   */
  add(text: Uint8Array): number;
  /**
   * The root key, proven to be the one of the set. Throws `shares-insufficient`, or a StopError `root-refused` where the shares do
   * not give it. The shares stay until they are wiped.
   */
  recover(): Promise<SecretBytes>;
  wipe(): void;
}

/** Reads a share of this set. Throws as `ShareGathering.add` does. The caller disposes of its part. */
export function shareOf(parameters: ShamirParameters, text: Uint8Array): Share {
  const share = readShare(text);
  try {
    if (share.setId !== parameters.setId) {
      throw new ClavigerError(
        'share-foreign',
        `The share is of set ${share.setId}; this server takes shares of set ${parameters.setId}.`,
        { details: { setId: parameters.setId } },
      );
    }
    if (!isShareOf(parameters, share)) {
      throw new ClavigerError(
        'share-invalid',
        `The share says that it is share ${share.index} of set ${share.setId}, but it was never given out: it is forged.`,
      );
    }
    return share;
  } catch (error) {
    share.part[Symbol.dispose]();
    throw error;
  }
}

export function gatherShares(parameters: ShamirParameters): ShareGathering {
  const shares = new Map<number, Share>();
  const { setId, threshold } = parameters;
  return {
    parameters,
    get given() {
      return [...shares.keys()];
    },
    get isComplete() {
      return shares.size >= threshold;
    },
    add(text) {
      const share = shareOf(parameters, text);
      if (shares.has(share.index)) {
        share.part[Symbol.dispose]();
        throw new ClavigerError(
          'share-repeated',
          `Share ${share.index} of set ${setId} was given already; ${shares.size} of ${threshold} are here.`,
        );
      }
      shares.set(share.index, share);
      return share.index;
    },
    async recover() {
      let key: SecretBytes;
      try {
        key = await combineShares([...shares.values()]);
      } catch (cause) {
        if (hasCode(cause, 'shares-insufficient')) throw cause;
        throw notTheRoot(cause);
      }
      if (isRootKeyOf(parameters, key)) return key;
      key[Symbol.dispose]();
      throw notTheRoot();
    },
    wipe() {
      for (const { part } of shares.values()) part[Symbol.dispose]();
      shares.clear();
    },
  };
}

function notTheRoot(cause?: unknown): StopError {
  return new StopError(
    'root-refused',
    'The shares do not give the root key of this store: the store was changed, or its shares were. All shares were dropped.',
    { cause },
  );
}
