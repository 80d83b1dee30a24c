import type { z } from 'zod';
import type { AccessScope, Permission } from '#access';
import type {
  AlgorithmName,
  AuditEvent,
  Instant,
  Key,
  KeyUsage,
  KeyVersion,
  Principal,
  QuorumNeed,
} from '#domain';
import type { Change } from '#ports';
import type { House } from './house.ts';
import type { OpenedKey } from './key-cache.ts';

/** Who asks, from where, by which protocol: what a protocol hands over once it has authenticated a request. */
export type Caller = {
  readonly principal: Principal;
  readonly accountId: string;
  /** The region that the request speaks of; protocols without regions say the server's own one. */
  readonly region: string;
  /** The protocol has no regions: keys of all of them are seen, and new ones are made in `region`. */
  readonly seesAllRegions?: boolean;
  /** Of a token with policies: what they allow of the path that was asked for. Absent: the roles of the principal decide. */
  readonly scope?: AccessScope;
  /** What the decision about a write rests on: that the thing to be written is there, or is not. Absent: it is the same either way. */
  readonly presumes?: 'there' | 'absent';
  /** The token that was shown, by its hash; absent: it was no token. */
  readonly tokenId?: string;
  readonly protocol: string;
  /** The operation in the protocol's own word, e.g. `Encrypt`. */
  readonly protocolOperation: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly secureTransport: boolean;
  /** The certificates that the client showed in the handshake, its own first; absent: none are handed over. */
  readonly clientCertificates?: () => readonly Uint8Array[];
  /** UUID: the id of the audit event, and what the caller is told. */
  readonly requestId: string;
};

/** The region of the house's own scheduled work, which sees the keys of all regions. */
export const anyRegion = '*';

/** How a request names a key. Environment and, for names, the region are the caller's. */
export type KeyReference =
  | {
      readonly kind: 'id';
      readonly id: string;
      /** The account that the reference names; another one than the caller's is refused. */
      readonly accountId?: string;
      /** The region that the reference names; a key that lives elsewhere is not found. */
      readonly region?: string;
      /** The id was read from a ciphertext: a key that is not there is answered like one that is forbidden. */
      readonly fromCiphertext?: boolean;
    }
  | { readonly kind: 'name'; readonly name: string; readonly accountId?: string; readonly region?: string };

/** The condition of a key as a whole, of which each operation lists those it accepts. */
export type KeyCondition =
  | 'usable'
  | 'suspended'
  | 'lacking-material'
  | 'destruction-scheduled'
  | 'destroyed';

/** What an operation does with a key: the runner checks it before the operation is asked. */
export type TargetRule<I> = {
  readonly permission: Permission;
  /** `protect` and `process` open material; `inspect` and `manage` don't. */
  readonly act: 'protect' | 'process' | 'inspect' | 'manage';
  /** Conditions in which the key may be; the others are refused. */
  readonly conditions: readonly KeyCondition[];
  readonly reference: (input: I) => KeyReference;
  /** The purpose that the key must have; a function where it depends on the key (a companion of any key). */
  readonly usage?: KeyUsage | ((input: I, key: Key) => KeyUsage);
  /** With `approvedOnly` what is not asked for by name is an approved one. */
  readonly algorithm?: (input: I, key: Key, approvedOnly?: boolean) => AlgorithmName | null;
  /** The request has many parts, each with a version of its own: the operation checks and opens them itself. */
  readonly eachVersion?: true;
  /** The version to use; null or absent: the newest. */
  readonly version?: (input: I) => number | null;
  /** How many protecting uses it is; absent: one. */
  readonly uses?: (input: I) => number;
  /** How many bytes a protecting use adds to the usage axis. */
  readonly bytes?: (input: I) => number;
  /** The encryption context, for policies and the record. */
  readonly context?: (input: I) => EncryptionContext | null;
};

export type EncryptionContext = Readonly<Record<string, string>>;

/** A key that passed every check of its rule, as an operation receives it. */
export type CheckedKey = {
  readonly key: Key;
  readonly version: KeyVersion;
  /** The version's material, opened; absent for `inspect` and `manage`. */
  readonly opened: OpenedKey;
  /** The algorithm that was asked for, checked against the key; null where the rule has none. */
  readonly algorithm: AlgorithmName | null;
  /** The encryption context in canonical bytes (empty where there is none). */
  readonly context: Uint8Array;
};

export type Work = {
  readonly caller: Caller;
  readonly now: Instant;
  readonly house: House;
  /** One for each target rule, in its order. */
  readonly keys: readonly CheckedKey[];
};

export type Outcome<O> = {
  readonly output: O;
  /** State to be committed together with the record. */
  readonly changes?: readonly Change[];
  /** Plain facts for the record, free of secrets. */
  readonly facts?: AuditEvent['facts'];
  /** Of a rule with many parts: the version of each part that was done, so that its use is counted. */
  readonly processed?: readonly number[];
  /** The key that an operation without a target made or named. */
  readonly keyId?: string;
  /** Runs after the commit is durable and before the answer (dropping caches, shredding). */
  readonly afterwards?: () => Promise<void>;
};

/** What needs a quorum: always the same, or by what is asked and who asks. */
export type QuorumAsk<I> =
  | QuorumNeed
  | ((input: I, caller: Pick<Caller, 'principal'>) => QuorumNeed | readonly QuorumNeed[] | null);

/** An operation is data; the runner is the only road to its `run`. */
export type Operation<I, O> = {
  readonly name: string;
  /** `use` touches material and no state; `manage` changes state; `read` does neither. */
  readonly kind: 'use' | 'manage' | 'read';
  readonly input: z.ZodType<I>;
  readonly targets: readonly TargetRule<I>[];
  /** The permission of an operation without a target (with targets each rule has its own). */
  readonly permission?: Permission;
  /** It asks for no permission, because it proves who asks by itself (a login). */
  readonly isOpen?: true;
  /** What a quorum must approve, in the environment of the caller and where its policy says so; null: nothing. */
  readonly quorum: QuorumAsk<I> | null;
  /** It does what no commit takes back before its changes are committed: the approvals are spent first, and are lost where it fails. */
  readonly spendsFirst?: true;
  readonly isDryRun?: (input: I) => boolean;
  /** Further values that policy conditions may ask for, by condition key. */
  readonly conditions?: (
    input: I,
    work: { key: Key | null },
  ) => Readonly<Record<string, string | readonly string[]>>;
  readonly run: (work: Work, input: I) => Outcome<O> | Promise<Outcome<O>>;
  /** Wipes the secrets of an output that nobody is given: its record could not be written, or it was only tried. */
  discard?(output: O): void;
};

/** The face of the one door, as protocols see it. */
export interface Door {
  /** Runs an operation for a caller; resolves after its record is durable. Rejects with a ClavigerError. */
  run<I, O>(operation: Operation<I, O>, caller: Caller, input: I): Promise<O>;
  /** Runs an operation of the house itself (scheduled work): no principal is asked, the record says `system`. */
  runAsSystem<I, O>(operation: Operation<I, O>, environment: string, input: I): Promise<O>;
}
