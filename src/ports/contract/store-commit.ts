import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ErrorCode } from '#domain';
import type { Change } from '../store.ts';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { only, createKey, updateKey } = samples;

/** Commits stand or fall as a whole, and name why. */
export function commitTests({ store }: StoreHandles): void {
  async function refuses(code: ErrorCode, ...changes: Change[]): Promise<void> {
    const witness = samples.sampleKey(samples.uniqueName('env'));
    const event = samples.sampleEvent({ node: samples.uniqueName('node') });
    const before = await store().changeSequence();
    const all = [createKey(witness, [{ version: 1, material: samples.material() }]), ...changes];
    await assert.rejects(store().commit({ changes: all, events: [event] }), { code });
    assert.equal(await store().key(witness.id), null, 'nothing of the refused commit stands');
    assert.deepEqual(await store().outbox(event.node), []);
    const { sequence, entities } = await store().changesSince(before);
    assert.deepEqual({ sequence, entities }, { sequence: before, entities: [] });
  }

  describe('commits', () => {
    it('keeps changes and events together, events in their order', async () => {
      const node = samples.uniqueName('node');
      const key = samples.sampleKey(samples.uniqueName('env'));
      const events = Array.from({ length: 3 }, () => samples.sampleEvent({ node, keyId: key.id }));
      await store().commit({ changes: [createKey(key)], events: events.slice(0, 2) });
      await store().commit({ changes: [], events: events.slice(2) });
      assert.deepEqual(await store().outbox(node), events);
      await store().clearOutbox([events[0]?.id ?? '', 'never-was']);
      assert.deepEqual(await store().outbox(node), events.slice(1));
      await store().clearOutbox(events.map(({ id }) => id));
      await store().clearOutbox([]);
      assert.deepEqual(await store().outbox(node), []);
    });

    it('knows which keys hold which material, all of one environment', async () => {
      const known = (fingerprint: string, environment: string, keyId: string): Change => ({
        kind: 'material-known',
        fingerprint,
        environment,
        keyId,
      });
      const fingerprint = samples.uniqueName('fingerprint');
      const [mine, other] = [samples.uniqueName('env'), samples.uniqueName('env')];
      const [first, second] = [randomUUID(), randomUUID()];
      assert.deepEqual(await store().fingerprints.holders(fingerprint), []);
      for (const keyId of [second, first, second])
        await store().commit(only(known(fingerprint, mine, keyId)));
      const holders = [second, first].map((keyId) => ({ environment: mine, keyId }));
      assert.deepEqual(await store().fingerprints.holders(fingerprint), holders);
      await refuses('conflict', known(fingerprint, other, randomUUID()));
      assert.deepEqual(await store().fingerprints.holders(fingerprint), holders);
      // of two at once, in different environments, one holds
      const raced = samples.uniqueName('fingerprint');
      const results = await Promise.allSettled(
        [mine, other].map((environment) => store().commit(only(known(raced, environment, randomUUID())))),
      );
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      assert.equal((await store().fingerprints.holders(raced)).length, 1);
    });

    it('refuses a second environment of a name or an account', async () => {
      const environment = samples.sampleEnvironment();
      const wrappedKek = samples.material();
      await store().commit(only({ kind: 'environment-created', environment, wrappedKek }));
      for (const change of [{ accountId: '999999999999' }, { name: samples.uniqueName('env') }]) {
        const twin = { ...environment, ...change };
        await refuses('environment-taken', { kind: 'environment-created', environment: twin, wrappedKek });
      }
    });

    it('refuses a second principal of a name, and a move to another environment', async () => {
      const principal = samples.samplePrincipal(samples.uniqueName('env'));
      const other = samples.samplePrincipal(principal.environment);
      await store().commit(
        only({ kind: 'principal-put', principal }, { kind: 'principal-put', principal: other }),
      );
      await refuses('principal-taken', {
        kind: 'principal-put',
        principal: { ...principal, id: randomUUID() },
      });
      await refuses('principal-taken', {
        kind: 'principal-put',
        principal: { ...other, name: principal.name },
      });
      const moved = { ...principal, environment: samples.uniqueName('env') };
      await refuses('conflict', { kind: 'principal-put', principal: moved });
      assert.deepEqual(await store().principal(other.id), other);
    });

    it('replaces a principal only as it was read', async () => {
      const principal = samples.samplePrincipal(samples.uniqueName('env'));
      await store().commit(only({ kind: 'principal-put', principal }));
      const disabled = { ...principal, disabled: true };
      await store().commit(only({ kind: 'principal-put', principal: disabled, replaces: principal }));
      const auditor = { ...principal, roles: ['auditor' as const] };
      await refuses('conflict', { kind: 'principal-put', principal: auditor, replaces: principal });
      assert.deepEqual(await store().principal(principal.id), disabled);
      const both = { ...auditor, disabled: true };
      await store().commit(only({ kind: 'principal-put', principal: both, replaces: disabled }));
      assert.deepEqual(await store().principal(principal.id), both);
    });

    it('refuses credentials that are there already, that are gone, or that have no principal', async () => {
      const principal = samples.samplePrincipal(samples.uniqueName('env'));
      const credential = samples.sampleToken(principal);
      await refuses('conflict', { kind: 'credential-created', credential });
      await store().commit(
        only({ kind: 'principal-put', principal }, { kind: 'credential-created', credential }),
      );
      await refuses('conflict', { kind: 'credential-created', credential });
      await refuses('conflict', { kind: 'credential-deleted', id: samples.uniqueName('absent') });
    });

    it('refuses a key that is there already, and an update of one that moved', async () => {
      const key = samples.sampleKey(samples.uniqueName('env'));
      await refuses('conflict', updateKey(key, { description: 'absent' }));
      await store().commit(only(createKey(key)));
      await refuses('conflict', createKey(key));
      await store().commit(only(updateKey(key, { description: 'one' })));
      await refuses('conflict', updateKey(key, { description: 'two' }));
      const now = await store().key(key.id);
      assert.equal(now?.key.description, 'one');
      assert.equal(now.key.revision, 2);
      await refuses('conflict', updateKey(now.key, { environment: samples.uniqueName('env') }));
      await refuses('conflict', updateKey(now.key, { region: 'elsewhere' }));
    });

    it('adds and erases material with an update', async () => {
      const key = samples.sampleKey(samples.uniqueName('env'));
      const materials = [1, 2, 3].map((version) => ({ version, material: samples.material() }));
      await store().commit(only(createKey(key, materials.slice(0, 2))));
      const update = updateKey(key, {}, { added: materials.slice(2), erased: [1] });
      await store().commit(only(update));
      assert.deepEqual(await store().key(key.id), { key: update.key, materials: materials.slice(1) });
      await refuses('conflict', updateKey(update.key, {}, { added: materials.slice(2) }));
      const last = updateKey(update.key, {}, { erased: [2, 3] });
      await store().commit(only(last));
      assert.deepEqual(await store().key(key.id), { key: last.key, materials: [] });
    });

    it('creates, moves and deletes names', async () => {
      const environment = samples.uniqueName('env');
      const [one, other] = [samples.sampleKey(environment), samples.sampleKey(environment)];
      const name = samples.sampleName(one);
      await refuses('conflict', { kind: 'name-created', name });
      await store().commit(only(createKey(one), createKey(other), { kind: 'name-created', name }));
      await refuses('name-taken', { kind: 'name-created', name: { ...name, keyId: other.id } });
      const moved = { ...name, keyId: other.id, updatedAt: name.updatedAt + 5 };
      await refuses('conflict', { kind: 'name-moved', name: moved, expectedKeyId: other.id });
      await refuses('conflict', {
        kind: 'name-moved',
        name: { ...moved, keyId: randomUUID() },
        expectedKeyId: one.id,
      });
      await store().commit(only({ kind: 'name-moved', name: moved, expectedKeyId: one.id }));
      assert.deepEqual(await store().name(environment, 'default', name.name), moved);
      const deletion = {
        kind: 'name-deleted',
        environment,
        region: 'default',
        name: name.name,
        expectedKeyId: other.id,
      } as const;
      await refuses('conflict', { ...deletion, expectedKeyId: one.id });
      await store().commit(only(deletion));
      await refuses('conflict', deletion);
      assert.equal(await store().name(environment, 'default', name.name), null);
      await store().commit(only({ kind: 'name-created', name }));
    });

    it('refuses an event that is in the outbox already', async () => {
      const event = samples.sampleEvent({ node: samples.uniqueName('node') });
      await store().commit({ changes: [], events: [event] });
      await assert.rejects(store().commit({ changes: [], events: [event] }), { code: 'conflict' });
      assert.deepEqual(await store().outbox(event.node), [event]);
    });

    it('names every entity that changed, once, after the number that was known', async () => {
      const environment = samples.sampleEnvironment();
      const principal = samples.samplePrincipal(environment.name);
      const credential = samples.sampleToken(principal);
      const key = samples.sampleKey(environment.name);
      const name = samples.sampleName(key);
      const start = await store().changeSequence();
      await store().commit(
        only(
          { kind: 'environment-created', environment, wrappedKek: samples.material() },
          { kind: 'principal-put', principal },
          { kind: 'credential-created', credential },
          createKey(key),
          { kind: 'name-created', name },
        ),
      );
      const middle = await store().changeSequence();
      assert.ok(middle > start);
      await store().commit(only(updateKey(key, {}), { kind: 'credential-deleted', id: credential.id }));
      const feed = await store().changesSince(start);
      const entities = [
        `credential:${credential.id}`,
        `environment:${environment.name}`,
        `key:${key.id}`,
        `name:${name.environment}/${name.region}/${name.name}`,
        `principal:${principal.id}`,
      ];
      assert.deepEqual([...feed.entities].sort(), entities);
      assert.equal(feed.isComplete, true);
      assert.equal(feed.sequence, await store().changeSequence());
      const later = await store().changesSince(middle);
      assert.deepEqual([...later.entities].sort(), [`credential:${credential.id}`, `key:${key.id}`]);
      const none = await store().changesSince(feed.sequence);
      assert.deepEqual(none, { sequence: feed.sequence, entities: [], isComplete: true });
    });

    it('says that it does not know all changes since a number of another store', async () => {
      const end = await store().changeSequence();
      assert.equal((await store().changesSince(end + 1)).isComplete, false);
    });
  });
}
