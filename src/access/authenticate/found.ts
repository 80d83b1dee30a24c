import { ClavigerError, type Instant, type Principal } from '#domain';
import type { CompiledAcl } from '../authorize/acl-policy/compile.ts';

/** Who was recognised, and by what. */
export type Authenticated = {
  readonly principal: Principal;
  readonly accountId: string;
  /** The region of a signed request's scope; null for a token. */
  readonly region: string | null;
  readonly credentialId: string;
  readonly method: 'sigv4' | 'token';
  /** Of a token whose policies say what it may do; absent: the roles of the principal decide. */
  readonly grant?: Grant;
};

/** A token of limited rights. */
export type Grant = {
  readonly acl: CompiledAcl;
  /** Tokens above it: it ends with each of them. */
  readonly lineage: readonly string[];
  /** What stands behind it is disabled, or gone: it is refused for everything. */
  readonly isBarred: boolean;
  /** Ids of entities and groups by whose policies the ACL is as it is. */
  readonly dependsOn: readonly string[];
  /** Requests are counted, and so many are left; null: they are not. */
  readonly usesLeft: number | null;
  /** Addresses from which it may be used, in CIDR form; empty: from all. */
  readonly boundCidrs: readonly string[];
};

export type Found = {
  readonly principal: Principal;
  readonly accountId: string;
  readonly expiresAt: Instant | null;
  readonly grant?: Grant;
};

/** Where credentials are looked up. Null: there is no such credential. */
export type CredentialSource = {
  /** The secret is a copy, which the authenticator wipes. */
  readonly accessKey: (id: string) => Promise<(Found & { readonly secret: Uint8Array }) | null>;
  readonly token: (idHash: string, token: string) => Promise<Found | null>;
};

/** How many credentials of a kind are kept in memory. */
export const credentialsMax = 10_000;

/** Keeps an entry in the place of the oldest one. */
export function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  if (map.size >= max) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  map.set(key, value);
}

export const unknown = () => new ClavigerError('credential-unknown', 'The credential is not known.');
