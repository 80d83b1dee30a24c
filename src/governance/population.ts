import type { AuditEvent, Instant, Key, PeriodPolicy, Principal } from '#domain';
import type { Copy, KeyRelations } from '#ports';

export type { KeyUse } from '#domain';

/** All that is known of one key at one moment. It holds no material, wrapped or not. */
export type KeyFacts = KeyRelations & {
  readonly key: Key;
  /** The keys under which its material was handed out or came in, as far as is known: edges of the wrap graph. */
  readonly wrappedBy: readonly string[];
};

/** A way by which a principal proves who it is, without its secret. */
export type CredentialFacts = {
  readonly kind: 'access-key' | 'token';
  /** The access key id; of a token the first 12 characters of its hash. */
  readonly id: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
};

export type PrincipalFacts = {
  readonly principal: Principal;
  readonly credentials: readonly CredentialFacts[];
};

export type EnvironmentFacts = {
  readonly name: string;
  readonly accountId: string;
  readonly createdAt: Instant;
  /** What it says of crypto-periods, or what holds where it says nothing. */
  readonly periodPolicy: PeriodPolicy;
  /** Which key-encryption key of the environment seals. */
  readonly kekGeneration: number;
};

/** What a person stated, which no machine can see; it holds until its end. */
export type Attestation = {
  /** UUID. */
  readonly id: string;
  /** What it is about, e.g. `custodian-acknowledgement`; the checks that ask for one name it. */
  readonly subject: string;
  readonly statement: string;
  /** Where the document is, and its SHA-256 where it has one. */
  readonly reference: string | null;
  /** Name of the principal who stated it. */
  readonly by: string;
  readonly at: Instant;
  readonly until: Instant;
  /** SHA-256 of the document that was before the eyes of who stated it, hexadecimal; absent or null: none was named. */
  readonly sha256?: string | null;
  /** The environment of who stated it. */
  readonly environment?: string;
};

/** Why a version of a key may stand longer than the policy has it. */
export type PeriodExceptionFacts = {
  readonly id: string;
  readonly environment: string;
  readonly keyId: string;
  /** Name of who answers for it. */
  readonly owner: string;
  readonly rationale: string;
  readonly until: Instant;
};

/** A certificate that the house relies on, and that ends. */
export type CertificateFacts = {
  /** SHA-256 of its DER, hexadecimal. */
  readonly id: string;
  /** What it is for, e.g. `listener`, `authority of the auth method cert/`. */
  readonly purpose: string;
  readonly environment: string | null;
  readonly subject: string;
  readonly notAfter: Instant;
  /** Who answers for it; null: nobody is named. */
  readonly owner: string | null;
};

/** A thing that holds keys: a hardware security module, a key-management server, another secure cryptographic device. */
export type DeviceFacts = {
  readonly type: 'HSM' | 'KMS' | 'SCD';
  readonly name: string;
  /** Maker, model, firmware, validation, as far as it is known; null: it is not. */
  readonly model: string | null;
  /** Where it stands; null: nobody said. */
  readonly place: string | null;
};

/** A way by which callers or the house itself reach keys, and what protects it. */
export type ProtocolFacts = { readonly name: string; readonly protection: string };

/** Which operations need more than one person, and how many. */
export type QuorumRule = {
  readonly environment: string;
  readonly rule: string;
  readonly approvals: number;
};

/** Where the evidence stands in the log of the node that gathered it. */
export type LogPosition = {
  readonly node: string;
  readonly origin: string;
  readonly size: number;
  /** Root hash of the tree of that size, hexadecimal. */
  readonly root: string;
};

/** What is said once of everything. */
export type PopulationHead = {
  readonly format: 'claviger-population/1';
  /** The moment for which everything is judged. */
  readonly at: Instant;
  readonly software: string;
  readonly environments: readonly EnvironmentFacts[];
  /** Ordered by environment and name. */
  readonly principals: readonly PrincipalFacts[];
  /** What wraps the environments' keys, e.g. `file`, `pkcs11`. */
  readonly root: string;
  /** What the FIPS provider says of itself, where only approved algorithms are used; null: all are. */
  readonly fips: string | null;
  /** Backups and escrows. */
  readonly copies: readonly Copy[];
  readonly attestations: readonly Attestation[];
  readonly quorum: readonly QuorumRule[];
  readonly log: LogPosition | null;
  /** Absent: nobody gathered them. */
  readonly periodExceptions?: readonly PeriodExceptionFacts[];
  readonly certificates?: readonly CertificateFacts[];
  readonly devices?: readonly DeviceFacts[];
  readonly protocols?: readonly ProtocolFacts[];
};

/** An event of the log, with its place. */
export type PlacedEvent = { readonly index: number; readonly event: AuditEvent };

/** Everything there is, to be walked through once, page by page: it may be too much for the memory. */
export type Population = {
  readonly head: PopulationHead;
  /** Ordered by environment and id. */
  readonly keys: () => AsyncIterable<readonly KeyFacts[]>;
  /** What was done to keys and to the house, never mere uses and reads, in the order of the log. */
  readonly events: () => AsyncIterable<readonly PlacedEvent[]>;
};
