import type { CopyRecord } from './recovery.ts';
/** One generation of a key's material; times are ISO 8601. */
export type KeyVersionRecord = {
  readonly number: number;
  readonly state: string;
  readonly rotation: string;
  readonly createdAt: string;
  readonly activatedAt: string | null;
  /** Until when it may encrypt or sign; null: not yet active. */
  readonly protectUntil: string | null;
  /** Until when it may decrypt or verify; null: as long as it is needed. */
  readonly processUntil: string | null;
};

/** A key as the API tells it. */
export type KeyRecord = {
  readonly id: string;
  readonly environment: string;
  readonly region: string;
  readonly spec: string;
  /** Of a key of spec `HMAC`. */
  readonly materialBytes?: number;
  readonly usage: string;
  /** That of the newest version, or `destruction-scheduled`. */
  readonly state: string;
  readonly currentVersion: number;
  readonly owner: string;
  readonly description: string;
  readonly tags: readonly Tag[];
  readonly dataClassification: string;
  readonly origin: string;
  readonly tier: string;
  /** What works with it, where the server requires a FIPS provider. */
  readonly cryptography: string | null;
  /** Its material may leave, wrapped for a recipient. */
  readonly exportable: boolean;
  /** Of a key of origin `imported`: whether the material of all its versions is here, and until when. */
  readonly imported: { readonly isPresent: boolean; readonly expiresAt: string | null } | null;
  /** New imported material that waits for a rotation. */
  readonly pending: { readonly version: number; readonly materialId: string } | null;
  readonly strengthBits: number;
  /** When a drill last recovered it from a backup. */
  readonly provenRecoverableAt: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly rotation: { readonly periodDays: number; readonly nextAt: string } | null;
  readonly destruction: { readonly dueAt: string; readonly waitingDays: number } | null;
  readonly versions: readonly KeyVersionRecord[];
};

export type Tag = { readonly key: string; readonly value: string };

export type NewKey = {
  readonly name?: string;
  /** E.g. `AES_256` (the default), `RSA_3072`, `EC_P256`, `ED25519`, `ML_DSA_65`. */
  readonly spec?: string;
  /** Bytes of a key of spec `HMAC`: 32 to 512, but those of the hashes, which have specs of their own. */
  readonly materialBytes?: number;
  /** `encrypt`, `sign`, `mac` ...; else the first one of the spec. */
  readonly usage?: string;
  readonly owner?: string;
  /** `imported`: its material comes from outside, later. */
  readonly origin?: 'generated' | 'imported';
  /** Its material may leave, wrapped for a recipient; it can't be said afterwards. */
  readonly exportable?: boolean;
  readonly description?: string;
  readonly tags?: readonly Tag[];
};

export type NameRecord = {
  readonly name: string;
  readonly keyId: string;
  readonly environment: string;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type LastUseRecord = {
  readonly lastUse: {
    readonly operation: string;
    readonly at: string;
    readonly requestId: string;
    readonly principal: string;
  } | null;
  readonly trackingSince: string;
};

/** How far the newest destruction of a key has come; times are ISO 8601. */
export type DestructionRecord = {
  readonly keyId: string;
  /** Null: none was ever asked for. */
  readonly destruction: {
    readonly id: string;
    /** `scheduled`, `cancelled`, `begun`, `executed`, `verified`. */
    readonly step: string;
    readonly requestedBy: string;
    readonly reason: string | null;
    readonly requestedAt: string;
    readonly dueAt: string;
    readonly waitingDays: number;
    readonly execution: {
      readonly at: string;
      readonly node: string;
      readonly eventId: string;
      readonly method: string;
      readonly nodes: readonly string[];
      readonly names: readonly string[];
    } | null;
    readonly checks: readonly {
      readonly node: string;
      readonly at: string;
      readonly version: number;
      readonly method: string;
      readonly opens: boolean;
    }[];
  } | null;
  /** Name of who asked. */
  readonly requester: string | null;
  /** Requests that were refused because the key waits for its destruction. */
  readonly demands: readonly {
    readonly principal: string;
    readonly operation: string;
    readonly count: number;
    readonly firstAt: string;
    readonly lastAt: string;
  }[];
  /** Registered copies that can still open the key. */
  readonly copies: readonly CopyRecord[];
};

export type EnvironmentRecord = {
  readonly name: string;
  readonly accountId: string;
  readonly createdAt: string;
};

export type PrincipalRecord = {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly kind: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly createdAt: string;
};

export type CredentialRecord = {
  readonly id: string;
  readonly kind: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
};

export type StatusRecord = {
  readonly node: string;
  readonly store: string;
  readonly root: { readonly kind: string; readonly where: string; readonly tier: string };
  readonly log: { readonly writable: boolean; readonly problem: string | null; readonly size: number };
  readonly keys: number;
  readonly cachedKeys: number;
  /** What is said of the FIPS provider; null: no FIPS mode. */
  readonly fips: string | null;
};

/** Whether a server is sealed, and how many shares it has and wants. */
export type SealStatusRecord = {
  readonly sealed: boolean;
  readonly setId: string;
  readonly shares: number;
  readonly threshold: number;
  readonly given: number;
};

export type RekeyRecord = {
  readonly rekeyId: string;
  readonly step: 'authorise' | 'confirm' | 'done';
  readonly setId: string;
  readonly given: number;
  readonly needed: number;
};

/** With the share that completes the authorisation come the new shares, once. */
export type AuthorisedRekeyRecord = RekeyRecord & { readonly newShares: readonly string[] | null };

/** A signed certificate of destruction; times are ISO 8601. */
export type CertificateRecord = {
  readonly certificate: {
    readonly format: string;
    readonly id: string;
    readonly issuedAt: string;
    readonly issuedBy: { readonly node: string; readonly software: string };
    /** `complete` or `pending`. */
    readonly status: string;
    readonly key: {
      readonly id: string;
      readonly environment: string;
      readonly region: string;
      readonly names: readonly string[];
      readonly spec: string;
      readonly usage: string;
      readonly owner: string;
      readonly description: string;
      readonly dataClassification: string;
      readonly origin: string;
      readonly tier: string;
      readonly createdAt: string;
      readonly createdBy: string;
    };
    readonly versions: readonly {
      readonly number: number;
      readonly fingerprint: string;
      readonly device: string | null;
      readonly createdAt: string;
      readonly activatedAt: string | null;
      readonly protectUntil: string | null;
      readonly processUntil: string | null;
      readonly history: readonly { readonly state: string; readonly at: string; readonly cause: string }[];
    }[];
    readonly request: {
      readonly id: string;
      readonly requestedBy: { readonly id: string; readonly name: string | null };
      readonly reason: string | null;
      readonly requestedAt: string;
      readonly dueAt: string;
      readonly waitingDays: number;
    };
    readonly execution: {
      readonly at: string;
      readonly node: string;
      readonly eventId: string;
      readonly method: string;
      readonly tool: string;
    };
    readonly verification: readonly {
      readonly node: string;
      readonly version: number;
      readonly at: string;
      readonly method: string;
      readonly opens: boolean;
    }[];
    readonly lastUse: { readonly operation: string; readonly at: string; readonly principal: string } | null;
    readonly demand: readonly {
      readonly principal: string;
      readonly operation: string;
      readonly count: number;
      readonly firstAt: string;
      readonly lastAt: string;
    }[];
    readonly copies: readonly {
      readonly kind: string;
      readonly madeAt: string;
      readonly place: string;
      readonly holder: string;
      readonly status: string;
    }[];
    readonly log: {
      readonly origin: string;
      readonly index: number;
      readonly entry: string;
      readonly proof: readonly string[];
      readonly checkpoint: string;
    };
    readonly operator: string | null;
    readonly verifier: string | null;
    readonly limits: readonly string[];
  };
  readonly signatures: readonly {
    readonly kind: string;
    readonly publicKey: string;
    readonly signature: string;
  }[];
};
