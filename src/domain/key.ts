import type { KeyUsage } from './algorithm.ts';
import type { CryptoPeriod, KeySpec } from './key-spec.ts';
import type { KeyState, TransitionCause } from './key-state.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** How well a key is protected; ARCHITECTURE section 5 names the five tiers (5 is a finding, never a mode). */
export type ProtectionTier = 'hsm' | 'served' | 'delivered' | 'development';

export type KeyOrigin = 'generated' | 'imported' | 'external' | 'hsm';

/** One dated entry of a version's history; entries are only ever added, and survive destruction. */
export type StateChange = {
  readonly state: KeyState;
  readonly at: Instant;
  readonly cause: TransitionCause;
  /** When a compromise happened, where that is earlier than its report. */
  readonly occurredAt?: Instant;
};

/** A version by which uses are counted. */
export type CountedVersion = { readonly keyId: string; readonly version: number };

/** One generation of a key's material. */
export type KeyVersion = {
  /** 1 for the first. */
  readonly number: number;
  readonly state: KeyState;
  readonly history: readonly StateChange[];
  readonly createdAt: Instant;
  readonly activatedAt: Instant | null;
  readonly cryptoPeriod: CryptoPeriod;
  /**
   * Identifies the material, 64 lower-case hexadecimal characters, a keyed function of key id and material; empty where none was
   * imported yet.
   */
  readonly materialId: string;
  /** SubjectPublicKeyInfo, DER; null for a secret key. */
  readonly publicKey: Uint8Array | null;
  /** Where the material lives in a device; absent: it is wrapped in the store. */
  readonly device?: { readonly id: string; readonly label: string };
  /** Of a version whose material came from outside. */
  readonly imported?: ImportedMaterial;
  /**
   * The version whose count its uses are added to, because it has the same material: limits are those of the material. Absent: its own.
   */
  readonly countedAs?: CountedVersion;
  /** How the version came to be. */
  readonly rotation: 'first' | 'automatic' | 'on-demand' | 'imported';
};

export type RotationSchedule = {
  readonly periodDays: number;
  /** When the schedule was switched on. */
  readonly since: Instant;
  readonly nextAt: Instant;
};

/** A destruction that is scheduled over the state of a key, and can be cancelled until it is due. */
export type ScheduledDestruction = {
  readonly requestedAt: Instant;
  readonly dueAt: Instant;
  readonly waitingDays: number;
};

/** Versions below these are refused, though their state would let them work. */
export type VersionFloors = {
  /** The oldest version that may protect; 0: the newest alone. */
  readonly protect: number;
  /** The oldest version that may process. */
  readonly process: number;
};

/** What the crypto-period policy of the environment says beyond the periods of the versions, as of the last time the key was held to it. */
export type PeriodTerms = {
  /** It is rotated before its newest version stops protecting, where its users can't tell. */
  readonly rotates: boolean;
  /** What has stopped processing is destroyed, a waiting period later. */
  readonly destroysAtEnd: boolean;
  /** The policy lets no keys of its spec be made: those that are there protect nothing any more. */
  readonly stops?: true;
};

/** A longer period of one version, granted until a date, after which the policy holds again. */
export type PeriodExtension = {
  /** Of the document that says who asked, who approved, and why. */
  readonly id: string;
  readonly version: number;
  readonly act: 'protect' | 'process';
  /** When the policy holds again. */
  readonly until: Instant;
  /** Seconds that the policy grants; null: no bound (of the recipient period). */
  readonly otherwise: number | null;
};

/** Tags in the order in which they were set. */
export type Tag = { readonly key: string; readonly value: string };

/** What is known of material that was brought from outside. */
export type ImportedMaterial = {
  /** Whether it is here: it may not have come yet, or was deleted or expired, and the same material may be imported again. */
  readonly isPresent: boolean;
  /** When it is deleted by itself; null: never. */
  readonly expiresAt: Instant | null;
  /** What its owner says of it. */
  readonly description?: string;
};

/** Material from outside that is to protect from the next rotation on: it can be deleted without a trace until then. */
export type PendingMaterial = {
  /** Of the version that it will be. */
  readonly number: number;
  readonly materialId: string;
  readonly importedAt: Instant;
  readonly expiresAt: Instant | null;
  readonly description?: string;
  /** As of the version that it becomes. */
  readonly countedAs?: CountedVersion;
};

/** A key: what it is, who answers for it, and all its versions. It holds no material. */
export type Key = {
  /** UUID; `mrk-` and 32 hexadecimal characters for a multi-region key. */
  readonly id: string;
  readonly environment: string;
  /** Where the key lives inside its environment (an AWS region); `default` where a protocol has no such word. */
  readonly region: string;
  readonly spec: KeySpec;
  /** Bytes of its material, of every version; present where the spec leaves them to the key. */
  readonly materialBytes?: number;
  readonly usage: KeyUsage;
  readonly owner: string;
  readonly description: string;
  readonly tags: readonly Tag[];
  readonly dataClassification: string;
  readonly origin: KeyOrigin;
  /** Of a key of origin `imported`, over all its versions; absent for every other one. */
  readonly imported?: ImportedMaterial;
  /** New imported material that waits for a rotation. */
  readonly pending?: PendingMaterial;
  readonly tier: ProtectionTier;
  /** Its material may leave, wrapped for a recipient; said when the key is made, and never afterwards. Absent: it stays. */
  readonly exportable?: true;
  /** Oldest versions that may be used at all, chosen by whoever manages the key; absent: every version whose state allows it. */
  readonly floors?: VersionFloors;
  /** Each use is under a key derived for its context, never under the material itself. Said when the key is made. */
  readonly derivation?: { readonly convergent: boolean };
  /** A further usage besides the first, of a key pair made by a protocol whose keys have no usage. Said when the key is made. */
  readonly secondUsage?: KeyUsage;
  /** Though its material came from outside, new versions of it may be made here. Said when it is imported. */
  readonly localRotation?: true;
  /** The whole key may be copied out in plain text, by who may export it. Once given it stays. */
  readonly plaintextBackup?: true;
  /** Its name may be taken away together with a scheduled destruction by protocols that know no waiting period. */
  readonly deletable?: true;
  /** The key policy, a JSON document in the policy language of `access`. */
  readonly policy: string;
  readonly rotation: RotationSchedule | null;
  /** Absent: those of an environment that says nothing of crypto-periods. */
  readonly periodTerms?: PeriodTerms;
  /** Exceptions from the crypto-period policy that are in force. */
  readonly periodExtensions?: readonly PeriodExtension[];
  /** The newest version whose near end was told. */
  readonly periodNotice?: number;
  /**
   * Since when the key as a whole is suspended, so that nothing of it works; null: it is not. Its newest version is suspended with
   * it, unless that is in a state that has no such transition.
   */
  readonly suspendedAt: Instant | null;
  readonly destruction: ScheduledDestruction | null;
  /** When a drill last recovered it from a backup, every version; absent: never. */
  readonly provenRecoverableAt?: Instant;
  readonly createdAt: Instant;
  readonly createdBy: string;
  /** Ordered by number, never empty. */
  readonly versions: readonly KeyVersion[];
  /** Counts the changes of the record: a commit that expected another value is refused as a conflict. */
  readonly revision: number;
};

/** A name of a key, unique in its environment and region; it can be moved to another key. */
export type KeyName = {
  readonly environment: string;
  readonly region: string;
  readonly name: string;
  readonly keyId: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

/** How much a version has been used, as the store knows it. */
export type UsageCount = { readonly operations: number; readonly bytes: number };

/** What last used a key. */
export type LastUse = {
  readonly operation: string;
  readonly at: Instant;
  readonly requestId: string;
  readonly principal: string;
};

/** How often a principal used a version in one way; counted by the nodes in the background, so that a crash loses the last seconds. */
export type KeyUse = {
  readonly version: number;
  /** Name of the principal; `*`: several, where one key has more than are kept apart. */
  readonly principal: string;
  readonly act: 'protect' | 'process';
  readonly count: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
};

/** The newest version: the one that protects. */
export function currentVersion(key: Key): KeyVersion {
  const last = key.versions.at(-1);
  if (!last) throw new Error('a key without a version');
  return last;
}

/** The version with this number, or null. */
export function versionOf(key: Key, number: number): KeyVersion | null {
  return key.versions[number - 1]?.number === number
    ? (key.versions[number - 1] ?? null)
    : (key.versions.find((version) => version.number === number) ?? null);
}
