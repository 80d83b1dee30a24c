import { authorize } from './authorization.ts';
import { ClavigerError, type AuditEvent, type Principal } from '#domain';
import { newId } from '#crypto';
import type { Change } from '#ports';
import type { House } from './house.ts';
import {
  anyRegion,
  type Caller,
  type CheckedKey,
  type Door,
  type Operation,
  type Outcome,
} from './operation.ts';
import { asClavigerError, outcomeOf, recordOf } from './record.ts';
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

async function runRecorded<I, O>(run: Run<I, O>): Promise<O> {
  const startedAt = performance.now();
  const { house, operation, caller } = run;
  const seen: Seen = { keys: [], keyId: null, committing: false };
  try {
    house.log.requireWritable();
    const outcome = await perform(run, seen);
    await makeDurable(run, seen, outcome);
    await outcome.afterwards?.();
    house.observer.done(operation.name, caller.protocol, 'success', performance.now() - startedAt);
    return outcome.output;
  } catch (thrown) {
    const error = asClavigerError(thrown);
    house.observer.done(operation.name, caller.protocol, error.code, performance.now() - startedAt);
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
  if (operation.permission && run.asked) authorize({ operation, caller, input, target: null, now });
  for (const rule of operation.targets) {
    const opened = await findKey(house, caller, rule.reference(input));
    seen.keyId = opened.key.id;
    if (run.asked) authorize({ operation, caller, input, target: { rule, opened }, now });
    seen.keys.push(checkKey(opened, rule, input, now));
  }
  await openMaterials(operation, seen.keys);
  const dryRun = operation.isDryRun?.(input) ?? false;
  if (!dryRun) await countUses(house, operation, seen.keys, input);
  const outcome = await operation.run({ caller, now, house, keys: seen.keys }, input);
  if (!dryRun) return outcome;
  throw new ClavigerError('dry-run', 'The request would have succeeded, but the DryRun option is set.');
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

async function openMaterials<I, O>(
  operation: Operation<I, O>,
  checked: readonly CheckedKey[],
): Promise<void> {
  for (const [index, rule] of operation.targets.entries()) {
    if (rule.act !== 'protect' && rule.act !== 'process') continue;
    const target = checked[index];
    if (target && !target.opened.peek(target.version.number)) await target.opened.open(target.version.number);
  }
}

async function countUses<I, O>(
  house: House,
  operation: Operation<I, O>,
  checked: readonly CheckedKey[],
  input: I,
): Promise<void> {
  for (const [index, rule] of operation.targets.entries()) {
    const target = checked[index];
    if (rule.act !== 'protect' || !target) continue;
    const waiting = house.usage.spend(target.key, target.version, rule.bytes?.(input) ?? 0);
    if (waiting) await waiting;
  }
}

/** Commits the changes together with the record, or appends the record alone; returns when both are durable. */
async function makeDurable<I, O>(run: Run<I, O>, seen: Seen, outcome: Outcome<O>): Promise<void> {
  const { house } = run;
  const event = successEvent(run, seen, outcome);
  const changes = outcome.changes ?? [];
  if (changes.length > 0) {
    seen.committing = true;
    house.outbox.begin(event.id);
    try {
      await house.store.commit({ changes, events: [event] });
      house.drop(entitiesOf(changes));
      await house.log.append(event);
      house.outbox.logged(event.id);
    } finally {
      house.outbox.end(event.id);
    }
  } else {
    await house.log.append(event);
  }
  if (run.operation.kind === 'use') noteUses(run, seen.keys, event);
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

function noteUses<I, O>(run: Run<I, O>, checked: readonly CheckedKey[], event: AuditEvent): void {
  for (const [index, { key }] of checked.entries()) {
    const { act } = run.operation.targets[index] ?? {};
    if (act !== 'protect' && act !== 'process') continue;
    run.house.lastUses.note(key.id, {
      operation: event.operation,
      at: event.at,
      requestId: event.id,
      principal: event.principal,
    });
  }
}

/** A refusal is recorded like a success, before it is answered; where even that fails, the caller learns the first error. */
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
    facts: seen.committing ? { requestId: caller.requestId } : null,
  });
  await house.log.append(event);
}

/** The entities of the change feed that these changes touch. */
function entitiesOf(changes: readonly Change[]): string[] {
  return changes.map((change) => {
    switch (change.kind) {
      case 'environment-created':
        return `environment:${change.environment.name}`;
      case 'principal-put':
        return `principal:${change.principal.id}`;
      case 'credential-created':
        return `credential:${change.credential.id}`;
      case 'credential-deleted':
        return `credential:${change.id}`;
      case 'key-created':
      case 'key-updated':
        return `key:${change.key.id}`;
      case 'name-created':
      case 'name-moved':
        return `name:${change.name.environment}/${change.name.region}/${change.name.name}`;
      case 'name-deleted':
        return `name:${change.environment}/${change.region}/${change.name}`;
    }
  });
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
