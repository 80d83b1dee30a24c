import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { tokenId } from '#access';
import type { Principal } from '#domain';
import { byId, encryptUnder, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';

describe('environments and who is in them', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const bob = () => world.caller({ environment: 'beta', name: 'bob' });
  const create = (name: string, caller: Caller = world.caller(), roles: Principal['roles'] = ['user']) =>
    world.door.run(operations.createPrincipal, caller, {
      name,
      kind: 'service' as const,
      roles: [...roles],
    });
  const named = (caller: Caller) => world.door.run(operations.listPrincipals, caller, {});

  it('are made by the first one alone, and have keys of their own', async () => {
    const wish = { name: 'gamma', accountId: '777788889999' };
    await assert.rejects(world.door.run(operations.createEnvironment, bob(), wish), {
      code: 'access-denied',
    });
    const environment = await world.door.run(operations.createEnvironment, world.caller(), wish);
    assert.equal(environment.accountId, '777788889999');
    for (const taken of [wish, { ...wish, name: 'delta' }, { ...wish, accountId: null }])
      await assert.rejects(world.door.run(operations.createEnvironment, world.caller(), taken), {
        code: 'environment-taken',
      });
    const keks = (await world.store.environments()).map(({ wrappedKek }) =>
      Buffer.from(wrappedKek).toString('hex'),
    );
    assert.equal(new Set(keks).size, keks.length);
    for (const name of ['', 'Upper', '-x', 'x-', 'x'.repeat(64), 'a b', '../x'])
      await assert.rejects(
        world.door.run(operations.createEnvironment, world.caller(), { name, accountId: null }),
        { code: 'input-invalid' },
      );
  });

  it('are seen whole from the first one, and else only from inside', async () => {
    const seen = async (caller: Caller): Promise<string[]> =>
      (await world.door.run(operations.listEnvironments, caller, {})).environments.map(({ name }) => name);
    assert.ok((await seen(world.caller())).includes('beta'));
    assert.deepEqual(await seen(bob()), ['beta']);
  });

  it('get one first administrator from outside, and no second', async () => {
    await world.door.run(operations.createEnvironment, world.caller(), { name: 'epsilon', accountId: null });
    const wish = { environment: 'epsilon', name: 'root' };
    await assert.rejects(world.door.run(operations.createAdministrator, bob(), wish), {
      code: 'access-denied',
    });
    const made = await world.door.run(operations.createAdministrator, world.caller(), wish);
    assert.deepEqual([made.principal.environment, made.principal.roles], ['epsilon', ['administrator']]);
    await assert.rejects(world.door.run(operations.createAdministrator, world.caller(), wish), {
      code: 'principal-taken',
    });
    const absent = { environment: 'nowhere', name: 'root' };
    await assert.rejects(world.door.run(operations.createAdministrator, world.caller(), absent), {
      code: 'environment-not-found',
    });
  });

  it('hold principals that the others neither see nor touch', async () => {
    await create('shared-name');
    await create('shared-name', bob());
    await assert.rejects(create('shared-name'), { code: 'principal-taken' });
    const only = await create('only-alpha');
    assert.ok(!(await named(bob())).principals.some(({ id }) => id === only.id));
    const change = { name: 'only-alpha', roles: null, disabled: true };
    await assert.rejects(world.door.run(operations.setPrincipal, bob(), change), {
      code: 'principal-not-found',
    });
    for (const operation of [operations.createAccessKey, operations.createToken])
      await assert.rejects(
        world.door.run<{ principal: string }, unknown>(operation, bob(), { principal: 'only-alpha' }),
        {
          code: 'principal-not-found',
        },
      );
  });

  it('have roles that only administrators give, and nobody to themselves', async () => {
    await create('carl');
    const wish = { name: 'carl', roles: ['administrator' as const], disabled: null };
    for (const roles of [['operator'], ['user'], ['auditor'], []] as const) {
      const caller = world.caller({ name: 'eve', roles });
      await assert.rejects(create('another', caller), { code: 'access-denied' });
      await assert.rejects(world.door.run(operations.setPrincipal, caller, wish), { code: 'access-denied' });
      await assert.rejects(world.door.run(operations.createToken, caller, { principal: 'carl' }), {
        code: 'access-denied',
      });
    }
    const changed = await world.door.run(operations.setPrincipal, world.caller(), wish);
    assert.deepEqual(changed.roles, ['administrator']);
    const carl = { ...world.caller(), principal: changed };
    await assert.rejects(
      world.door.run(operations.setPrincipal, carl, { ...wish, roles: ['administrator', 'operator'] }),
      { code: 'access-denied' },
    );
  });

  it('keep credentials sealed, tell them once, and forget them on demand', async () => {
    await create('keyholder');
    const of = { principal: 'keyholder' };
    const pair = await world.door.run(operations.createAccessKey, world.caller(), of);
    const { token, tokenId: id } = await world.door.run(operations.createToken, world.caller(), of);
    assert.equal(id, tokenId(token));
    const stored = await world.store.credential(pair.accessKeyId);
    assert.ok(stored?.kind === 'access-key');
    assert.ok(!Buffer.from(stored.wrappedSecret).includes(pair.secretAccessKey));
    const records = JSON.stringify(world.log.events);
    for (const secret of [pair.secretAccessKey, token]) assert.ok(!records.includes(secret));
    const listed = await world.door.run(operations.listCredentials, world.caller(), of);
    assert.deepEqual(listed.credentials.map((each) => each.id).sort(), [pair.accessKeyId, id].sort());
    assert.deepEqual(Object.keys(listed.credentials[0] ?? {}).sort(), [
      'createdAt',
      'expiresAt',
      'id',
      'kind',
    ]);
    const wrong = { principal: 'carl', id };
    await assert.rejects(world.door.run(operations.deleteCredential, world.caller(), wrong), {
      code: 'credential-unknown',
    });
    const right = { ...of, id };
    await world.door.run(operations.deleteCredential, world.caller(), right);
    await assert.rejects(world.door.run(operations.deleteCredential, world.caller(), right), {
      code: 'credential-unknown',
    });
    assert.equal(await world.store.credential(id), null);
  });

  it('part the duties: who manages keys does not use them, and who uses them does not manage', async () => {
    const key = await makeKey(world);
    const as = (role: Principal['roles'][number]) => world.caller({ name: role, roles: [role] });
    const disable = (caller: Caller) => world.door.run(operations.disableKey, caller, { key: byId(key) });
    await encryptUnder(world, byId(key), {}, as('user'));
    for (const role of ['operator', 'auditor'] as const)
      await assert.rejects(encryptUnder(world, byId(key), {}, as(role)), { code: 'access-denied' });
    for (const role of ['user', 'auditor'] as const)
      await assert.rejects(disable(as(role)), { code: 'access-denied' });
    await disable(as('operator'));
    for (const role of ['administrator', 'operator', 'user', 'auditor'] as const) {
      await world.door.run(operations.describeKey, as(role), { key: byId(key) });
      const due = { key: byId(key) };
      for (const name of ['beginDestruction', 'destroyDueKey', 'checkDestruction'] as const) {
        await assert.rejects(world.door.run<typeof due, unknown>(operations[name], as(role), due), {
          code: 'access-denied',
        });
      }
    }
  });
});
