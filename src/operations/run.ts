import { authorize } from './authorization.ts';
import { ClavigerError, hasCode, type AuditEvent, type Instant, type Principal } from '#domain';
import { newId } from '#crypto';
import { commitRecorded } from './commit.ts';
import type { House } from './house.ts';
import type { OpenedKey } from './key-cache.ts';
import {
  anyRegion,
  type Caller,
  type CheckedKey,
  type Door,
  type Operation,
  type Outcome,
  type TargetRule,
} from './operation.ts';
import { asClavigerError, outcomeOf, recordOf } from './record.ts';
import type { Approved } from './quorum/ask.ts';
import { requireApproved, withApproval } from './quorum/spend.ts';
import { checkKey, findKey } from './target.ts';

type Run<I, O> = {
  readonly house: House;
  readonly operation: Operation<I, O>;
  readonly caller: Caller;
  readonly input: I;
  /** False for the house's own scheduled work: no principal is asked. */
  readonly asked: boolean;
};

/** What a run has come across so far; its record is made of it, also when it fails. */
type Seen = {
  readonly keys: CheckedKey[];
  /** The key that was found last, also where it was then refused. */
  keyId: string | null;
  /** A commit was begun: whether it holds may be unknown when it fails. */
  committing: boolean;
  /** The digest whose approvals were used up before the operation acted. */
  spent: string | null;
};

/** The one door to keys: every protocol, and the house itself, go through this runner. */
export function createDoor(house: House): Door {
  return {
    run: (operation, caller, input) => runRecorded({ house, operation, caller, input, asked: true }),
    async runAsSystem(operation, environment, input) {
      const caller = await systemCaller(house, environment);
      return runRecorded({ house, operation, caller, input, asked: false });
    },
  };
}

const attemptsMax = 10;

async function runRecorded<I, O>(run: Run<I, O>): Promise<O> {
  const startedAt = performance.now();
  const { house, operation, caller } = run;
  const seen: Seen = { keys: [], keyId: null, committing: false, spent: null };
  let outcome: Outcome<O> | null = null;
  try {
    house.log.requireWritable();
    outcome = await perform(run, seen);
    for (let attempt = 1; !(await isDurable(run, seen, outcome, attempt)); attempt += 1) {
      operation.discard?.(outcome.output);
      outcome = await perform(run, seen);
    }
    if (outcome.afterwards) await outcome.afterwards();
    house.observer.done(operation.name, caller.protocol, 'success', performance.now() - startedAt);
    return outcome.output;
  } catch (thrown) {
    if (outcome) operation.discard?.(outcome.output);
    const error = asClavigerError(thrown);
    house.observer.done(operation.name, caller.protocol, error.code, performance.now() - startedAt);
    if (outcomeOf(error.code) === 'failed') house.observer.failed?.(caller.requestId, operation.name, error);
    await recordFailure(run, seen, error);
    throw error;
  }
}

/** Everything between the request and its effect, one step a line. */
async function perform<I, O>(run: Run<I, O>, seen: Seen): Promise<Outcome<O>> {
  const { house, operation, caller } = run;
  const input = validate(operation, run.input);
  const waiting = house.freshness.require();
  if (waiting) await waiting;
  const now = house.clock.now();
  if (run.asked) authorizeWhole(run, input, now);
  for (const rule of operation.targets) {
    const found = findKey(house, caller, rule.reference(input));
    const opened = found instanceof Promise ? await found : found;
    seen.keyId = opened.key.id;
    const looking = requireAllowed(run, input, { rule, opened, now });
    if (looking) await looking;
    seen.keys.push(checkKey(opened, rule, input, { now, approvedOnly: house.fips !== null }));
  }
  const approved = operation.quorum !== null && run.asked ? await approvalOf(run, seen, input) : null;
  const opening = openMaterials(operation, seen.keys);
  if (opening) await opening;
  const dryRun = operation.isDryRun?.(input) ?? false;
  const counting = dryRun ? undefined : countUses(house, operation, seen.keys, input);
  if (counting) await counting;
  const outcome = operation.run({ caller, now, house, keys: seen.keys }, input);
  if (!dryRun) return approved === null ? outcome : withApproval(await outcome, approved);
  operation.discard?.((await outcome).output);
  throw new ClavigerError('dry-run', 'The request would have succeeded, but the DryRun option is set.');
}

/** What is no key's business is allowed here, and an operation without any permission is refused. */
function authorizeWhole<I, O>({ operation, caller }: Run<I, O>, input: I, now: Instant): void {
  if (operation.permission) authorize({ operation, caller, input, target: null, now });
  else if (operation.targets.length === 0 && !operation.isOpen)
    throw new ClavigerError('internal', `The operation ${operation.name} asks for no permission.`);
}

/** What a quorum approved; null: none is asked. */
async function approvalOf<I, O>(run: Run<I, O>, seen: Seen, input: I): Promise<Approved | null> {
  const { house, operation, caller } = run;
  const { keys, spent } = seen;
  const approved = await requireApproved(house, { operation, caller, input, keys, spent });
  if (approved?.isSpent) seen.spent = approved.digest;
  return approved;
}

type Wanted<I> = {
  readonly rule: TargetRule<I>;
  readonly opened: OpenedKey;
  readonly now: Instant;
};

/** Throws `access-denied` unless the caller may do this with the key; a promise only while grants are suspended. */
function requireAllowed<I, O>(
  { house, operation, caller, asked }: Run<I, O>,
  input: I,
  { rule, opened, now }: Wanted<I>,
): Promise<void> | undefined {
  if (!asked) return undefined;
  authorize({ operation, caller, input, target: { rule, opened }, now });
  if (!house.suspended?.mayBeAny) return undefined;
  return house.suspended.require(caller.principal, opened.key.id);
}

function validate<I, O>(operation: Operation<I, O>, input: I): I {
  const parsed = operation.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new ClavigerError(
    'input-invalid',
    `${where === '' ? 'The input' : where}: ${issue?.message ?? 'invalid'}`,
    {
      details: { field: where },
    },
  );
}

/** Opens the materials that are not open yet; undefined: all are. */
function openMaterials<I, O>(
  operation: Operation<I, O>,
  checked: readonly CheckedKey[],
): Promise<unknown> | undefined {
  let opening: Promise<unknown>[] | undefined;
  for (let index = 0; index < checked.length; index += 1) {
    const { act, eachVersion } = operation.targets[index] ?? {};
    const target = checked[index];
    if (!target || eachVersion || (act !== 'protect' && act !== 'process')) continue;
    const { opened, version } = target;
    // what lives in a device is never opened
    if (version.device) continue;
    if (!opened.peek(version.number)) (opening ??= []).push(opened.open(version.number));
  }
  return opening && Promise.all(opening);
}

/** Counts the protecting uses; a promise only where more must be reserved first. */
function countUses<I, O>(
  house: House,
  operation: Operation<I, O>,
  checked: readonly CheckedKey[],
  input: I,
): Promise<unknown> | undefined {
  let counting: Promise<void>[] | undefined;
  for (let index = 0; index < checked.length; index += 1) {
    const rule = operation.targets[index];
    const target = checked[index];
    if (!target || rule?.act !== 'protect') continue;
    const waiting = house.usage.spend(target, rule.bytes?.(input) ?? 0, rule.uses?.(input) ?? 1);
    if (waiting) (counting ??= []).push(waiting);
  }
  return counting && Promise.all(counting);
}

/**
 * Resolves once the outcome and its record are durable. False: somebody else changed the same key or name in between and nothing was
 * committed; all is looked at and decided anew then, because clients that change one key twice at once expect both changes.
 */
function isDurable<I, O>(run: Run<I, O>, seen: Seen, outcome: Outcome<O>, attempt: number): Promise<boolean> {
  const event = successEvent(run, seen, outcome);
  if (outcome.changes && outcome.changes.length > 0)
    return isCommitted(run, seen, { outcome, event }, attempt);
  return run.house.log.append(event).then(() => {
    if (run.operation.kind === 'use') noteUses(run, seen.keys, { event, outcome });
    return true;
  });
}

type Recorded<O> = { readonly outcome: Outcome<O>; readonly event: AuditEvent };

/** The same for an outcome that changes state: changes and record are committed together, then the log takes the record. */
async function isCommitted<I, O>(
  { house }: Run<I, O>,
  seen: Seen,
  { outcome, event }: Recorded<O>,
  attempt: number,
): Promise<boolean> {
  const changes = outcome.changes ?? [];
  seen.committing = true;
  try {
    await commitRecorded(house, changes, event);
    return true;
  } catch (error) {
    if (attempt === attemptsMax || !hasCode(error, 'conflict')) throw error;
    // nothing was committed
    seen.keys.length = 0;
    seen.committing = false;
    return false;
  }
}

function successEvent<I, O>(run: Run<I, O>, seen: Seen, outcome: Outcome<O>): AuditEvent {
  const { house, operation, caller } = run;
  return recordOf({
    operation,
    caller,
    now: house.clock.now(),
    node: house.log.node,
    keys: seen.keys,
    outcome: 'success',
    reason: null,
    keyId: outcome.keyId ?? null,
    facts: outcome.facts ?? null,
  });
}

function noteUses<I, O>(
  run: Run<I, O>,
  checked: readonly CheckedKey[],
  { event, outcome }: Recorded<O>,
): void {
  const { house, operation } = run;
  const { at, principal } = event;
  for (const [index, { key, version }] of checked.entries()) {
    const rule = operation.targets[index];
    if (rule?.act !== 'protect' && rule?.act !== 'process') continue;
    house.lastUses.note(key.id, { operation: event.operation, at, requestId: event.id, principal });
    const { act } = rule;
    const note = (number: number, count: number) =>
      house.keyUses.note(key.id, { version: number, principal, act, at, count });
    if (!rule.eachVersion) note(version.number, rule.uses?.(run.input) ?? 1);
    else for (const number of outcome.processed ?? []) note(number, 1);
  }
}

/** A refusal is recorded like a success, before it is answered; where even that fails, the caller learns nothing but that. */
async function recordFailure<I, O>(run: Run<I, O>, seen: Seen, error: ClavigerError): Promise<void> {
  if (error.code === 'audit-unavailable' || error.code === 'busy') return;
  const { house, operation, caller } = run;
  const event = recordOf({
    operation,
    // the store may hold a record under the request's id already: its failure is told by a record of its own
    caller: seen.committing ? { ...caller, requestId: newId() } : caller,
    now: house.clock.now(),
    node: house.log.node,
    keys: seen.keys,
    outcome: outcomeOf(error.code),
    reason: error.code,
    keyId: seen.keyId,
    facts: factsOfFailure(error, seen.committing ? { requestId: caller.requestId } : {}),
  });
  if (isOfMany(operation, error) && !house.refusals.note(event)) return;
  await house.log.append(event);
  noteDemand(run, seen, event);
}

/** A stranger is refused, who can try as often as it likes. */
function isOfMany<I, O>({ isOpen }: Operation<I, O>, { code }: ClavigerError): boolean {
  return isOpen === true && outcomeOf(code) === 'refused';
}

/** Somebody still asks for a key that waits for its destruction: shown before the point of no return. */
function noteDemand<I, O>({ house, operation }: Run<I, O>, seen: Seen, event: AuditEvent): void {
  // the rule that refused is the one after those that passed
  const act = operation.targets[seen.keys.length]?.act;
  if (event.reason !== 'key-destruction-scheduled' || seen.keyId === null) return;
  if (act === 'protect' || act === 'process') house.demands.note(seen.keyId, event);
}

function factsOfFailure(error: ClavigerError, more: NonNullable<AuditEvent['facts']>): AuditEvent['facts'] {
  const facts = { ...error.recorded, ...more };
  return Object.keys(facts).length === 0 ? null : facts;
}

async function systemCaller(house: House, environment: string): Promise<Caller> {
  const principal: Principal = {
    id: 'system',
    environment,
    name: 'system',
    kind: 'service',
    roles: [],
    createdAt: 0,
    disabled: false,
  };
  return {
    principal,
    accountId: await house.accountOf(environment),
    region: anyRegion,
    protocol: 'internal',
    protocolOperation: '-',
    sourceAddress: '-',
    userAgent: '-',
    secureTransport: true,
    requestId: newId(),
  };
}
