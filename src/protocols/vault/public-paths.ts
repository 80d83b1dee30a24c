import type { HttpResponse } from '#ports';
import type { VaultRequest } from './read-request.ts';
import { apiVersion, json, sealStatus, type ServerFacts } from './server-facts.ts';
import { custodianAnswer } from './unseal-paths.ts';

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
export async function publicAnswer(
  facts: ServerFacts,
  read: VaultRequest,
  address: string,
): Promise<HttpResponse | null> {
  const told = await custodianAnswer(facts, read, address);
  if (told || read.verb !== 'read') return told;
  switch (read.path) {
    case 'sys/health':
      return health(facts, read);
    case 'sys/seal-status':
      return json(200, await sealStatus(facts), read.isHead);
    case 'sys/leader':
      return json(200, leader(), read.isHead);
    case 'sys/init':
      return json(200, { initialized: facts.state().initialized }, read.isHead);
    default:
      return null;
  }
}
