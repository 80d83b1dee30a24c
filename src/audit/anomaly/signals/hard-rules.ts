import { type KeyProfile, keySeen } from '../memory/key-profile.ts';
import { principalSeen } from '../memory/principal-profile.ts';
import { isUse, type OperationClass } from '../normal/usage-event.ts';
import { signal, type Sighting, type Signal } from './signal.ts';

/** How long another node may go on with the version that was replaced. */
const replacedGraceMillis = 60_000;

const rareClasses: ReadonlySet<OperationClass> = new Set(['destroy', 'disable', 'policy', 'import']);

/** Whether the principal does this for the first time, or did so only within its probation. What was refused teaches nothing. */
function isFirst({ event, principal, settings, hour, spread, isLearning }: Sighting): boolean {
  const value = spread(event.operation);
  const kind = principalSeen.operation;
  if (event.refusal !== null) return !principal.seen.has(kind, value);
  return principal.seen.note(kind, value, hour, isLearning, settings.dedupeHours) !== 'known';
}

/** What is never right, or so rare that the first time is worth a look. */
export function hardRules(sighting: Sighting, found: Signal[]): void {
  const { event, settings } = sighting;
  if (event.keyId !== null && settings.canaryKeys.has(event.keyId) && event.operation !== 'create')
    found.push(signal('canary', `the canary key ${event.keyId} was touched`, {}));
  refusals(sighting, found);
  environments(sighting, found);
  versions(sighting, found);
  rareActs(sighting, found);
}

function refusals({ event }: Sighting, found: Signal[]): void {
  if (!isUse(event.operation)) return;
  if (event.refusal === 'state')
    found.push(signal('key-not-active', 'use of a key or version whose state forbids it', {}));
  else if (event.refusal === 'purpose')
    found.push(signal('wrong-purpose', `${event.operation} with a key of another purpose`, {}));
}

function environments(sighting: Sighting, found: Signal[]): void {
  const { event, key } = sighting;
  if (!key || !isStranger(sighting, key)) return;
  const home = event.keyEnvironment === null ? 'another environment' : `environment ${event.keyEnvironment}`;
  const about = `a key of ${home} used from environment ${event.environment}`;
  const known = key.seen.size(keySeen.environment);
  const environmentsKnown = event.refusal === null ? known - 1 : known;
  found.push(signal('environment-mismatch', about, { environmentsKnown }));
}

/** Whether the caller's environment is none that the key was known in. The first one of a key is its own, unless the record says another. */
function isStranger({ event, settings, hour, spread, isLearning }: Sighting, key: KeyProfile): boolean {
  const kind = keySeen.environment;
  const value = spread(event.environment);
  const isForeign = event.keyEnvironment !== null && event.keyEnvironment !== event.environment;
  const isFirst = key.seen.size(kind) === 0;
  if (event.refusal !== null)
    return isFirst ? isForeign && !isLearning : !key.seen.has(kind, value) && !isLearning;
  const isTaken = isLearning || (isFirst && !isForeign);
  return key.seen.note(kind, value, hour, isTaken, settings.dedupeHours) !== 'known';
}

function versions({ event, key }: Sighting, found: Signal[]): void {
  const { keyVersion, operation, refusal } = event;
  if (!key || keyVersion === null || refusal !== null) return;
  if (keyVersion > key.newestVersion) {
    key.newestVersion = keyVersion;
    key.newestSince = event.at;
  } else if (
    keyVersion < key.newestVersion &&
    (operation === 'protect' || operation === 'sign') &&
    event.at - key.newestSince > replacedGraceMillis
  ) {
    const about = `${operation} with version ${keyVersion}, which version ${key.newestVersion} replaced`;
    found.push(signal('retired-version', about, { newestVersion: key.newestVersion }));
  }
}

function rareActs(sighting: Sighting, found: Signal[]): void {
  const { event, principal, isLearning, hour } = sighting;
  const { operation, refusal } = event;
  const days = Math.floor((hour - principal.since) / 24);
  if (operation === 'export') {
    // a refused export is one that somebody has no right to; no period of learning makes it usual
    const isRefused = refusal !== null && refusal !== 'house';
    if (isRefused || isFirst(sighting)) {
      const about = isRefused ? 'an export that was refused' : 'the first export by this principal';
      found.push(signal('export-attempt', about, { daysKnown: days }));
    }
  } else if (rareClasses.has(operation) && isFirst(sighting) && !isLearning) {
    const about = `the first operation of class ${operation} by this principal`;
    found.push(signal('first-management', about, { daysKnown: days }));
  }
}
