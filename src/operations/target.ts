import {
  ClavigerError,
  currentVersion,
  isDestroyed,
  lacksMaterial,
  requireAlgorithm,
  requireApproved,
  requireApprovedSpec,
  requireUsableVersion,
  requireUsage,
  versionOf,
  type AlgorithmName,
  type Instant,
  type Key,
  type KeyVersion,
} from '#domain';
import { canonicalContext } from './context.ts';
import type { House } from './house.ts';
import { allRegions, type OpenedKey } from './key-cache.ts';
import {
  anyRegion,
  type Caller,
  type CheckedKey,
  type KeyCondition,
  type KeyReference,
  type TargetRule,
} from './operation.ts';

const nothing = new Uint8Array(0);

function notFound(reference: KeyReference): ClavigerError {
  if (reference.kind === 'name') {
    return new ClavigerError('name-not-found', `There is no key named ${reference.name}.`, {
      details: { name: reference.name },
    });
  }
  if (reference.fromCiphertext) {
    return new ClavigerError(
      'access-denied',
      'The ciphertext names a key that does not exist or may not be used.',
    );
  }
  return new ClavigerError('key-not-found', `There is no key ${reference.id}.`, {
    details: { id: reference.id },
  });
}

/** Refuses a reference to another account or region than the caller's. */
function requireNear(caller: Caller, reference: KeyReference): void {
  if (reference.accountId !== undefined && reference.accountId !== caller.accountId) {
    //= design 3: an environment is a wall
    throw new ClavigerError('access-denied', 'The key belongs to another account.', {
      details: { accountId: reference.accountId },
    });
  }
  if (reference.region !== undefined && reference.region !== caller.region) {
    throw new ClavigerError(
      'key-not-found',
      `This is the region ${caller.region}, not ${reference.region}.`,
      {
        details: { region: reference.region },
      },
    );
  }
}

function regionOf(caller: Caller): string {
  return caller.seesAllRegions ? allRegions : caller.region;
}

function livesElsewhere(key: Key, caller: Caller): boolean {
  if (key.environment !== caller.principal.environment) return true;
  return caller.seesAllRegions !== true && caller.region !== anyRegion && key.region !== caller.region;
}

function requireFound(opened: OpenedKey | null, caller: Caller, reference: KeyReference): OpenedKey {
  if (!opened || livesElsewhere(opened.key, caller)) throw notFound(reference);
  return opened;
}

/** Finds the key that a reference names, in the caller's environment: at once where it is cached. */
export function findKey(
  house: House,
  caller: Caller,
  reference: KeyReference,
): OpenedKey | Promise<OpenedKey> {
  requireNear(caller, reference);
  const { environment } = caller.principal;
  const id =
    reference.kind === 'id'
      ? reference.id
      : house.keys.peekName(environment, regionOf(caller), reference.name);
  const opened = id === undefined ? undefined : house.keys.peek(id);
  return opened ? requireFound(opened, caller, reference) : loadKey(house, caller, reference);
}

async function loadKey(house: House, caller: Caller, reference: KeyReference): Promise<OpenedKey> {
  const { environment } = caller.principal;
  const id =
    reference.kind === 'id'
      ? reference.id
      : await house.keys.loadName(environment, regionOf(caller), reference.name);
  const opened = id === null ? null : (house.keys.peek(id) ?? (await house.keys.load(id)));
  return requireFound(opened, caller, reference);
}

/** The condition of a key as a whole. */
function conditionOf(key: Key, now: Instant): KeyCondition {
  const { state } = currentVersion(key);
  if (isDestroyed(state)) return 'destroyed';
  if (key.destruction) return 'destruction-scheduled';
  if (lacksMaterial(key, now)) return 'lacking-material';
  return key.suspendedAt === null ? 'usable' : 'suspended';
}

function requireExisting<I>(key: Key, condition: KeyCondition, rule: TargetRule<I>): void {
  if (condition !== 'destroyed' || rule.conditions.includes('destroyed')) return;
  throw new ClavigerError('key-destroyed', `Key ${key.id} is destroyed.`, { details: { id: key.id } });
}

function requireCondition<I>(key: Key, condition: KeyCondition, rule: TargetRule<I>): void {
  if (rule.conditions.includes(condition)) return;
  const details = { id: key.id, state: currentVersion(key).state };
  // what needs a scheduled destruction is not mended by enabling the key
  if (condition === 'suspended' && rule.conditions.includes('usable')) {
    throw new ClavigerError('key-suspended', `Key ${key.id} is disabled.`, { details });
  }
  if (condition === 'destruction-scheduled') {
    throw new ClavigerError('key-destruction-scheduled', `Key ${key.id} is pending deletion.`, { details });
  }
  if (condition === 'lacking-material') {
    throw new ClavigerError('key-lacks-material', `Key ${key.id} has no material: import it.`, { details });
  }
  throw new ClavigerError('key-state-forbids', `Key ${key.id} is ${condition}: this needs another state.`, {
    details,
  });
}

function versionFor<I>(key: Key, rule: TargetRule<I>, input: I): KeyVersion {
  const wanted = rule.version?.(input) ?? null;
  if (wanted === null) return currentVersion(key);
  const version = versionOf(key, wanted);
  if (version) return version;
  const reference = rule.reference(input);
  if (reference.kind === 'id' && reference.fromCiphertext) {
    throw new ClavigerError('ciphertext-invalid', 'The ciphertext names a version that its key never had.');
  }
  throw new ClavigerError('key-not-found', `Key ${key.id} has no version ${wanted}.`, {
    details: { id: key.id, version: wanted },
  });
}

function requireApprovedUse(key: Key, algorithm: AlgorithmName | null, act: 'protect' | 'process'): void {
  requireApprovedSpec(key.spec, 'use');
  if (algorithm) requireApproved(algorithm, act);
}

/** Checks a key that was found and allowed against its rule: purpose, condition, algorithm, state and crypto-period. */
export function checkKey<I>(
  opened: OpenedKey,
  rule: TargetRule<I>,
  input: I,
  { now, approvedOnly }: { readonly now: number; readonly approvedOnly: boolean },
): CheckedKey {
  const { key } = opened;
  const condition = conditionOf(key, now);
  requireExisting(key, condition, rule);
  const usage = typeof rule.usage === 'function' ? rule.usage(input, key) : rule.usage;
  if (usage) requireUsage(key, usage);
  requireCondition(key, condition, rule);
  const version = versionFor(key, rule, input);
  const algorithm: AlgorithmName | null = rule.algorithm?.(input, key, approvedOnly) ?? null;
  if (usage && rule.algorithm) requireAlgorithm(key, usage, algorithm);
  if (rule.act === 'protect' || rule.act === 'process') {
    if (!rule.eachVersion) requireUsableVersion(key, version, rule.act, now);
    if (approvedOnly) requireApprovedUse(key, algorithm, rule.act);
  }
  const context = rule.context?.(input) ?? null;
  return { key, version, opened, algorithm, context: context ? canonicalContext(context) : nothing };
}
