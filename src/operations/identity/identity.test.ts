import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { tokenId } from '#access';
import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import { type Arrival, signIn } from '../auth/sign-in.ts';
import { usualSettings } from '../auth/token-settings.ts';
import { openWorld, someDay, type TestNode, type TestWorld } from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';
import { findGrant } from '../tokens/grants.ts';
import { entities, groups, members, memberships, type Group } from './records.ts';

const refused = (code: string) => (error: unknown) => error instanceof ClavigerError && error.code === code;
const roleShape = {
  allowedPolicies: [],
  allowedPolicyGlobs: [],
  deniedPolicies: [],
  deniedPolicyGlobs: [],
  isOrphan: false,
  isRenewable: true,
  periodSeconds: 0,
  explicitMaxSeconds: 0,
  usesMax: 0,
  noDefaultPolicy: false,
  boundCidrs: [],
  allowedEntityAliases: ['*'],
  pathSuffix: '',
  type: 'default',
} as const;

describe('identity', () => {
  let world: TestWorld;
  let other: TestNode;

  before(async () => {
    world = await openWorld();
    other = await world.node();
    for (const environment of ['alpha', 'beta']) {
      const { principal } = world.caller({ environment });
      await commit([{ kind: 'principal-put', principal }]);
      const role = { name: 'any', role: structuredClone(roleShape) as never };
      await world.door.run(operations.writeTokenRole, world.caller({ environment }), role);
    }
  });
  after(() => world.dispose());

  /** A token of the entity that an alias names, and the entity. */
  async function enter(entityAlias: string, node: TestNode = world, caller: Caller = world.caller()) {
    const { token, lease } = await node.door.run(operations.issueChildToken, caller, {
      policies: ['default'],
      noDefaultPolicy: false,
      ttlSeconds: 0,
      explicitMaxSeconds: 0,
      periodSeconds: 0,
      usesMax: 0,
      displayName: '',
      meta: null,
      isOrphan: true,
      isRenewable: true,
      type: null,
      id: null,
      isPrivileged: true,
      role: 'any',
      entityAlias,
    });
    return { token, entity: lease.entity?.id ?? '' };
  }

  const grantOf = (token: string, node: TestNode = world) => findGrant(node.house, tokenId(token), token);
  const policiesOf = async (token: string, node: TestNode = world) => {
    await node.house.freshness.require();
    return (await grantOf(token, node))?.identity.policies;
  };
  const writeEntity = (wish: object, node: TestNode = world, caller: Caller = world.caller()) =>
    node.door.run(operations.writeEntity, caller, { id: null, name: null, ...wish });
  const commit = (changes: readonly Change[]) => world.store.commit({ changes, events: [] });

  it('makes one entity of first logins that come at once, on whatever node', async () => {
    const all = await Promise.all([world, other, world, other].map((node) => enter('at-once', node)));
    assert.equal(new Set(all.map(({ entity }) => entity)).size, 1);
  });

  it('gives a name to one of those who want it at once', async () => {
    const wishes = ['one', 'two', 'three'].map(async (name) => (await writeEntity({ name })).id);
    const ids = await Promise.all(wishes);
    const ends = await Promise.allSettled(
      ids.map((id, at) => writeEntity({ id, name: 'Wanted' }, [world, other, world][at])),
    );
    assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1, JSON.stringify(ends));
    const { entities: listed } = await world.door.run(operations.listEntities, world.caller(), {});
    assert.equal(listed.filter(({ name }) => name === 'Wanted').length, 1);
  });

  it('holds on every node within a second of its change', async () => {
    const { token, entity } = await enter('seen');
    assert.deepEqual(await policiesOf(token, other), []);
    await writeEntity({ id: entity, policies: ['p'] });
    assert.deepEqual(await policiesOf(token), ['p']);
    other.age(1001);
    assert.deepEqual(await policiesOf(token, other), ['p']);
    await writeEntity({ id: entity, disabled: true }, other);
    world.age(1001);
    await world.house.freshness.require();
    const grant = await grantOf(token);
    assert.equal(grant?.identity.isBarred, true);
    assert.deepEqual(grant?.acl.capabilities('cubbyhole/a'), ['deny']);
  });

  it('never gives root, even where it was written behind its back', async () => {
    const { token, entity } = await enter('mallory');
    const kept = await entities.find(world.house, 'alpha', entity);
    assert.ok(kept);
    await commit([entities.replaced(kept, { ...kept.content, policies: ['root', 'p'] })]);
    world.house.drop(null);
    assert.deepEqual(await policiesOf(token), ['p']);
    assert.equal((await grantOf(token))?.acl.isRoot, false);
  });

  it('stays within its environment', async () => {
    const here = await enter('shared');
    const beta = world.caller({ environment: 'beta' });
    const there = await enter('shared', world, beta);
    assert.notEqual(here.entity, there.entity);
    const of = { id: here.entity };
    assert.equal(await world.door.run(operations.readEntity, beta, { of }), null);
    await assert.rejects(
      writeEntity({ id: here.entity, policies: ['p'] }, world, beta),
      refused('input-invalid'),
    );
    await world.door.run(operations.deleteEntities, beta, { of: [of] });
    assert.deepEqual(await policiesOf(here.token), []);
  });

  it('is written by administrators alone', async () => {
    for (const role of ['operator', 'user', 'auditor', 'exporter'] as const) {
      const caller = world.caller({ name: role, roles: [role] });
      await assert.rejects(writeEntity({ name: 'x' }, world, caller), refused('access-denied'), role);
      await assert.rejects(
        world.door.run(operations.listEntities, caller, {}),
        refused('access-denied'),
        role,
      );
    }
  });

  it('says in the log what was given to whom, and from whom an alias was taken', async () => {
    const [one, two] = [await enter('ann'), await enter('bob')];
    await writeEntity({ id: one.entity, policies: ['P', 'q'] });
    const shown = await world.door.run(operations.readEntity, world.caller(), { of: { id: one.entity } });
    const [bobs] =
      (await world.door.run(operations.readEntity, world.caller(), { of: { id: two.entity } }))?.aliases ??
      [];
    await world.door.run(operations.deleteEntityAlias, world.caller(), { id: bobs?.id ?? '' });
    const move = { id: shown?.aliases[0]?.id ?? '', name: null, mountAccessor: null, entityId: two.entity };
    await world.door.run(operations.writeEntityAlias, world.caller(), move);
    const facts = world.log.events.map((event) => [event.operation, event.facts] as const);
    const of = (operation: string) => facts.findLast(([name]) => name === operation)?.[1];
    assert.equal(of('identity.write-entity')?.['policies'], 'p q');
    const told = of('identity.write-entity-alias');
    assert.deepEqual(
      [told?.['login'], told?.['entity'], told?.['movedFrom']],
      ['ann', two.entity, one.entity],
    );
  });

  describe('logins that tell groups', () => {
    let mount: Arrival['mount'];
    before(async () => {
      const made = await world.door.run(operations.enableMount, world.caller(), {
        ...({ kind: 'auth', path: 'jwt/', type: 'jwt', description: '', options: null } as const),
        ...{ defaultLeaseSeconds: 0, maxLeaseSeconds: 0, tuning: {}, local: false, sealWrap: false },
      });
      mount = { ...made, path: 'jwt/', kind: 'auth' };
    });

    /** What a login changes, before it is committed. */
    async function arriving(name: string, told: readonly string[]) {
      const work = { house: world.house, caller: world.caller(), now: world.clock.now(), keys: [] };
      const { output, changes = [] } = await signIn(work, {
        ...({ mount, name, kind: 'workload', displayName: name, groups: told } as const),
        ...{ settings: usualSettings, meta: {}, role: null, loginPath: 'login' },
      });
      return { token: output.token, entity: output.lease.entity?.id ?? '', changes };
    }

    async function external(name: string): Promise<{ readonly group: string; readonly alias: string }> {
      const wish = { id: null, name, type: 'external', policies: ['p'] } as const;
      const { id } = await world.door.run(operations.writeGroup, world.caller(), wish as never);
      return { group: id, alias: await aliased(id, name) };
    }

    async function aliased(groupId: string, name: string): Promise<string> {
      const wish = { id: null, name, mountAccessor: mount.accessor, groupId };
      return (await world.door.run(operations.writeGroupAlias, world.caller(), wish))?.id ?? '';
    }

    async function commitAll(changes: readonly Change[]): Promise<void> {
      await commit(changes);
      world.house.drop(null);
    }

    it('make nobody of a group whose alias is taken away, or renamed, at that moment', async () => {
      for (const name of ['taken', 'renamed']) {
        const { group, alias } = await external(name);
        await commitAll((await arriving(`of-${name}`, [])).changes);
        const late = await arriving(`of-${name}`, [name]);
        if (name === 'taken')
          await world.door.run(operations.deleteGroupAlias, world.caller(), { id: alias });
        else
          await world.door.run(operations.writeGroupAlias, world.caller(), {
            ...{ id: alias, name: 'otherwise', mountAccessor: mount.accessor, groupId: null },
          });
        await commitAll(late.changes);
        assert.deepEqual(await policiesOf(late.token), [], name);
        if (name === 'taken') await aliased(group, name);
        assert.deepEqual(await policiesOf(late.token), [], name);
        const again = await arriving(`of-${name}`, [name === 'taken' ? name : 'otherwise']);
        await commitAll(again.changes);
        assert.deepEqual(await policiesOf(late.token), ['p'], name);
      }
    });

    it('make no entity of a group whose alias of the login is taken away at that moment', async () => {
      await external('late');
      const first = await arriving('leaver', []);
      await commitAll(first.changes);
      const late = await arriving('leaver', ['late']);
      const of = { id: first.entity };
      const shown = await world.door.run(operations.readEntity, world.caller(), { of });
      await world.door.run(operations.deleteEntityAlias, world.caller(), { id: shown?.aliases[0]?.id ?? '' });
      await assert.rejects(commit(late.changes), refused('conflict'));
    });
  });

  describe('groups', () => {
    const group = (name: string, policies: readonly string[] = []): Group => ({
      name,
      type: 'internal',
      metadata: null,
      policies: [...policies],
      alias: null,
      createdAt: someDay,
      updatedAt: someDay,
    });
    const inside = (member: string, of: string, kind: 'entity' | 'group') => [
      members.created('alpha', `${of}/${member}`, { kind, mountId: null }),
      memberships.created('alpha', `${member}/${of}`, { kind, mountId: null }),
    ];

    it('are gone round once where two writers made a circle of them', async () => {
      const { token, entity } = await enter('round');
      await commit([
        groups.created('alpha', 'circle-a', group('circle-a', ['a'])),
        groups.created('alpha', 'circle-b', group('circle-b', ['b'])),
        ...inside('circle-a', 'circle-b', 'group'),
        ...inside('circle-b', 'circle-a', 'group'),
        ...inside(entity, 'circle-a', 'entity'),
      ]);
      assert.deepEqual(await policiesOf(token), ['a', 'b']);
    });

    it('are all looked at or none: an entity of too many is refused everything', async () => {
      const { token, entity } = await enter('many');
      const ids = Array.from({ length: 1001 }, (_, index) => `many-${index}`);
      const made = (id: string) => [groups.created('alpha', id, group(id)), ...inside(entity, id, 'entity')];
      await commit(ids.slice(1).flatMap(made));
      assert.equal((await grantOf(token))?.identity.dependsOn.length, 1001);
      await commit(made(ids[0] ?? ''));
      await assert.rejects(grantOf(token), refused('limit-exceeded'));
    });
  });
});
