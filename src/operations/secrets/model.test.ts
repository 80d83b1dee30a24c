import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { sealedValues, secretsOf, store, type Secrets } from './secrets.fixture.ts';

// A plain model of what a store of secrets does, written from the description of the interface and not from the code.

type ModelVersion = { value: number; state: 'told' | 'deleted' | 'destroyed' };
type ModelSecret = { versions: Map<number, ModelVersion>; current: number; max: number; needsCheck: boolean };
type Model = Map<string, ModelSecret>;

const paths = ['a', 'b/c'] as const;
const path = fc.constantFrom(...paths);
const numbers = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 });

type Step =
  | { do: 'write'; path: string; check: 'none' | 'right' | 'wrong' }
  | { do: 'delete' | 'undelete' | 'destroy'; path: string; numbers: number[] }
  | { do: 'remove'; path: string }
  | { do: 'update'; path: string; max: number; needsCheck: boolean }
  | { do: 'shred'; path: string }
  | { do: 'forget'; path: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      path,
      check: fc.constantFrom('none' as const, 'right' as const, 'wrong' as const),
    }),
    weight: 6,
  },
  {
    arbitrary: fc.record({
      do: fc.constantFrom('delete' as const, 'undelete' as const, 'destroy' as const),
      path,
      numbers,
    }),
    weight: 5,
  },
  { arbitrary: fc.record({ do: fc.constant('remove' as const), path }), weight: 1 },
  {
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      path,
      max: fc.integer({ min: 0, max: 3 }),
      needsCheck: fc.boolean(),
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constantFrom('shred' as const, 'forget' as const), path }), weight: 1 },
);

function modelOf(model: Model, name: string): ModelSecret {
  const found = model.get(name) ?? { versions: new Map(), current: 0, max: 0, needsCheck: false };
  model.set(name, found);
  return found;
}

function modelWrite(secret: ModelSecret, value: number): void {
  secret.current += 1;
  secret.versions.set(secret.current, { value, state: 'told' });
  const kept = secret.max === 0 ? 10 : secret.max;
  for (const number of secret.versions.keys())
    if (number <= secret.current - kept) secret.versions.delete(number);
}

const marks = {
  delete: (state: ModelVersion['state']) => (state === 'told' ? 'deleted' : state),
  undelete: (state: ModelVersion['state']) => (state === 'deleted' ? 'told' : state),
  destroy: () => 'destroyed' as const,
};

let written = 0;

async function write(secrets: Secrets, model: Model, wish: Step & { do: 'write' }): Promise<void> {
  const known = model.get(wish.path);
  const current = known?.current ?? 0;
  const expected = wish.check === 'none' ? null : wish.check === 'right' ? current : current + 1;
  const isRefused = wish.check === 'wrong' || (wish.check === 'none' && (known?.needsCheck ?? false));
  written += 1;
  const value = written;
  try {
    const { version } = await secrets.write(wish.path, { value }, { expected });
    assert.equal(isRefused, false);
    assert.equal(version.number, current + 1);
    modelWrite(modelOf(model, wish.path), value);
  } catch (error) {
    if (!isRefused || !hasCode(error, 'version-unexpected')) throw error;
  }
}

async function play(world: TestWorld, secrets: Secrets, model: Model, wish: Step): Promise<void> {
  if (wish.do === 'write') return write(secrets, model, wish);
  if (wish.do === 'remove') {
    assert.equal((await secrets.remove(wish.path)).removed, model.delete(wish.path));
  } else if (wish.do === 'update') {
    const { max, needsCheck } = wish;
    const change = { versionsMax: max, checkRequired: needsCheck, mayCreate: true };
    await secrets.run(operations.updateSecret, { store, path: wish.path, ...change });
    Object.assign(modelOf(model, wish.path), { max, needsCheck });
  } else if (wish.do === 'shred') {
    await world.door.runAsSystem(operations.shredEndedSecrets, 'alpha', { limit: 100 });
  } else if (wish.do === 'forget') {
    world.house.documents.drop(null);
  } else if ('numbers' in wish) {
    const known = model.get(wish.path);
    const changed = new Set<number>();
    for (const number of wish.numbers) {
      const version = known?.versions.get(number);
      const after = version && marks[wish.do](version.state);
      if (!version || !after || after === version.state) continue;
      changed.add(number);
      version.state = after;
    }
    const { versions } = await secrets[wish.do](wish.path, ...wish.numbers);
    assert.deepEqual(new Set(versions), changed);
  }
}

async function compare(world: TestWorld, secrets: Secrets, model: Model): Promise<void> {
  const held: number[] = [];
  for (const name of paths) {
    const known = model.get(name);
    const head = await secrets.describe(name);
    assert.equal(head === null, known === undefined, name);
    assert.equal(head?.current ?? 0, known?.current ?? 0);
    assert.deepEqual(head?.versions.map(({ number }) => number) ?? [], [...(known?.versions.keys() ?? [])]);
    for (let number = 1; number <= (known?.current ?? 0) + 1; number += 1) {
      const wanted = known?.versions.get(number);
      const read = await secrets.read(name, number);
      assert.equal(read === null, wanted === undefined, `${name} ${number}`);
      if (!wanted) continue;
      assert.deepEqual(read?.value, wanted.state === 'told' ? { value: wanted.value } : null);
      assert.equal(read?.version.destroyed, wanted.state === 'destroyed');
      if (wanted.state !== 'destroyed') held.push(wanted.value);
    }
  }
  // nothing is kept of what is gone, and nothing else is missing
  assert.equal((await sealedValues(world)).length, held.length);
}

it('secrets do what a plain model of them does, whatever is done in whichever order', async () => {
  const world = await openWorld();
  const secrets = secretsOf(world, () => world.caller());
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const model: Model = new Map();
        for (const name of paths) await secrets.remove(name);
        for (const wish of steps) await play(world, secrets, model, wish);
        await compare(world, secrets, model);
        world.house.documents.drop(null);
        await compare(world, secrets, model);
      }),
      { numRuns: 40 },
    );
    const { shredded } = await world.door.runAsSystem(operations.shredEndedSecrets, 'alpha', { limit: 100 });
    assert.ok(shredded >= 0);
    const alive = new Set((await sealedValues(world)).map(({ shredId }) => shredId));
    for (const shredId of alive) assert.notEqual(await world.shreds.get(shredId ?? ''), null);
  } finally {
    await world.dispose();
  }
});
