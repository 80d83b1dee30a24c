import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Key, Role } from '#domain';
import { byId, encryptUnder, makeKey, openWorld, someDay, type TestWorld } from '../house.fixture.ts';
import { secretsOf } from '../secrets/secrets.fixture.ts';
import { operations } from '../table.ts';
import type { InventoryList } from './inventory.ts';

type Kind = 'key' | 'secret' | 'credential';
type Wish = { readonly filter?: Record<string, string>; readonly kind?: Kind; readonly roles?: Role[] };

describe('the inventory', () => {
  let world: TestWorld;
  let keys: Key[];

  before(async () => {
    world = await openWorld();
    keys = [
      await makeKey(world, { spec: 'AES_256', owner: 'payments', name: 'cards' }),
      await makeKey(world, { spec: 'AES_128', tags: [{ key: 'Owner', value: ' web ' }] }),
      await makeKey(world, { spec: 'EC_P256', usage: 'sign', owner: 'payments' }),
    ];
  });
  after(() => world.dispose());

  const list = ({ filter = {}, kind = 'key', roles = ['auditor'] }: Wish = {}, limit = 100) =>
    world.door.run(operations.listInventory, world.caller({ roles }), {
      kind,
      filter,
      sort: null,
      page: { after: null, limit },
    });
  const idsOf = ({ rows }: InventoryList) => rows.map(({ id }) => id).sort();

  it('lists keys that a filter finds, with what is known of them', async () => {
    await encryptUnder(world, byId(keys[0] as Key));
    await world.house.lastUses.flush();
    const found = await list({ filter: { owner: 'payments', algorithm: 'aes' } });
    assert.deepEqual(idsOf(found), [keys[0]?.id]);
    const [row] = found.rows;
    assert.ok(row?.kind === 'key');
    assert.deepEqual([row.names, row.purpose, row.environment], [['cards'], 'data', 'alpha']);
    assert.equal(row.lastUseOperation, 'keys.encrypt');
    assert.equal(row.lastUsePrincipal, 'ada');
    assert.ok(!JSON.stringify(found).includes('wrapped"'));
  });

  it('is exported whole, as it is listed; what can not be asked is refused before it begins', async () => {
    const exported = (filter = {}, caller = world.caller({ roles: ['auditor'] })) =>
      world.door.run(operations.exportInventory, caller, { filter, sort: null });
    const rows = async ({ pages }: Awaited<ReturnType<typeof exported>>) =>
      (await Array.fromAsync(pages)).flat();
    const listed = (await list()).rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(await rows(await exported()), listed);
    assert.deepEqual(
      await rows(await exported({ owner: 'web' })),
      listed.filter(({ owner }) => owner === 'web'),
    );
    assert.deepEqual(await rows(await exported({}, world.caller({ environment: 'beta' }))), []);
    await assert.rejects(exported({ colour: 'red' }), { code: 'input-invalid' });
    await assert.rejects(exported({}, world.caller({ roles: ['user'] })), { code: 'access-denied' });
  });

  it('is of the own environment alone, and for those who inspect', async () => {
    const beta = await world.door.run(operations.listInventory, world.caller({ environment: 'beta' }), {
      filter: {},
      sort: null,
      page: { after: null, limit: 100 },
    });
    assert.deepEqual(beta.rows, []);
    await assert.rejects(list({ roles: ['user'] }), { code: 'access-denied' });
    await assert.rejects(list({ filter: { colour: 'red' } }), { code: 'input-invalid' });
  });

  it('has an owner for every key: who is named, the tag, or who made it', async () => {
    const owners = (await list()).rows.map(({ owner }) => owner);
    assert.deepEqual([...new Set(owners)].sort(), ['payments', 'web']);
    const plain = await makeKey(world, { tags: [{ key: 'owner', value: '  ' }] });
    assert.equal(plain.owner, 'ada');
    await assert.rejects(makeKey(world, { owner: '  ' }), { code: 'input-invalid' });
    const moved = await world.door.run(operations.setOwner, world.caller(), {
      key: byId(plain),
      owner: 'platform',
    });
    assert.deepEqual([moved.owner, moved.revision], ['platform', plain.revision + 1]);
    assert.deepEqual(idsOf(await list({ filter: { owner: 'plat*' } })), [plain.id]);
    await assert.rejects(
      world.door.run(operations.setOwner, world.caller({ roles: ['user'] }), {
        key: byId(plain),
        owner: 'x',
      }),
      { code: 'access-denied' },
    );
  });

  it('counts values, and what quantum computers break', async () => {
    const facets = await world.door.run(operations.inventoryFacets, world.caller({ roles: ['auditor'] }), {});
    const { rows } = await list();
    assert.equal(facets.keys, rows.length);
    assert.equal(facets.quantum.vulnerable, 1);
    assert.equal(facets.quantum.ready, rows.length - 1);
    assert.equal(facets.fields.owner.find(({ value }) => value === 'payments')?.keys, 2);
  });

  it('lists secrets by what is known of them, and never a value', async () => {
    const secrets = secretsOf(world, () => world.caller());
    await secrets.write('db/password', { password: 'correct horse' });
    await secrets.write('db/password', { password: 'battery' });
    await secrets.write('api', { token: 'staple' });
    await secrets.delete('db/password', 1);
    await secrets.run(operations.updateSecret, {
      store: 'store-1',
      path: 'api',
      labels: { owner: 'web' },
      mayCreate: false,
    });
    const found = await list({ kind: 'secret' });
    assert.deepEqual(
      found.rows.map((row) => row.kind === 'secret' && [row.path, row.owner, row.version, row.liveVersions]),
      [
        ['api', 'web', 1, 1],
        ['db/password', null, 2, 1],
      ],
    );
    assert.ok(!/horse|battery|staple/.test(JSON.stringify(found)));
    const first = await list({ kind: 'secret', filter: { store: 'store-1' } }, 1);
    assert.deepEqual([first.rows.length, first.next], [1, 'store-1/api']);
    await assert.rejects(list({ kind: 'secret', filter: { state: 'active' } }), { code: 'input-invalid' });
  });

  it('lists credentials, page by page, without their secrets', async () => {
    const run = world.door.run;
    for (const name of ['ci', 'till'])
      await run(operations.createPrincipal, world.caller(), {
        name,
        kind: 'service' as const,
        roles: ['user' as const],
      });
    const made: string[] = [];
    for (const principal of ['ci', 'till', 'till']) {
      made.push((await run(operations.createToken, world.caller(), { principal })).token);
      made.push((await run(operations.createAccessKey, world.caller(), { principal })).secretAccessKey);
    }
    const found: string[] = [];
    for (let after: string | null = null; ; ) {
      const page: InventoryList = await run(operations.listInventory, world.caller({ roles: ['auditor'] }), {
        kind: 'credential',
        filter: {},
        sort: null,
        page: { after, limit: 2 },
      });
      assert.ok(page.rows.length <= 2);
      assert.ok(!made.some((secret) => JSON.stringify(page).includes(secret)));
      found.push(...page.rows.map(({ id, owner }) => `${owner} ${id}`));
      if (page.next === null) break;
      after = page.next;
    }
    assert.equal(found.length, 6);
    assert.equal(new Set(found).size, 6);
    assert.equal((await list({ kind: 'credential', filter: { owner: 'till' } })).rows.length, 4);
  });

  it('keeps views, and only such as can be asked', async () => {
    const caller = () => world.caller({ roles: ['auditor'] });
    const wish = { name: 'ending', filter: { 'ends-before': '+90d' }, sort: 'ends' };
    const saved = await world.door.run(operations.saveInventoryView, caller(), wish);
    assert.deepEqual(saved, { ...wish, savedBy: 'ada', savedAt: someDay });
    assert.deepEqual(await world.door.run(operations.readInventoryView, caller(), { name: 'ending' }), saved);
    const again = await world.door.run(operations.saveInventoryView, caller(), { ...wish, sort: null });
    const page = { after: null, limit: 10 };
    assert.deepEqual((await world.door.run(operations.listInventoryViews, caller(), { page })).views, [
      again,
    ]);
    const bad = { ...wish, filter: { 'ends-before': 'soon' } };
    await assert.rejects(world.door.run(operations.saveInventoryView, caller(), bad), {
      code: 'input-invalid',
    });
    await world.door.run(operations.deleteInventoryView, caller(), { name: 'ending' });
    await assert.rejects(world.door.run(operations.readInventoryView, caller(), { name: 'ending' }), {
      code: 'view-not-found',
    });
  });
});
