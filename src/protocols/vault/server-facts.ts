import type { HttpResponse } from '#ports';

/** The state of the server, as everybody may know it. */
export type ServerState = { readonly initialized: boolean; readonly sealed: boolean };

/** What paths without a token tell of the server. */
export type ServerFacts = {
  readonly state: () => ServerState;
  /** Name and version of the program. */
  readonly software: string;
  readonly clusterName: string;
  readonly clusterId: string;
  /** How its root key is guarded, and how many shares there are. */
  readonly seal: { readonly kind: string; readonly shares: number; readonly threshold: number };
  readonly now: () => number;
  /** What custodians of shares do; absent: the root key is not in shares. */
  readonly custodians?: Custodians;
};

/** Who holds shares of the root key gives them here, without a token. */
export interface Custodians {
  status(): Promise<{
    readonly sealed: boolean;
    readonly shares: number;
    readonly threshold: number;
    readonly given: number;
  }>;
  /** Takes a share of who asks from this address. The bytes are wiped. */
  unseal(share: Uint8Array, sourceAddress: string): Promise<unknown>;
  /** Drops the shares that were given. */
  reset(sourceAddress: string): Promise<unknown>;
}

/** The version of Vault whose API this is: clients switch on features by it. */
export const apiVersion = '1.18.3';
const headers = Object.freeze({ 'content-type': 'application/json', 'cache-control': 'no-store' });

export function json(status: number, body: object, isHead = false): HttpResponse {
  return { status, headers, body: isHead ? '' : JSON.stringify(body) };
}

/** What Vault calls the kinds of roots. */
const sealTypes: Readonly<Record<string, string>> = Object.freeze({
  __proto__: null as never,
  'aws-kms': 'awskms',
  file: 'static',
  passphrase: 'static',
});

/** `sys/seal-status`, also the answer to a share. */
export async function sealStatus(facts: ServerFacts): Promise<Readonly<Record<string, unknown>>> {
  const { initialized, sealed: usual } = facts.state();
  const { kind } = facts.seal;
  const about = (await facts.custodians?.status()) ?? { ...facts.seal, sealed: usual, given: 0 };
  const { sealed, shares, threshold, given } = about;
  return {
    type: sealTypes[kind] ?? kind,
    initialized,
    sealed,
    t: threshold,
    n: shares,
    progress: sealed ? given : 0,
    nonce: '',
    version: apiVersion,
    build_date: '2024-12-16T14:00:53Z',
    migration: false,
    cluster_name: facts.clusterName,
    cluster_id: facts.clusterId,
    recovery_seal: false,
    storage_type: 'claviger',
    claviger_version: facts.software,
  };
}
