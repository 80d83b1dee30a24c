import {
  factsOf,
  periodFor,
  rotatesUnseen,
  usualPolicy,
  type AuditEvent,
  type Instant,
  type Key,
  type KeySpec,
  type KeyUsage,
  type KeyVersion,
  type Principal,
} from '#domain';
import type { KeyFacts, Population, PopulationHead, PlacedEvent } from './population.ts';

export const dayMillis = 86_400_000;

/** The moment of made-up populations: 2026-06-01T00:00:00Z. */
export const judgedAt: Instant = Date.UTC(2026, 5, 1);

/** A version as it would have been made, active since `activatedAt`. */
export function versionOf(about: {
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly number?: number;
  readonly activatedAt?: Instant;
}): KeyVersion {
  const { spec, usage, number = 1, activatedAt = judgedAt - 30 * dayMillis } = about;
  return {
    number,
    state: 'active',
    history: [
      { state: 'pre-activation', at: activatedAt, cause: 'generated' },
      { state: 'active', at: activatedAt, cause: 'activated' },
    ],
    createdAt: activatedAt,
    activatedAt,
    cryptoPeriod: periodFor(usualPolicy, {
      spec,
      usage,
      isUnseen: rotatesUnseen({ spec, usage, origin: 'generated' }),
    }),
    materialId: number.toString(16).padStart(64, '0'),
    publicKey: factsOf(spec).asymmetric ? new Uint8Array([0x30, number]) : null,
    rotation: number === 1 ? 'first' : 'automatic',
  };
}

/** An ordinary key without a flaw, but for what is said. */
export function keyOf(about: Partial<Key> & Pick<Key, 'id'>): Key {
  const { spec = 'AES_256', usage = 'encrypt', createdAt = judgedAt - 30 * dayMillis } = about;
  return {
    environment: 'production',
    region: 'default',
    spec,
    usage,
    owner: 'payments',
    description: 'card numbers at rest',
    tags: [],
    dataClassification: 'confidential',
    origin: 'generated',
    tier: 'served',
    policy: '{}',
    rotation: null,
    suspendedAt: null,
    destruction: null,
    createdAt,
    createdBy: 'admin',
    versions: [versionOf({ spec, usage, activatedAt: createdAt })],
    revision: 1,
    ...about,
  };
}

/** All that is known of a key, which is nothing but what is said. */
export function factsOfKey(key: Key, about: Partial<Omit<KeyFacts, 'key'>> = {}): KeyFacts {
  return {
    key,
    names: [],
    lastUse: null,
    uses: [],
    counts: [],
    copies: [],
    destruction: null,
    sameMaterial: [],
    wrappedBy: [],
    ...about,
  };
}

export function principalOf(about: Partial<Principal> & Pick<Principal, 'name'>): Principal {
  return {
    id: `id-of-${about.name}`,
    environment: 'production',
    kind: 'service',
    roles: ['user'],
    createdAt: judgedAt - 400 * dayMillis,
    disabled: false,
    ...about,
  };
}

export function headOf(about: Partial<PopulationHead> = {}): PopulationHead {
  return {
    format: 'claviger-population/1',
    at: judgedAt,
    software: 'claviger 0.0.0',
    environments: [
      {
        name: 'production',
        accountId: '000000000001',
        createdAt: judgedAt - 400 * dayMillis,
        periodPolicy: usualPolicy,
        kekGeneration: 1,
      },
    ],
    principals: [{ principal: principalOf({ name: 'payments' }), credentials: [] }],
    root: 'file',
    fips: null,
    copies: [],
    attestations: [],
    quorum: [],
    log: { node: 'node-1', origin: 'claviger/node-1', size: 0, root: '0'.repeat(64) },
    ...about,
  };
}

/** An event as the runner records one, but for what is said. */
export function eventOf(about: Partial<AuditEvent> & Pick<AuditEvent, 'id' | 'operation'>): AuditEvent {
  return {
    at: judgedAt - 30 * dayMillis,
    node: 'node-1',
    environment: 'production',
    principal: 'admin',
    outcome: 'success',
    reason: null,
    keyId: null,
    keyVersion: null,
    otherKeyId: null,
    protocol: 'native',
    protocolOperation: about.operation,
    region: 'default',
    sourceAddress: '127.0.0.1',
    userAgent: 'test',
    contextDigest: null,
    facts: null,
    ...about,
  };
}

/** A population of what is given, in pages of two. */
export function populationOf(
  head: PopulationHead,
  keys: readonly KeyFacts[],
  events: readonly PlacedEvent[] = [],
): Population {
  async function* pagesOf<T>(all: readonly T[]): AsyncIterable<readonly T[]> {
    for (let at = 0; at < all.length; at += 2) yield all.slice(at, at + 2);
  }
  return { head, keys: () => pagesOf(keys), events: () => pagesOf(events) };
}
