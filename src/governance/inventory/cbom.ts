import { createHash } from 'node:crypto';
import { algorithmsFor, factsOf, keySpecNames, keyUsages, type KeySpec, type KeyUsage } from '#domain';
import { algorithmComponent, algorithmRef } from './cbom-algorithms.ts';
import type { InventoryRow } from './row.ts';

/** What a bill of materials says of itself. */
export type CbomHead = {
  readonly environment: string;
  /** ISO 8601. */
  readonly at: string;
  /** Name and version of the program. */
  readonly software: string;
};

const specs: ReadonlySet<string> = new Set(keySpecNames);
const usages: ReadonlySet<string> = new Set(keyUsages);

/** The spec and usage of a row, where a key can have both; the row may come from another program. */
function offerOf(row: InventoryRow): { readonly spec: KeySpec; readonly usage: KeyUsage } | null {
  if (!specs.has(row.spec) || !usages.has(row.usage)) return null;
  const offer = { spec: row.spec as KeySpec, usage: row.usage as KeyUsage };
  return algorithmsFor(offer.spec, offer.usage).length > 0 ? offer : null;
}

/** The namespace of properties that CycloneDX has no field for. */
const namespace = 'claviger';

type Property = { readonly name: string; readonly value: string };

function properties(row: InventoryRow): Property[] {
  const said: Readonly<Record<string, string | number | boolean | null | readonly string[]>> = {
    owner: row.owner,
    purpose: row.purpose,
    usage: row.usage,
    environment: row.environment,
    region: row.region,
    'data-classification': row.dataClassification,
    tier: row.tier,
    origin: row.origin,
    exportable: row.exportable,
    state: row.state,
    version: row.version,
    stopped: row.stopped,
    'strength-bits': row.strengthBits,
    'effective-strength-bits': row.effectiveStrengthBits,
    'quantum-ready': row.quantumReady,
    'quantum-rules': row.quantumRules,
    'crypto-period:protect-until': row.protectUntil,
    'crypto-period:process-until': row.processUntil,
    'crypto-period:operations-left': row.operationsLeft,
    'crypto-period:bytes-left': row.bytesLeft,
    'rotation-days': row.rotationDays,
    'destruction-due-at': row.destructionDueAt,
    'created-by': row.createdBy,
    'last-use:at': row.lastUseAt,
    'last-use:operation': row.lastUseOperation,
    'last-use:principal': row.lastUsePrincipal,
    users: row.users,
    copies: row.copies,
    'wrapped-by': row.wrappedBy,
    names: row.names,
  };
  return Object.entries(said).flatMap(([name, value]) => {
    if (value === null || (typeof value === 'object' && value.length === 0)) return [];
    const values = typeof value === 'object' ? value : [String(value)];
    return values.map((each) => ({ name: `${namespace}:${name}`, value: each.toWellFormed() }));
  });
}

/** CycloneDX has no state for a destroyed key that was compromised. */
const stateOf = (state: string): string => (state === 'destroyed-compromised' ? 'destroyed' : state);

/** The component of a key. It never has a `value`. */
//= cyclonedx-1.7 cryptoProperties.relatedCryptoMaterialProperties
export function keyComponent(row: InventoryRow): object {
  const offer = offerOf(row);
  const isPair = offer !== null && factsOf(offer.spec).asymmetric;
  return {
    type: 'cryptographic-asset',
    'bom-ref': `key:${row.id}`,
    name: (row.names[0] ?? row.id).toWellFormed(),
    ...(row.description === '' ? {} : { description: row.description.toWellFormed() }),
    cryptoProperties: {
      assetType: 'related-crypto-material',
      relatedCryptoMaterialProperties: {
        type: isPair ? 'private-key' : 'secret-key',
        id: row.id,
        state: stateOf(row.state),
        creationDate: row.createdAt,
        ...(row.activatedAt === null ? {} : { activationDate: row.activatedAt }),
        ...(row.protectUntil === null ? {} : { expirationDate: row.protectUntil }),
        ...(row.sizeBits === null ? {} : { size: row.sizeBits }),
        securedBy: { mechanism: row.tier === 'hsm' ? 'HSM' : 'Software' },
        ...(offer === null
          ? {}
          : {
              relatedCryptographicAssets: [{ type: 'algorithm', ref: algorithmRef(offer.spec, offer.usage) }],
            }),
      },
    },
    properties: properties(row),
  };
}

/** A UUID that is a function of what it names. */
function serialOf(head: CbomHead): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([head.environment, head.at, head.software]))
    .digest('hex');
  const variant = ((Number.parseInt(hash[16] ?? '0', 16) & 3) | 8).toString(16);
  return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

/**
 * The rows as a CycloneDX 1.7 cryptographic bill of materials, in pieces of text: the same rows give the same bytes, and no more
 * than one row is in memory. Algorithms stand behind the keys that refer to them.
 */
export async function* cbomOf(head: CbomHead, rows: AsyncIterable<InventoryRow>): AsyncGenerator<string> {
  const [name, version] = head.software.split(' ');
  const opening = {
    $schema: 'http://cyclonedx.org/schema/bom-1.7.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.7',
    serialNumber: serialOf(head),
    version: 1,
    metadata: {
      timestamp: head.at,
      tools: {
        components: [{ type: 'application', name: name ?? head.software, ...(version ? { version } : {}) }],
      },
      component: { type: 'application', 'bom-ref': 'environment', name: `keys of ${head.environment}` },
    },
  };
  yield `${JSON.stringify(opening).slice(0, -1)},"components":[`;
  let comma = '\n';
  const used = new Map<string, { readonly spec: KeySpec; readonly usage: KeyUsage }>();
  for await (const row of rows) {
    const offer = offerOf(row);
    if (offer) used.set(algorithmRef(offer.spec, offer.usage), offer);
    yield `${comma}${JSON.stringify(keyComponent(row))}`;
    comma = ',\n';
  }
  for (const [, { spec, usage }] of [...used].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield `${comma}${JSON.stringify(algorithmComponent(spec, usage))}`;
    comma = ',\n';
  }
  yield '\n]}\n';
}
