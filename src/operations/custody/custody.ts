/** How far a rekey is. */
export type RekeyProgress = {
  readonly rekeyId: string;
  /** `authorise`: shares of the present set are wanted; `confirm`: those of the new one; `done`: the new set stands. */
  readonly step: 'authorise' | 'confirm' | 'done';
  /** The set whose shares are wanted, or that stands now. */
  readonly setId: string;
  /** Shares that were taken in this step. */
  readonly given: number;
  readonly needed: number;
};

/** The shares of the new set, told once: with the progress of the share that completed the authorisation. */
export type Rekeyed = RekeyProgress & { readonly newShares: readonly string[] | null };

/**
 * What a root of trust whose key is in custodians' shares offers beside wrapping. Each share is one line of text; none is kept longer
 * than it must, and none is ever logged.
 */
export interface Custody {
  /** Begins to seal the server: what was accepted is finished, then the root key is wiped. */
  seal(): void;
  /** Begins to make a new set of shares for the same root key. Rejects with `conflict` while another rekey goes on. */
  beginRekey(scheme: { readonly shares: number; readonly threshold: number }): Promise<RekeyProgress>;
  /** Takes a share of the present set; the one that completes the threshold is answered with the new shares. */
  authoriseRekey(rekeyId: string, share: string): Promise<Rekeyed>;
  /**
   * Takes a new share back, which proves that its custodian has it; the last one puts the new set in place. Null puts it in place
   * without waiting for the rest.
   */
  confirmRekey(rekeyId: string, share: string | null): Promise<RekeyProgress>;
  /** Ends a rekey that is not done; the present set stands. */
  cancelRekey(rekeyId: string): Promise<RekeyProgress>;
}
