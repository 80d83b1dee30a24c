import {
  currentVersion,
  factsOf,
  originatorEnd,
  purposeOf,
  recipientEnd,
  type Instant,
  type Key,
  type PurposeClass,
} from '#domain';
import type { KeyFacts } from '../population.ts';
import { quantumReadiness } from './quantum.ts';
import { effectiveStrength, type WrapNode } from './strength.ts';

/** A key as the inventory shows it; times are ISO 8601, null where there is none. It holds no material. */
export type InventoryRow = {
  readonly kind: 'key';
  readonly id: string;
  readonly names: readonly string[];
  readonly environment: string;
  readonly region: string;
  readonly owner: string;
  readonly purpose: PurposeClass;
  readonly usage: string;
  readonly dataClassification: string;
  readonly description: string;
  /** E.g. `aes`, `rsa`. */
  readonly algorithm: string;
  readonly spec: string;
  /** Bits of the key, or of its curve; null: sizes of its kind are not told in bits. */
  readonly sizeBits: number | null;
  readonly strengthBits: number;
  /** What the keys leave of it under which it was wrapped. */
  readonly effectiveStrengthBits: number;
  readonly quantumReady: boolean;
  readonly quantumCategory: number;
  /** Ids of transition rules that concern it. */
  readonly quantumRules: readonly string[];
  readonly tier: string;
  readonly origin: string;
  readonly exportable: boolean;
  /** Of the newest version. */
  readonly state: string;
  readonly version: number;
  /** The policy of its environment lets keys of its spec protect nothing. */
  readonly stopped: boolean;
  /** How many versions still have material. */
  readonly liveVersions: number;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly activatedAt: string | null;
  readonly protectUntil: string | null;
  readonly protectSecondsLeft: number | null;
  readonly processUntil: string | null;
  /** Null: no bound. */
  readonly operationsLeft: number | null;
  readonly bytesLeft: number | null;
  readonly rotationDays: number | null;
  readonly destructionDueAt: string | null;
  readonly lastUseAt: string | null;
  readonly lastUseOperation: string | null;
  readonly lastUsePrincipal: string | null;
  /** Principals that used it, ordered; the first ones. */
  readonly users: readonly string[];
  /** Registered exports that nobody said are destroyed. */
  readonly copies: number;
  /** When a drill last recovered it from a backup. */
  readonly provenRecoverableAt: string | null;
  readonly wrappedBy: readonly string[];
  /** Other environments in which the same material is. */
  readonly alsoIn: readonly string[];
};

const textMax = 20;

const time = (at: Instant | null | undefined): string | null =>
  at === null || at === undefined || !Number.isFinite(at) || Math.abs(at) > 8.64e15
    ? null
    : new Date(at).toISOString();

const curveBits: Readonly<Record<string, number>> = Object.freeze({
  CHACHA20: 256,
  EC_P256: 256,
  EC_P384: 384,
  EC_P521: 521,
  EC_SECP256K1: 256,
  ED25519: 256,
  ED448: 456,
  X25519: 256,
});

/** Bits of a key; null for kinds whose sizes are not told so. */
export function sizeBitsOf({ spec, materialBytes }: Pick<Key, 'spec' | 'materialBytes'>): number | null {
  if (materialBytes !== undefined) return materialBytes * 8;
  const known = curveBits[spec];
  if (known !== undefined) return known;
  const { family } = factsOf(spec);
  if (family !== 'aes' && family !== 'rsa' && family !== 'hmac' && family !== 'derivation') return null;
  const bits = Number(/_([0-9]+)$/.exec(spec)?.[1]);
  return Number.isSafeInteger(bits) && bits > 0 ? bits : null;
}

const left = (max: number | null, used: number): number | null =>
  max === null ? null : Math.max(0, max - used);

const unknownNode = (): WrapNode | null => null;

/** The row of a key at a moment. */
export function inventoryRow(
  facts: KeyFacts,
  now: Instant,
  nodeOf: (keyId: string) => WrapNode | null = unknownNode,
): InventoryRow {
  const { key, lastUse, wrappedBy } = facts;
  const version = currentVersion(key);
  const spec = factsOf(key.spec);
  const quantum = quantumReadiness(key.spec);
  const counts = facts.counts.find((count) => count.version === version.number) ?? {
    operations: 0,
    bytes: 0,
  };
  const end = originatorEnd(version);
  const users = [...new Set(facts.uses.map(({ principal }) => principal))].sort();
  return {
    kind: 'key',
    id: key.id,
    names: facts.names.slice(0, textMax),
    environment: key.environment,
    region: key.region,
    owner: key.owner,
    purpose: purposeOf(key),
    usage: key.usage,
    dataClassification: key.dataClassification,
    description: key.description,
    algorithm: spec.family,
    spec: key.spec,
    sizeBits: sizeBitsOf(key),
    strengthBits: spec.strengthBits,
    effectiveStrengthBits: effectiveStrength({ spec: key.spec, wrappedBy }, nodeOf),
    quantumReady: quantum.isReady,
    quantumCategory: quantum.category,
    quantumRules: quantum.rules,
    tier: key.tier,
    origin: key.origin,
    exportable: key.exportable ?? false,
    state: version.state,
    version: version.number,
    stopped: key.periodTerms?.stops === true,
    liveVersions: key.versions.filter(({ state }) => !state.startsWith('destroyed')).length,
    createdAt: time(key.createdAt) ?? '',
    createdBy: key.createdBy,
    activatedAt: time(version.activatedAt),
    protectUntil: time(end),
    protectSecondsLeft: end === null ? null : Math.max(0, Math.floor((end - now) / 1000)),
    processUntil: time(recipientEnd(version)),
    operationsLeft: left(version.cryptoPeriod.operationsMax, counts.operations),
    bytesLeft: left(version.cryptoPeriod.bytesMax, counts.bytes),
    rotationDays: key.rotation?.periodDays ?? null,
    destructionDueAt: time(key.destruction?.dueAt),
    lastUseAt: time(lastUse?.at),
    lastUseOperation: lastUse?.operation ?? null,
    lastUsePrincipal: lastUse?.principal ?? null,
    users: users.slice(0, textMax),
    copies: facts.copies.filter(({ status }) => status !== 'destroyed').length,
    provenRecoverableAt: time(key.provenRecoverableAt),
    wrappedBy: wrappedBy.slice(0, textMax),
    alsoIn: [...new Set(facts.sameMaterial.map(({ environment }) => environment))]
      .filter((environment) => environment !== key.environment)
      .sort(),
  };
}
