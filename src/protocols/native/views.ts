import {
  currentVersion,
  factsOf,
  nextRotation,
  originatorEnd,
  recipientEnd,
  type Key,
  type KeyVersion,
} from '#domain';

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function versionView(version: KeyVersion): object {
  return {
    number: version.number,
    state: version.state,
    rotation: version.rotation,
    materialId: version.materialId,
    createdAt: time(version.createdAt),
    activatedAt: time(version.activatedAt),
    protectUntil: time(originatorEnd(version)),
    processUntil: time(recipientEnd(version)),
    operationsMax: version.cryptoPeriod.operationsMax,
    bytesMax: version.cryptoPeriod.bytesMax,
    history: version.history.map((entry) => ({ ...entry, at: time(entry.at) })),
  };
}

/** What stands over the states of the versions, or else the state of the newest. */
function stateOf(key: Key): string {
  if (key.destruction) return 'destruction-scheduled';
  return key.suspendedAt === null ? currentVersion(key).state : 'suspended';
}

/** A key as the API tells it. */
export function keyView(key: Key): object {
  const facts = factsOf(key.spec);
  return {
    id: key.id,
    environment: key.environment,
    region: key.region,
    spec: key.spec,
    usage: key.usage,
    state: stateOf(key),
    currentVersion: currentVersion(key).number,
    owner: key.owner,
    description: key.description,
    tags: key.tags,
    dataClassification: key.dataClassification,
    origin: key.origin,
    tier: key.tier,
    strengthBits: facts.strengthBits,
    quantumCategory: facts.quantumCategory,
    rotation: key.rotation && { periodDays: key.rotation.periodDays, nextAt: time(nextRotation(key)) },
    destruction: key.destruction && {
      requestedAt: time(key.destruction.requestedAt),
      dueAt: time(key.destruction.dueAt),
      waitingDays: key.destruction.waitingDays,
    },
    createdAt: time(key.createdAt),
    createdBy: key.createdBy,
    versions: key.versions.map(versionView),
  };
}
