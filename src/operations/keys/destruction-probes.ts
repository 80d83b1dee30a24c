import { mac, randomBytes, sha256Hex, verifyMac } from '#crypto';
import {
  ClavigerError,
  hasCode,
  StopError,
  type AlgorithmName,
  type Destruction,
  type DestructionCheck,
  type DestructionProbe,
  type ErrorCode,
  type Instant,
  type Key,
  type KeyVersion,
} from '#domain';
import { algorithmOr, present } from '../define.ts';
import type { House } from '../house.ts';
import type { OpenedKey } from '../key-cache.ts';
import type { CheckedKey } from '../operation.ts';
import { materialOf, openUnder, sealUnder } from './sealing.ts';

const probeBytes = 32;
const nothing = new Uint8Array(0);
const nothingToMake = { algorithm: null, made: null, of: null } as const;

// a probe is one use more than the crypto-period counts, of a version that protects nothing else any more
function targetOf(opened: OpenedKey, version: KeyVersion, algorithm: AlgorithmName | null): CheckedKey {
  return { key: opened.key, version, opened, algorithm, context: nothing };
}

/** What may keep a version from being opened today, and not tomorrow. */
function mayPass(error: unknown): boolean {
  return !(error instanceof StopError) && !hasCode(error, 'key-destroyed');
}

async function makeProbe(
  house: House,
  opened: OpenedKey,
  version: KeyVersion,
): Promise<Omit<DestructionProbe, 'version'>> {
  const { usage } = opened.key;
  if (version.device) return { kind: 'device', ...nothingToMake };
  if (usage !== 'encrypt' && usage !== 'mac') return { kind: 'material', ...nothingToMake };
  await opened.open(version.number);
  const algorithm = present(algorithmOr(null, opened.key, usage, house.fips !== null));
  const target = targetOf(opened, version, algorithm);
  const value = randomBytes(probeBytes);
  if (usage === 'mac') {
    const code = mac(algorithm, materialOf(target), value);
    const made = Buffer.from(code).toString('base64');
    return { kind: 'code', algorithm, made, of: Buffer.from(value).toString('hex') };
  }
  const made = Buffer.from(await sealUnder(target, algorithm, value)).toString('base64');
  const of = sha256Hex(value);
  value.fill(0);
  return { kind: 'ciphertext', algorithm, made, of };
}

/**
 * What will show that each version is gone: a ciphertext or a code of a random value, by the road on which clients get theirs.
 * Where a version can't be opened for good there is nothing that only it opens. What may pass is thrown, unless `isPatient` is false:
 * a root that never comes back must not keep a key alive.
 */
export async function makeProbes(
  house: House,
  opened: OpenedKey,
  isPatient: boolean,
): Promise<readonly DestructionProbe[]> {
  const probes: DestructionProbe[] = [];
  for (const version of opened.key.versions) {
    try {
      probes.push({ version: version.number, ...(await makeProbe(house, opened, version)) });
    } catch (error) {
      if (mayPass(error) && (isPatient || hasCode(error, 'store-unavailable'))) throw error;
      probes.push({ version: version.number, kind: 'material', ...nothingToMake });
    }
  }
  return probes;
}

/** Errors that say that the version does not open; every other one says nothing of it. */
const closed: readonly ErrorCode[] = [
  'key-destroyed',
  'integrity-failed',
  'ciphertext-invalid',
  'mac-invalid',
];

/** Opens what a version made, by the road on which clients have theirs opened. */
async function openProbe(opened: OpenedKey, version: KeyVersion, probe: DestructionProbe): Promise<void> {
  await opened.open(version.number);
  const { algorithm, made, of } = probe;
  if (algorithm === null || made === null || of === null) return;
  const target = targetOf(opened, version, algorithm);
  const bytes = Buffer.from(made, 'base64');
  if (probe.kind === 'code') {
    if (verifyMac(algorithm, materialOf(target), Buffer.from(of, 'hex'), bytes)) return;
    throw new ClavigerError('mac-invalid', 'The code is of another key.');
  }
  const value = await openUnder(target, algorithm, bytes);
  const isSame = sha256Hex(value) === of;
  value.fill(0);
  if (!isSame) throw new ClavigerError('ciphertext-invalid', 'The ciphertext holds something else.');
}

async function opensProbe(opened: OpenedKey, version: KeyVersion, probe: DestructionProbe): Promise<boolean> {
  try {
    await openProbe(opened, version, probe);
    return true;
  } catch (error) {
    if (!closed.some((code) => hasCode(error, code))) throw error;
    // where the material came out, that alone is too much
    return opened.peek(version.number) !== undefined;
  }
}

async function isInDevice(house: House, { device: place }: KeyVersion): Promise<boolean> {
  const device = house.devices?.device;
  if (!place || !device || device.describe().id !== place.id) {
    throw new ClavigerError(
      'root-unavailable',
      `The device ${place?.id ?? ''} is not the configured one: nobody can look there for a destroyed key.`,
    );
  }
  return (await device.labels(place.label)).includes(place.label);
}

const methods: Readonly<Record<DestructionProbe['kind'], DestructionCheck['method']>> = Object.freeze({
  ciphertext: 'known-ciphertext',
  code: 'known-ciphertext',
  device: 'device-search',
  material: 'material-absent',
});

/** What a version without a probe is asked: keys that a restore destroyed have none. */
function probeOf({ probes }: Destruction, { number, device }: KeyVersion): DestructionProbe {
  const known = probes.find(({ version }) => version === number);
  return known ?? { version: number, kind: device ? 'device' : 'material', ...nothingToMake };
}

/**
 * Looks, version by version, whether anything of a destroyed key still opens on this node. What was left of its material or of its shred
 * secret counts as open: a copy elsewhere could be opened with it. Rejects where it can't be told.
 */
export async function lookFor(
  house: House,
  key: Key,
  destruction: Destruction,
  now: Instant,
): Promise<readonly DestructionCheck[]> {
  // what is in the memory of this node goes first
  house.drop([`key:${key.id}`]);
  const opened = present(await house.keys.load(key.id));
  const stored = present(await house.store.key(key.id));
  const hasSecret = await house.hierarchy.hasShredSecret(key.id);
  const checks: DestructionCheck[] = [];
  for (const version of opened.key.versions) {
    const probe = probeOf(destruction, version);
    const isLeft = hasSecret || stored.materials.some((left) => left.version === version.number);
    const opens = version.device
      ? await isInDevice(house, version)
      : (await opensProbe(opened, version, probe)) || isLeft;
    const method = methods[probe.kind];
    checks.push({ node: house.log.node, at: now, method, version: version.number, opens });
  }
  return checks;
}
