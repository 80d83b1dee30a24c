import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Environment, Key } from '#domain';
import type { StoredEnvironment } from '../store.ts';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { only, createKey, someDay } = samples;

/** What was put can be found again, in order, and what was not is null. */
export function readTests({ store }: StoreHandles): void {
  describe('reads', () => {
    it('answers null, zero or nothing for what is absent', async () => {
      const absent = samples.uniqueName('absent');
      assert.equal(await store().environment(absent), null);
      assert.equal(await store().environmentByAccount(absent), null);
      assert.equal(await store().principal(absent), null);
      assert.equal(await store().principalByName(absent, absent), null);
      assert.deepEqual(await store().principals(absent), []);
      assert.equal(await store().credential(absent), null);
      assert.deepEqual(await store().credentialsOf(absent), []);
      assert.equal(await store().key(absent), null);
      assert.deepEqual(await store().keys(absent, null, { after: null, limit: 9 }), []);
      assert.equal(await store().countKeys(absent), 0);
      assert.equal(await store().name(absent, absent, absent), null);
      assert.deepEqual(await store().names(absent, absent, null, { after: null, limit: 9 }), []);
      assert.deepEqual(await store().usage(absent, 1), { operations: 0, bytes: 0 });
      assert.equal(await store().lastUse(absent), null);
      assert.deepEqual(await store().outbox(absent), []);
      assert.equal(await store().setting(absent), null);
    });

    it('gives back environments, by name and by account, ordered by name', async () => {
      const made = ['c', 'a', 'b'].map((letter) =>
        samples.sampleEnvironment({ name: samples.uniqueName(letter) }),
      );
      const wrappedKek = samples.material();
      const asNew = (environment: Environment): StoredEnvironment => ({
        environment,
        wrappedKek,
        kekGeneration: 1,
        oldestGeneration: 1,
        fingerprintKey: null,
      });
      for (const environment of made) {
        await store().commit(only({ kind: 'environment-created', environment, wrappedKek }));
      }
      const first = made[0];
      assert.ok(first);
      assert.deepEqual(await store().environment(first.name), asNew(first));
      assert.deepEqual(await store().environmentByAccount(first.accountId), asNew(first));
      const names = (await store().environments()).map(({ environment }) => environment.name);
      assert.deepEqual(names, [...names].sort());
      for (const { name } of made) assert.ok(names.includes(name));
    });

    it('gives back principals, which can be put again', async () => {
      const environment = samples.uniqueName('env');
      const zoe = samples.samplePrincipal(environment, { name: 'zoe' });
      const ann = samples.samplePrincipal(environment, { name: 'ann', disabled: true, roles: [] });
      await store().commit(
        only({ kind: 'principal-put', principal: zoe }, { kind: 'principal-put', principal: ann }),
      );
      assert.deepEqual(await store().principals(environment), [ann, zoe]);
      const changed = { ...zoe, name: 'bob', roles: ['administrator'], disabled: true } as const;
      await store().commit(only({ kind: 'principal-put', principal: changed }));
      assert.deepEqual(await store().principal(zoe.id), changed);
      assert.deepEqual(await store().principalByName(environment, 'bob'), changed);
      assert.equal(await store().principalByName(environment, 'zoe'), null);
    });

    it('gives back credentials of both kinds, until they are deleted', async () => {
      const principal = samples.samplePrincipal(samples.uniqueName('env'));
      const token = samples.sampleToken(principal);
      const accessKey = {
        kind: 'access-key',
        id: samples.uniqueName('AKIA'),
        principalId: principal.id,
        environment: principal.environment,
        wrappedSecret: samples.material(),
        createdAt: someDay,
        expiresAt: null,
      } as const;
      await store().commit(
        only(
          { kind: 'principal-put', principal },
          { kind: 'credential-created', credential: token },
          { kind: 'credential-created', credential: accessKey },
        ),
      );
      assert.deepEqual(await store().credential(token.id), token);
      assert.deepEqual(await store().credential(accessKey.id), accessKey);
      const ordered = [token, accessKey].sort((a, b) => (a.id < b.id ? -1 : 1));
      assert.deepEqual(await store().credentialsOf(principal.id), ordered);
      await store().commit(only({ kind: 'credential-deleted', id: token.id }));
      assert.equal(await store().credential(token.id), null);
      assert.deepEqual(await store().credentialsOf(principal.id), [accessKey]);
    });

    it('gives back a key as it was, with public keys and the material of its versions', async () => {
      const versions = [
        samples.sampleVersion({ state: 'deactivated', publicKey: new Uint8Array([0, 255, 62, 63]) }),
        samples.sampleVersion({ number: 2, rotation: 'automatic', activatedAt: null }),
      ];
      const key = samples.sampleKey(samples.uniqueName('env'), {
        versions,
        rotation: { periodDays: 90, since: someDay, nextAt: someDay + 1 },
        destruction: { requestedAt: someDay, dueAt: someDay + 2, waitingDays: 7 },
      });
      const materials = [2, 1].map((version) => ({ version, material: samples.material(version * 100) }));
      await store().commit(only(createKey(key, materials)));
      assert.deepEqual(await store().key(key.id), { key, materials: materials.reverse() });
    });

    it('pages keys by id, of one region or of all', async () => {
      const environment = samples.uniqueName('env');
      const keys = Array.from({ length: 25 }, (_, index) =>
        samples.sampleKey(environment, { region: index % 2 === 0 ? 'eu' : 'us' }),
      );
      await store().commit(only(...keys.map((key) => createKey(key))));
      for (const region of ['eu', 'us', null]) {
        const expected = keys.filter((key) => region === null || key.region === region).map(({ id }) => id);
        const found: string[] = [];
        for (;;) {
          const page: readonly Key[] = await store().keys(environment, region, {
            after: found.at(-1) ?? null,
            limit: 4,
          });
          assert.ok(page.length <= 4);
          found.push(...page.map(({ id }) => id));
          if (page.length < 4) break;
        }
        assert.deepEqual(found, expected.sort());
      }
      assert.equal(await store().countKeys(environment), 25);
    });

    it('pages names, of one key or of all, within their region', async () => {
      const environment = samples.uniqueName('env');
      const [one, other] = [samples.sampleKey(environment), samples.sampleKey(environment)];
      const names = ['alias/b', 'alias/B', 'alias/a', 'alias/c-é', 'alias/c'].map((name, index) =>
        samples.sampleName(index % 2 === 0 ? one : other, name),
      );
      const abroad = { ...samples.sampleName(one, 'alias/a'), region: 'us' };
      const changes = [...names, abroad].map((name) => ({ kind: 'name-created', name }) as const);
      await store().commit(only(createKey(one), createKey(other), ...changes));
      const ordered = ['alias/B', 'alias/a', 'alias/b', 'alias/c', 'alias/c-é'];
      const all = await store().names(environment, 'default', null, { after: null, limit: 99 });
      assert.deepEqual(
        all.map(({ name }) => name),
        ordered,
      );
      const page = await store().names(environment, 'default', null, { after: 'alias/a', limit: 2 });
      assert.deepEqual(
        page.map(({ name }) => name),
        ordered.slice(2, 4),
      );
      const ofOne = await store().names(environment, 'default', one.id, { after: 'alias/a', limit: 9 });
      assert.deepEqual(
        ofOne.map(({ name }) => name),
        ['alias/b', 'alias/c'],
      );
      assert.deepEqual(await store().name(environment, 'us', 'alias/a'), abroad);
      assert.equal(await store().name(environment, 'us', 'alias/b'), null);
    });

    it('names the keys that are due, the longest due first', async () => {
      const rotation = { periodDays: 1, since: 0 };
      const destruction = { requestedAt: 0, waitingDays: 7 };
      const [late, early, both, never, future] = [
        samples.sampleKey('due', { rotation: { ...rotation, nextAt: 3 } }),
        samples.sampleKey('due', { destruction: { ...destruction, dueAt: 1 } }),
        samples.sampleKey('due', {
          rotation: { ...rotation, nextAt: 2 },
          destruction: { ...destruction, dueAt: 900 },
        }),
        samples.sampleKey('due'),
        samples.sampleKey('due', { rotation: { ...rotation, nextAt: 11 } }),
      ] as [Key, Key, Key, Key, Key];
      await store().commit(only(...[late, early, both, never, future].map((key) => createKey(key))));
      assert.deepEqual(await store().dueKeys(10, 9), [early.id, late.id]);
      assert.deepEqual(await store().dueKeys(2, 9), [early.id]);
      assert.deepEqual(await store().dueKeys(900, 9), [early.id, late.id, future.id, both.id]);
      assert.deepEqual(await store().dueKeys(10, 1), [early.id]);
      await store().commit(only(samples.updateKey(early, { destruction: null })));
      assert.deepEqual(await store().dueKeys(10, 1), [late.id]);
      for (const key of [late, both, future]) {
        await store().commit(only(samples.updateKey(key, { rotation: null, destruction: null })));
      }
      assert.deepEqual(await store().dueKeys(10, 9), []);
    });

    it('does not share bytes with its callers', async () => {
      const key = samples.sampleKey(samples.uniqueName('env'), { id: randomUUID() });
      const kept = samples.material();
      const copy = new Uint8Array(kept);
      await store().commit(only(createKey(key, [{ version: 1, material: kept }])));
      (await store().key(key.id))?.materials[0]?.material.fill(0);
      assert.deepEqual((await store().key(key.id))?.materials[0]?.material, copy);
    });
  });
}
