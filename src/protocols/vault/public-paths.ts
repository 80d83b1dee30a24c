import type { HttpResponse } from '#ports';
import type { VaultRequest } from './read-request.ts';

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
};

/** The version of Vault whose API this is: clients switch on features by it. */
export const apiVersion = '1.18.3';
const headers = Object.freeze({ 'content-type': 'application/json', 'cache-control': 'no-store' });

function json(status: number, body: object, isHead: boolean): HttpResponse {
  return { status, headers, body: isHead ? '' : JSON.stringify(body) };
}

function status(query: VaultRequest['query'], name: string, usual: number): number {
  const wanted = Number(query[name]);
  return Number.isInteger(wanted) && wanted >= 200 && wanted <= 599 ? wanted : usual;
}

function health(facts: ServerFacts, { query, isHead }: VaultRequest): HttpResponse {
  const { initialized, sealed } = facts.state();
  const code = !initialized
    ? status(query, 'uninitcode', 501)
    : sealed
      ? status(query, 'sealedcode', 503)
      : status(query, 'activecode', 200);
  return json(
    code,
    {
      initialized,
      sealed,
      standby: false,
      performance_standby: false,
      replication_performance_mode: 'disabled',
      replication_dr_mode: 'disabled',
      server_time_utc: Math.floor(facts.now() / 1000),
      version: apiVersion,
      enterprise: false,
      cluster_name: facts.clusterName,
      cluster_id: facts.clusterId,
      echo_duration_ms: 0,
      clock_skew_ms: 0,
      claviger_version: facts.software,
    },
    isHead,
  );
}

/** What Vault calls the kinds of roots. */
const sealTypes: Readonly<Record<string, string>> = Object.freeze({
  __proto__: null as never,
  'aws-kms': 'awskms',
  file: 'static',
  passphrase: 'static',
});

/** `sys/seal-status`, also the answer to a share. */
export function sealStatus(facts: ServerFacts): Readonly<Record<string, unknown>> {
  const { initialized, sealed } = facts.state();
  const { kind, shares, threshold } = facts.seal;
  return {
    type: sealTypes[kind] ?? kind,
    initialized,
    sealed,
    t: threshold,
    n: shares,
    progress: 0,
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

function leader(): object {
  return {
    ha_enabled: false,
    is_self: true,
    active_time: '0001-01-01T00:00:00Z',
    leader_address: '',
    leader_cluster_address: '',
    performance_standby: false,
    performance_standby_last_remote_wal: 0,
  };
}

/** What needs no token; null: it is not such a path. */
export async function publicAnswer(facts: ServerFacts, read: VaultRequest): Promise<HttpResponse | null> {
  if (!read.path.startsWith('sys/') || read.verb !== 'read') return null;
  switch (read.path) {
    case 'sys/health':
      return health(facts, read);
    case 'sys/seal-status':
      return json(200, sealStatus(facts), read.isHead);
    case 'sys/leader':
      return json(200, leader(), read.isHead);
    case 'sys/init':
      return json(200, { initialized: facts.state().initialized }, read.isHead);
    default:
      return null;
  }
}
