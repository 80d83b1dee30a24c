import {
  ClavigerError,
  currentVersion,
  isDestroyed,
  requirePurpose,
  requireUsableVersion,
  versionOf,
  type AlgorithmName,
  type Key,
  type KeyVersion,
} from '#domain';
import { canonicalContext } from './context.ts';
import type { House } from './house.ts';
import type { OpenedKey } from './key-cache.ts';
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

/** The id that a reference stands for in the caller's environment. */
async function idOf(house: House, caller: Caller, reference: KeyReference): Promise<string> {
  if (reference.accountId !== undefined && reference.accountId !== caller.accountId) {
    //= design 3: an environment is a wall
    throw new ClavigerError('access-denied', 'The key belongs to another account.');
  }
  if (reference.region !== undefined && reference.region !== caller.region) throw notFound(reference);
  if (reference.kind === 'id') return reference.id;
  const { environment } = caller.principal;
  const cached = house.keys.peekName(environment, caller.region, reference.name);
  if (cached !== undefined) return cached;
  const id = await house.keys.loadName(environment, caller.region, reference.name);
  if (id === null) throw notFound(reference);
  return id;
}

function livesElsewhere(key: Key, caller: Caller): boolean {
  if (key.environment !== caller.principal.environment) return true;
  return caller.region !== anyRegion && key.region !== caller.region;
}

/** Finds the key that a reference names, in the caller's environment. */
export async function findKey(house: House, caller: Caller, reference: KeyReference): Promise<OpenedKey> {
  const id = await idOf(house, caller, reference);
  const opened = house.keys.peek(id) ?? (await house.keys.load(id));
  if (!opened || livesElsewhere(opened.key, caller)) throw notFound(reference);
  return opened;
}

/** The condition of a key as a whole. */
function conditionOf(key: Key): KeyCondition {
  const { state } = currentVersion(key);
  if (isDestroyed(state)) return 'destroyed';
  if (key.destruction) return 'destruction-scheduled';
  return key.suspendedAt === null ? 'usable' : 'suspended';
}

function requireCondition<I>(key: Key, rule: TargetRule<I>): void {
  const condition = conditionOf(key);
  if (rule.conditions.includes(condition)) return;
  if (condition === 'destroyed') throw new ClavigerError('key-destroyed', `Key ${key.id} is destroyed.`);
  if (condition === 'suspended') throw new ClavigerError('key-suspended', `Key ${key.id} is disabled.`);
  if (condition === 'destruction-scheduled') {
    throw new ClavigerError('key-destruction-scheduled', `Key ${key.id} is pending deletion.`);
  }
  throw new ClavigerError('key-state-forbids', `Key ${key.id} is in use: this needs another state.`, {
    details: { state: currentVersion(key).state },
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

/** Checks a key that was found and allowed against its rule: condition, purpose, state and crypto-period. */
export function checkKey<I>(opened: OpenedKey, rule: TargetRule<I>, input: I, now: number): CheckedKey {
  const { key } = opened;
  requireCondition(key, rule);
  const version = versionFor(key, rule, input);
  const algorithm: AlgorithmName | null = rule.algorithm?.(input, key) ?? null;
  if (rule.usage) requirePurpose(key, rule.usage, algorithm);
  if (rule.act === 'protect' || rule.act === 'process') requireUsableVersion(key, version, rule.act, now);
  const context = rule.context?.(input) ?? null;
  return { key, version, opened, algorithm, context: context ? canonicalContext(context) : nothing };
}
