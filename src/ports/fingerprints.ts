/** A key that holds, or held, material with a fingerprint. */
export type MaterialHolder = { readonly environment: string; readonly keyId: string };

/**
 * Which keys hold material that was brought from outside or may leave, by keyed fingerprints. An entry outlives the destruction of its
 * key. All keys of one fingerprint are of one environment.
 */
export interface Fingerprints {
  /** The keys with this material, the first one first; none: it is not known. */
  holders(fingerprint: string): Promise<readonly MaterialHolder[]>;
  /** Ids of other keys that hold, or held, material of this key; at most a thousand. */
  otherHolders(keyId: string): Promise<readonly string[]>;
}
