import type { SecretBytes } from '#crypto';
import type { ClavigerError, ErrorCode } from '#domain';
import type { AuditLog, Clock, KeyDevice, Outside, RootOfTrust, Store } from '#ports';
import type { SuspendedGrants } from './anomaly/suspended-grants.ts';
import type { Custody } from './custody/custody.ts';
import type { DocumentCache } from './document-cache.ts';
import type { Demands } from './demands.ts';
import type { Freshness } from './freshness.ts';
import type { Hierarchy } from './hierarchy.ts';
import type { KeyCache } from './key-cache.ts';
import type { KeyUses } from './key-uses.ts';
import type { LastUses } from './last-uses.ts';
import type { NoticeDestinations } from './notices/notices.ts';
import type { Refusals } from './refusals.ts';
import type { RootSeat } from './roots/root-seat.ts';
import type { UsageMeter } from './usage-meter.ts';

/** Counts what the door did, for the metrics page, and hears of what is the house's own fault, for the server's log. */
export type DoorObserver = {
  readonly done: (
    operation: string,
    protocol: string,
    outcome: ErrorCode | 'success',
    millis: number,
  ) => void;
  /** Once for each operation that failed by the house's fault; the error's causes are for the log alone. */
  readonly failed?: (requestId: string, operation: string, error: ClavigerError) => void;
};

/** The configured device and how keys stand in it. */
export type Devices = {
  readonly device: KeyDevice;
  /** What the labels of this store's keys begin with. */
  readonly prefix: string;
  /** Whether new keys are made in the device where nothing else is asked for. */
  readonly byDefault: boolean;
};

/** Everything that the runner and the operations work with; the composition root builds it. */
export type House = {
  readonly store: Store;
  readonly log: AuditLog;
  readonly clock: Clock;
  readonly root: RootOfTrust;
  /** Where `root` sits: it can be exchanged for another one. */
  readonly roots: RootSeat;
  readonly hierarchy: Hierarchy;
  /** Where keys of tier 1 live; absent or null: no device is configured. */
  readonly devices?: Devices | null;
  readonly keys: KeyCache;
  readonly documents: DocumentCache;
  readonly freshness: Freshness;
  readonly usage: UsageMeter;
  readonly lastUses: LastUses;
  /** Who uses which version of which key. */
  readonly keyUses: KeyUses;
  /** What strangers were refused, beyond what has records of its own. */
  readonly refusals: Refusals;
  /** Name and version of the program, as certificates tell them. */
  readonly software: string;
  /** Who still asks for keys that wait for their destruction. */
  readonly demands: Demands;
  readonly observer: DoorObserver;
  /** Drops cached credentials, principals and keys of entities that changed. */
  readonly drop: (entities: readonly string[] | null) => void;
  /** Told of the events that wait in the store's outbox until the log holds them. */
  readonly outbox: {
    /** An operation is about to commit this event, and will append it. */
    readonly begin: (eventId: string) => void;
    /** The log holds it: the store may forget it, in its own time. */
    readonly logged: (eventId: string) => void;
    /** The operation is over; what it left behind is brought in for it. */
    readonly end: (eventId: string) => void;
  };
  /** Names material, the same in all environments: a keyed function of a secret's bytes, or of a pair's SubjectPublicKeyInfo. */
  readonly fingerprintOf: (identity: SecretBytes) => string;
  /** What is said of the FIPS provider, where only approved algorithms are used; null: all are. */
  readonly fips: string | null;
  /** Account id of an environment. */
  readonly accountOf: (environment: string) => Promise<string>;
  /** The environment that was made first: its administrators may make others. */
  readonly firstEnvironment: () => Promise<string>;
  /** Other servers, which auth methods ask; absent: none can be asked. */
  readonly outside?: Outside;
  /** What custodians of shares may do; absent: the root of trust has no shares. */
  readonly custody?: Custody;
  /** Principals who are refused a key for what the watch saw; absent: there are none. */
  readonly suspended?: SuspendedGrants;
  /** Who outside of the house is told of what; absent: nobody. */
  readonly notices?: NoticeDestinations;
};
