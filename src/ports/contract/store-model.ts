import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError, type Key, type KeyName } from '#domain';
import type { Change, Store, StoredMaterial } from '../store.ts';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

/** What the store should hold, as plainly as it can be said. */
type Model = {
  keys: Map<string, { key: Key; materials: Map<number, StoredMaterial> }>;
  names: Map<string, KeyName>;
};

/** A change in small numbers: which key, which name, and whether what it expects is out of date. */
type Move = {
  readonly kind: 'create' | 'update' | 'erase' | 'name' | 'move' | 'unname';
  readonly key: number;
  readonly name: number;
  readonly stale: boolean;
};

const moves: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('create', 'update', 'erase', 'name', 'move', 'unname'),
  key: fc.nat(3),
  name: fc.nat(2),
  stale: fc.nat(9).map((number) => number === 0),
});

/** The model's own reading of one change; false: refused. */
function applyToModel(model: Model, change: Change): boolean {
  switch (change.kind) {
    case 'key-created': {
      if (model.keys.has(change.key.id)) return false;
      const materials = new Map(change.materials.map((entry) => [entry.version, entry]));
      model.keys.set(change.key.id, { key: change.key, materials });
      return true;
    }
    case 'key-updated': {
      const found = model.keys.get(change.key.id);
      if (found?.key.revision !== change.expectedRevision) return false;
      const materials = new Map(found.materials);
      for (const version of change.erased) materials.delete(version);
      for (const entry of change.added) materials.set(entry.version, entry);
      model.keys.set(change.key.id, { key: change.key, materials });
      return true;
    }
    case 'name-created': {
      if (model.names.has(change.name.name) || !model.keys.has(change.name.keyId)) return false;
      model.names.set(change.name.name, change.name);
      return true;
    }
    case 'name-moved': {
      const found = model.names.get(change.name.name);
      if (found?.keyId !== change.expectedKeyId || !model.keys.has(change.name.keyId)) return false;
      model.names.set(change.name.name, {
        ...found,
        keyId: change.name.keyId,
        updatedAt: change.name.updatedAt,
      });
      return true;
    }
    case 'name-deleted':
      if (model.names.get(change.name)?.keyId !== change.expectedKeyId) return false;
      return model.names.delete(change.name);
    default:
      return false;
  }
}

function changeOf(move: Move, model: Model, world: { environment: string; ids: readonly string[] }): Change {
  const id = world.ids[move.key] ?? '';
  const sample = samples.sampleKey(world.environment, { id });
  const found = model.keys.get(id);
  const present = found?.key ?? sample;
  const read = move.stale ? { ...present, revision: present.revision + 3 } : present;
  const name = { ...samples.sampleName(sample, `name-${move.name}`), updatedAt: samples.someDay + move.key };
  const { environment, region } = name;
  const expectedKeyId = move.stale ? 'another' : (model.names.get(name.name)?.keyId ?? 'none');
  switch (move.kind) {
    case 'create':
      return samples.createKey(sample, [{ version: 1, material: samples.material() }]);
    case 'update': {
      const version = Math.max(0, ...(found?.materials.keys() ?? [])) + 1;
      return samples.updateKey(
        read,
        { owner: randomUUID() },
        { added: [{ version, material: samples.material() }] },
      );
    }
    case 'erase':
      return samples.updateKey(read, {}, { erased: [...(found?.materials.keys() ?? [])].slice(0, 1) });
    case 'name':
      return { kind: 'name-created', name };
    case 'move':
      return { kind: 'name-moved', name, expectedKeyId };
    case 'unname':
      return { kind: 'name-deleted', environment, region, name: name.name, expectedKeyId };
  }
}

async function assertEqual(
  store: Store,
  model: Model,
  world: { environment: string; ids: readonly string[] },
) {
  for (const id of world.ids) {
    const expected = model.keys.get(id);
    const materials = [...(expected?.materials.values() ?? [])].sort((a, b) => a.version - b.version);
    assert.deepEqual(await store.key(id), expected ? { key: expected.key, materials } : null);
  }
  const page = { after: null, limit: 99 };
  const names = [...model.names.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.deepEqual(await store.names(world.environment, 'default', null, page), names);
  assert.equal(await store.countKeys(world.environment), model.keys.size);
}

/** Random sequences of commits leave what a simple model says, also after the store was opened anew. */
export function modelTests({ store }: StoreHandles, reopen: () => Promise<void>): void {
  describe('model', () => {
    it('holds after any sequence of commits what a simple model holds', async () => {
      const commits = fc.array(fc.array(moves, { minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 20,
      });
      const run = async (plan: readonly (readonly Move[])[]): Promise<void> => {
        const world = {
          environment: samples.uniqueName('env'),
          ids: Array.from({ length: 4 }, () => randomUUID()),
        };
        const node = world.environment;
        let model: Model = { keys: new Map(), names: new Map() };
        const events: string[] = [];
        for (const step of plan) {
          const next: Model = { keys: new Map(model.keys), names: new Map(model.names) };
          const changes: Change[] = [];
          let accepted = true;
          for (const move of step) {
            const change = changeOf(move, next, world);
            changes.push(change);
            accepted = applyToModel(next, change);
            if (!accepted) break;
          }
          const event = samples.sampleEvent({ node });
          const outcome = await store()
            .commit({ changes, events: [event] })
            .then(() => true)
            .catch((error: unknown) => {
              assert.ok(
                error instanceof ClavigerError && ['conflict', 'name-taken'].includes(error.code),
                String(error),
              );
              return false;
            });
          assert.equal(outcome, accepted);
          if (!accepted) continue;
          model = next;
          events.push(event.id);
        }
        await assertEqual(store(), model, world);
        assert.deepEqual(
          (await store().outbox(node)).map(({ id }) => id),
          events,
        );
      };
      await fc.assert(fc.asyncProperty(commits, run), { numRuns: 40 });
    });

    it('holds everything after it was opened anew', async () => {
      const key = samples.sampleKey(samples.uniqueName('env'));
      const event = samples.sampleEvent({ node: samples.uniqueName('node') });
      const name = samples.sampleName(key);
      const materials = [{ version: 1, material: samples.material() }];
      const changes = [samples.createKey(key, materials), { kind: 'name-created', name } as const];
      await store().commit({ changes, events: [event] });
      await store().reserveUsage(key.id, 1, { operations: 5, bytes: 6 });
      const sequence = await store().changeSequence();
      await reopen();
      assert.deepEqual(await store().key(key.id), { key, materials });
      assert.deepEqual(await store().name(name.environment, name.region, name.name), name);
      assert.deepEqual(await store().outbox(event.node), [event]);
      assert.deepEqual(await store().usage(key.id, 1), { operations: 5, bytes: 6 });
      assert.equal(await store().changeSequence(), sequence);
    });
  });
}
