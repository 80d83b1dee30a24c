import type {
  Destruction,
  Instant,
  Key,
  LastUse,
  PeriodPolicy,
  Principal,
  AuditEvent,
  UsageCount,
} from '#domain';
import type { Copy } from '#ports';

/** How often a principal used a version in one way. */
export type KeyUse = {
  readonly version: number;
  /** Name of the principal. */
  readonly principal: string;
  readonly act: 'protect' | 'process';
  readonly count: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
};

/** Another key that holds the same material, as the keyed fingerprints of the house tell. */
export type SameMaterial = { readonly keyId: string; readonly environment: string };

/** All that is known of one key at one moment. It holds no material, wrapped or not. */
export type KeyFacts = {
  readonly key: Key;
  /** Its names, ordered. */
  readonly names: readonly string[];
  readonly lastUse: LastUse | null;
  /** By version, principal and act, ordered so; a bounded number: the first that used it stay. */
  readonly uses: readonly KeyUse[];
  /** Protecting uses by version, as they were reserved: never below the truth. */
  readonly counts: readonly ({ readonly version: number } & UsageCount)[];
  /** Registered exports of this key; backups and escrows of all keys stand in the head. */
  readonly copies: readonly Copy[];
  /** Its newest destruction, whatever became of it. */
  readonly destruction: Destruction | null;
  readonly sameMaterial: readonly SameMaterial[];
  /** The key under which its material was handed out or came in, where that is known: an edge of the wrap graph. */
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
};

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
