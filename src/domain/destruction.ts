import type { AlgorithmName } from './algorithm.ts';
import type { Instant } from './key.ts';

/**
 * How far a destruction has come. `scheduled`: it can be cancelled; `begun`: the day came, and there is no way back from here;
 * `executed`: the material is gone from the stores; `verified`: every node that ran then has seen that nothing opens any more.
 */
export type DestructionStep = 'scheduled' | 'cancelled' | 'begun' | 'executed' | 'verified';

/** How a node saw that a version is gone. */
export type DestructionCheck = {
  readonly node: string;
  readonly at: Instant;
  /** A ciphertext (or a code) that the key had made was tried; the device was searched for the object; there was no material any more to try. */
  readonly method: 'known-ciphertext' | 'device-search' | 'material-absent';
  readonly version: number;
  /** False is what it must be: true means that the destruction failed. */
  readonly opens: boolean;
};

/** What is known of a version before its end, by which its end is seen afterwards. It is never made of anything of a customer. */
export type DestructionProbe = {
  readonly version: number;
  /**
   * `ciphertext`, `code`: made by the key's own material of a random value; `device`: the object is looked for; `material`: nothing
   * can be made that only the material opens, so that the material itself must be gone.
   */
  readonly kind: 'ciphertext' | 'code' | 'device' | 'material';
  /** Of `ciphertext` and `code`. */
  readonly algorithm: AlgorithmName | null;
  /** The ciphertext or the code, base64; null for the other kinds. */
  readonly made: string | null;
  /** 64 hexadecimal characters: SHA-256 of what the ciphertext holds, or the message of the code; null for the other kinds. */
  readonly of: string | null;
};

/** Somebody who still asked for a key while its destruction was scheduled (the brown-out). */
export type Demand = {
  readonly principal: string;
  readonly operation: string;
  readonly count: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
};

/** One destruction of one key, from the request to its proof. It outlives the key's material, and is never deleted. */
export type Destruction = {
  /** UUID. */
  readonly id: string;
  readonly keyId: string;
  readonly environment: string;
  /** Principal id of who asked. */
  readonly requestedBy: string;
  /** Why, in the words of who asked; null: nothing was said (AWS has no word for it). */
  readonly reason: string | null;
  readonly requestedAt: Instant;
  readonly dueAt: Instant;
  readonly waitingDays: number;
  readonly step: DestructionStep;
  /** What the house did; null before. */
  readonly execution: {
    readonly at: Instant;
    readonly node: string;
    /** Id of the audit event that records it. */
    readonly eventId: string;
    readonly method: 'cryptographic-erase' | 'device-zeroization';
    /** Nodes that ran at the time, which all have to check. */
    readonly nodes: readonly string[];
    /** Names that the key had, a hundred at most. */
    readonly names: readonly string[];
  } | null;
  /** One for each version, made when the destruction began; empty before. */
  readonly probes: readonly DestructionProbe[];
  readonly checks: readonly DestructionCheck[];
  /** Counts the changes of the record. */
  readonly revision: number;
};
