/** A secret as the inventory shows it: where it is and what became of its versions, never a value; times are ISO 8601. */
export type SecretRow = {
  readonly kind: 'secret';
  /** Store and path. */
  readonly id: string;
  readonly environment: string;
  readonly store: string;
  readonly path: string;
  /** From its custom metadata; null: nobody said. */
  readonly owner: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The newest version; 0: there is none. */
  readonly version: number;
  /** Versions whose value can still be told. */
  readonly liveVersions: number;
  readonly deletedVersions: number;
  readonly destroyedVersions: number;
};

/** A way by which a principal proves who it is, without its secret; times are ISO 8601. */
export type CredentialRow = {
  readonly kind: 'credential';
  /** The access key id; of a token its hash. */
  readonly id: string;
  readonly environment: string;
  /** Name of the principal. */
  readonly owner: string;
  readonly type: 'access-key' | 'token';
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** Of the principal. */
  readonly disabled: boolean;
};
