import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, hasCode, type Key, type QuorumPolicy } from '#domain';
import { byId, byName, makeKey, openWorld, type TestNode, type TestWorld } from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';
import { asCaller, enrol, newKey, newPerson, signatureOf, terms, type Person } from './quorum.fixture.ts';

// Searches for a path around: whatever is asked, approved, denied, changed and let pass in whatever order, what needs a quorum happens only
// while the model below, which knows nothing of signatures, digests or documents, has as many approvals of exactly that as the rules of the
// moment want; and then it does happen.

const names = ['ada', 'bo', 'cy', 'dee'];
const secondMillis = 1000;
const expirySeconds = 600;

/** Something that may need a quorum, as its asker says it. */
type Act =
  | { readonly kind: 'destroy'; readonly key: number; readonly days: number; readonly byAlias: boolean }
  | { readonly kind: 'policy'; readonly policy: QuorumPolicy }
  | { readonly kind: 'enable'; readonly who: number }
  | { readonly kind: 'enrol'; readonly keyNumber: number };

type Step =
  | { readonly kind: 'ask'; readonly by: number; readonly act: Act; readonly atOnce: boolean }
  | { readonly kind: 'approve'; readonly by: number; readonly keyOf: number; readonly request: number }
  | { readonly kind: 'deny' | 'cancel'; readonly by: number; readonly request: number }
  /** The same once more, whoever asked for it. */
  | { readonly kind: 'again'; readonly request: number; readonly atOnce: boolean }
  | { readonly kind: 'replay'; readonly by: number; readonly from: number; readonly to: number }
  | { readonly kind: 'disable'; readonly by: number; readonly who: number }
  | { readonly kind: 'pass'; readonly seconds: number };

/** What was asked, and who has approved it since, by which of their keys. */
type Asked = {
  readonly id: string;
  readonly subject: string;
  readonly by: number;
  readonly act: Act;
  readonly endsAt: number;
  readonly approvals: Map<number, number>;
  open: boolean;
};

type Model = {
  policy: QuorumPolicy;
  readonly disabled: boolean[];
  /** The number of the key that each has enrolled. */
  readonly keys: number[];
  readonly asked: Asked[];
};

type Game = {
  readonly world: TestWorld;
  readonly other: TestNode;
  readonly people: readonly Person[];
  /** Pairs that somebody can have, by person and number. */
  readonly pairs: readonly (readonly Pick<Person, 'key' | 'publicKey'>[])[];
  readonly targets: readonly Key[];
  readonly model: Model;
  /** How often approvals were used. */
  used: number;
};

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index % list.length];
  assert.ok(found !== undefined);
  return found;
};

/** One of the last few that were asked for, the newest is 0: of those most is left to be said. */
function recent({ asked }: Model, index: number): Asked {
  return at(asked.slice(-4).reverse(), index);
}

function subjectOf(by: number, act: Act): string {
  // whatever the key is called by, it is the same key
  const said = act.kind === 'destroy' ? { ...act, byAlias: null } : act;
  return JSON.stringify([by, said]);
}

/** Whether the rules of the moment are met for something, as far as the model knows. */
function isMet({ model, world }: Game, by: number, act: Act): boolean {
  const all = Object.entries(model.policy.rules);
  const rules = act.kind === 'destroy' ? all.filter(([rule]) => rule === 'destroy') : all;
  if (rules.length === 0) return true;
  const request = model.asked.find(
    (each) => each.open && each.subject === subjectOf(by, act) && world.clock.now() < each.endsAt,
  );
  const valid = [...(request?.approvals ?? [])].filter(
    ([who, key]) => who !== by && !model.disabled[who] && model.keys[who] === key,
  );
  return rules.every(([, { approvers, approvalsMin }]) => {
    const counted = valid.filter(([who]) => 'names' in approvers && approvers.names.includes(at(names, who)));
    return counted.length >= approvalsMin;
  });
}

async function perform(game: Game, node: TestNode, by: number, act: Act): Promise<void> {
  const { world, people, pairs, targets } = game;
  const caller: Caller = await asCaller(world, at(people, by));
  if (act.kind === 'destroy') {
    const target = at(targets, act.key);
    const key = act.byAlias ? byName(`target-${act.key % targets.length}`) : byId(target);
    await node.door.run(operations.scheduleDestruction, caller, { key, waitingDays: act.days });
    await node.door.run(
      operations.cancelDestruction,
      { ...world.caller({ name: 'undoer' }) },
      { key: byId(target) },
    );
  } else if (act.kind === 'policy') {
    await node.door.run(operations.writeQuorumPolicy, caller, { policy: act.policy });
  } else if (act.kind === 'enable') {
    const wish = { name: at(names, act.who), roles: null, disabled: false };
    await node.door.run(operations.setPrincipal, caller, wish);
  } else await enrol(world, at(people, by), at(at(pairs, by), act.keyNumber));
}

function took({ model }: Game, by: number, act: Act, isAsked: boolean): void {
  if (isAsked) for (const each of model.asked) if (each.subject === subjectOf(by, act)) each.open = false;
  if (act.kind === 'policy') model.policy = act.policy;
  if (act.kind === 'enable') model.disabled[act.who] = false;
  if (act.kind === 'enrol') model.keys[by] = act.keyNumber % 2;
}

async function ask(game: Game, step: Extract<Step, { kind: 'ask' }>): Promise<void> {
  const { by, act } = step;
  const { model, world } = game;
  const wasMet = isMet(game, by, act);
  // both see what the other did before
  for (const node of [world, game.other]) node.age(2000);
  const isAsked = Object.keys(model.policy.rules).some(
    (rule) => act.kind !== 'destroy' || rule === 'destroy',
  );
  const nodes = step.atOnce && isAsked ? [world, game.other] : [world];
  const done = await Promise.allSettled(nodes.map((node) => perform(game, node, by, act)));
  const successes = done.filter(({ status }) => status === 'fulfilled').length;
  if (successes > 0) assert.ok(wasMet, `around the quorum: ${names[by]} ${JSON.stringify(act)}`);
  // where no rule is left after the first, the second is asked nothing
  const endsRules = act.kind === 'policy' && Object.keys(act.policy.rules).length === 0;
  if (isAsked && !endsRules) assert.ok(successes <= 1, 'approvals are used once');
  if (successes > 0 && isAsked) game.used += 1;
  if (successes > 0) took(game, by, act, isAsked);
  for (const each of done)
    if (each.status === 'rejected') await noteRefusal(game, step, each.reason, successes);
  if (successes > 0) return;
  const pending = done.some((each) => each.status === 'rejected' && hasCode(each.reason, 'approval-pending'));
  if (pending) assert.ok(!wasMet, `approved, and not let through: ${names[by]} ${JSON.stringify(act)}`);
}

async function noteRefusal(
  { model, world }: Game,
  { by, act }: Extract<Step, { kind: 'ask' }>,
  error: unknown,
  successes: number,
): Promise<void> {
  assert.ok(error instanceof ClavigerError, String(error));
  const wanted = ['approval-pending', 'access-denied', 'policy-lockout', 'input-invalid', 'conflict'];
  const scheduled = successes > 0 && error.code === 'key-destruction-scheduled';
  assert.ok(scheduled || wanted.includes(error.code), `${error.code}: ${error.message}`);
  if (error.code !== 'approval-pending') return;
  const id = String(error.details['approval']);
  if (model.asked.some((each) => each.id === id)) return;
  // an expiry is the same for all rules here
  const endsAt = world.clock.now() + expirySeconds * secondMillis;
  model.asked.push({ id, subject: subjectOf(by, act), by, act, endsAt, approvals: new Map(), open: true });
}

/** Tries, and says whether it was done; a refusal is an error of ours. */
async function tried(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    assert.ok(error instanceof ClavigerError && error.code !== 'internal', String(error));
    return false;
  }
}

async function approve(game: Game, step: Extract<Step, { kind: 'approve' }>): Promise<void> {
  const { world, model, people, pairs } = game;
  if (model.asked.length === 0) return;
  const asked = recent(model, step.request);
  const caller = await asCaller(world, at(people, step.by));
  const readable = { ...world.caller({ name: 'reader' }) };
  const request = await world.door.run(operations.readApproval, readable, { id: asked.id });
  const owner = step.keyOf % names.length;
  const keyNumber = Math.floor(step.keyOf / names.length) % 2;
  const signer = { ...at(people, step.by), ...at(at(pairs, owner), keyNumber) };
  const wish = { id: asked.id, signature: signatureOf(request, signer) };
  if (!(await tried(world.door.run(operations.approve, caller, wish)))) return;
  assert.equal(owner, step.by, 'approved by the key of somebody else');
  assert.equal(model.keys[step.by], keyNumber, 'approved by a key that is not enrolled');
  assert.notEqual(step.by, asked.by, 'approved by who asks');
  assert.ok(asked.open && world.clock.now() < asked.endsAt, 'approved after its end');
  assert.ok(!model.disabled[step.by], 'approved by somebody who is disabled');
  asked.approvals.set(step.by, keyNumber);
}

/** The signature of one request, handed in for another. */
async function replay(game: Game, { by, from, to }: Extract<Step, { kind: 'replay' }>): Promise<void> {
  const { world, model, people, pairs } = game;
  if (model.asked.length < 2) return;
  const other = recent(model, to);
  const same = model.asked.filter(({ id, subject }) => subject === other.subject && id !== other.id);
  const one = same.length > 0 ? at(same, from) : at(model.asked, from);
  if (one.id === other.id) return;
  const caller = await asCaller(world, at(people, by));
  const readable = { ...world.caller({ name: 'reader' }) };
  const request = await world.door.run(operations.readApproval, readable, { id: one.id });
  const signer = { ...at(people, by), ...at(at(pairs, by), model.keys[by] ?? 0) };
  const wish = { id: other.id, signature: signatureOf(request, signer) };
  assert.ok(!(await tried(world.door.run(operations.approve, caller, wish))), 'a replayed signature counts');
}

async function end(game: Game, step: Extract<Step, { kind: 'deny' | 'cancel' }>): Promise<void> {
  const { world, model, people } = game;
  if (model.asked.length === 0) return;
  const asked = recent(model, step.request);
  const caller = await asCaller(world, at(people, step.by));
  const { id } = asked;
  const work =
    step.kind === 'deny'
      ? world.door.run(operations.denyApproval, caller, { id, reason: null })
      : world.door.run(operations.cancelApproval, caller, { id });
  if (!(await tried(work))) return;
  assert.equal(step.kind === 'cancel', step.by === asked.by, `${step.kind} by the wrong side`);
  asked.open = false;
}

async function again(game: Game, step: Extract<Step, { kind: 'again' }>): Promise<void> {
  if (game.model.asked.length === 0) return;
  const { by, act } = recent(game.model, step.request);
  await ask(game, { kind: 'ask', by, act, atOnce: step.atOnce });
}

async function take(game: Game, step: Step): Promise<void> {
  const { world, model } = game;
  if (step.kind === 'again') return again(game, step);
  if (step.kind === 'ask') return ask(game, step);
  if (step.kind === 'approve') return approve(game, step);
  if (step.kind === 'replay') return replay(game, step);
  if (step.kind === 'pass') return world.clock.advance(step.seconds * secondMillis);
  if (step.kind !== 'disable') return end(game, step);
  const caller = await asCaller(world, at(game.people, step.by));
  const wish = { name: at(names, step.who), roles: null, disabled: true };
  if (await tried(world.door.run(operations.setPrincipal, caller, wish))) model.disabled[step.who] = true;
}

const who = fc.nat({ max: names.length - 1 });
const someTerms = fc
  .record({ approvalsMin: fc.integer({ min: 1, max: 3 }), of: fc.subarray(names, { minLength: 2 }) })
  .map(({ approvalsMin, of }) => terms(Math.min(approvalsMin, of.length), of, expirySeconds));
const somePolicy = fc
  .oneof(
    fc.record({ destroy: someTerms, policy: someTerms }),
    fc.record({ destroy: someTerms }),
    fc.record({ policy: someTerms }),
  )
  .map((rules): QuorumPolicy => ({ rules }));
const firstPolicy = fc.record({ destroy: someTerms, policy: someTerms }).map((rules) => ({ rules }));
const anyPolicy = fc.oneof(
  { weight: 12, arbitrary: somePolicy },
  { weight: 1, arbitrary: fc.constant<QuorumPolicy>({ rules: {} }) },
);
const someAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('destroy' as const),
      key: fc.nat({ max: 1 }),
      days: fc.constantFrom(7, 8),
      byAlias: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('policy' as const), policy: anyPolicy }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('enable' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('enrol' as const), keyNumber: fc.nat({ max: 1 }) }),
  },
);
const nth = fc.nat({ max: 30 });
const someStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), by: who, act: someAct, atOnce: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('approve' as const),
      by: who,
      keyOf: fc.nat({ max: 7 }),
      request: nth,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('again' as const), request: nth, atOnce: fc.boolean() }),
  },
  // by their own key, so that there is something to use
  {
    weight: 10,
    arbitrary: fc
      .record({ by: who, request: nth })
      .map(({ by, request }): Step => ({ kind: 'approve', by, keyOf: by, request })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('deny' as const, 'cancel' as const),
      by: who,
      request: nth,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('replay' as const), by: who, from: nth, to: nth }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disable' as const), by: who, who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(1, 300, 600) }),
  },
);

/** Something that is asked for, approved by some and asked for again, with what comes between. */
const rally = fc
  .record({
    by: who,
    act: someAct,
    approvers: fc.subarray([0, 1, 2, 3]),
    between: fc.option(someStep),
    atOnce: fc.boolean(),
  })
  .map(({ by, act, approvers, between, atOnce }): Step[] => [
    { kind: 'ask', by, act, atOnce: false },
    ...approvers.map((each): Step => ({ kind: 'approve', by: each, keyOf: each, request: 0 })),
    ...(between ? [between] : []),
    { kind: 'again', request: 0, atOnce },
    { kind: 'again', request: 0, atOnce: false },
    { kind: 'replay', by: approvers[0] ?? 0, from: 0, to: 0 },
  ]);
const game = fc
  .array(
    fc.oneof({ weight: 2, arbitrary: rally }, { weight: 1, arbitrary: someStep.map((step) => [step]) }),
    {
      minLength: 10,
      maxLength: 25,
      size: 'max',
    },
  )
  .map((parts) => parts.flat());

async function play(policy: QuorumPolicy, steps: readonly Step[]): Promise<number> {
  const world = await openWorld();
  try {
    const people: Person[] = [];
    for (const name of names) people.push(await newPerson(world, name));
    const pairs = people.map(({ key, publicKey }) => [{ key, publicKey }, newKey()]);
    for (const person of people) await enrol(world, person);
    const targets = [await makeKey(world, { name: 'target-0' }), await makeKey(world, { name: 'target-1' })];
    await world.door.run(operations.writeQuorumPolicy, await asCaller(world, at(people, 0)), { policy });
    const model: Model = { policy, disabled: names.map(() => false), keys: names.map(() => 0), asked: [] };
    const game: Game = { world, other: await world.node(), people, pairs, targets, model, used: 0 };
    for (const step of steps) await take(game, step);
    return game.used;
  } finally {
    await world.dispose();
  }
}

describe('a path around a quorum', () => {
  it('is not found by whatever order of requests, approvals, denials and changes', async () => {
    let used = 0;
    await fc.assert(
      fc.asyncProperty(firstPolicy, game, async (policy, steps) => {
        used += await play(policy, steps);
      }),
      { numRuns: 20, endOnFailure: true },
    );
    assert.ok(used > 20, `only ${used} times approvals were used: the search saw too little`);
  });
});
