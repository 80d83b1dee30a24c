import type { AlgorithmName, KeySpec, KeyUsage } from '#domain';

/** Where the keys of tier 1 live. */
export type DeviceDescription = {
  /** Identifies the device; stable, 1 to 64 characters. */
  readonly id: string;
  readonly kind: string;
  /** In words that may be shown and logged. */
  readonly where: string;
};

/** A key that the device made. */
export type DeviceKey = {
  /** Identifies the object, drawn when it was made: no other one ever has it. */
  readonly identity: Uint8Array;
  /** SubjectPublicKeyInfo, DER; null for a secret key. */
  readonly publicKey: Uint8Array | null;
};

/** Names an object in the device, by the label under which it was made. */
export type DeviceUse = {
  readonly label: string;
  readonly spec: KeySpec;
  readonly algorithm: AlgorithmName;
};

/**
 * What holds keys that never leave it. Objects are found by label, never by a number that a restart changes. Rejects with
 * `root-unavailable` while the device is away, `key-destroyed` where it has no such object, and a StopError `root-refused` that must
 * not be tried again.
 */
export interface KeyDevice {
  describe(): DeviceDescription;
  /** The algorithms that the device can do with a key; none: it makes no such keys. */
  algorithms(spec: KeySpec, usage: KeyUsage): Promise<readonly AlgorithmName[]>;
  /** Makes a key that can't be taken out. */
  generate(label: string, spec: KeySpec, usage: KeyUsage): Promise<DeviceKey>;
  /** AES-GCM: nonce (12 bytes, of the device's generator), ciphertext, tag (16). */
  encrypt(use: DeviceUse, plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array>;
  /** Opens what `encrypt` made, or RSA-OAEP (without `aad`). Rejects with `ciphertext-invalid`. The caller wipes the result. */
  decrypt(use: DeviceUse, ciphertext: Uint8Array, aad: Uint8Array): Promise<Uint8Array>;
  /** Signs a digest of the algorithm's hash; ECDSA signatures are DER. */
  sign(use: DeviceUse, digest: Uint8Array): Promise<Uint8Array>;
  /** Destroys every object of this label and looks for them: rejects where one is still found. None: it is done already. */
  destroy(label: string): Promise<void>;
  /** The labels that begin with this prefix. */
  labels(prefix: string): Promise<readonly string[]>;
  probe(): Promise<void>;
  close(): Promise<void>;
}
