import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { hasCode } from '#domain';
import { openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';
import { sealedValues, secretsOf, store, type Secrets } from './secrets.fixture.ts';

describe('secrets', () => {
  let world: TestWorld;
  let secrets: Secrets;
  before(async () => {
    world = await openWorld();
    secrets = secretsOf(world, () => world.caller());
  });
  after(() => world.dispose());

  it('keeps what is written, version by version', async () => {
    await secrets.write('app/db', { user: 'u', password: 'one' });
    const second = await secrets.write('app/db', { password: 'two', nested: { list: [1, null, 'ä', true] } });
    assert.equal(second.version.number, 2);
    assert.deepEqual((await secrets.read('app/db'))?.value, {
      password: 'two',
      nested: { list: [1, null, 'ä', true] },
    });
    assert.deepEqual((await secrets.read('app/db', 1))?.value, { user: 'u', password: 'one' });
    assert.equal(await secrets.read('app/db', 3), null);
    assert.equal(await secrets.read('app'), null);
    assert.equal(await secrets.read('app/db/x'), null);
  });

  it('keeps members of every name, as __proto__', async () => {
    const value = JSON.parse('{"__proto__":{"a":1},"constructor":"c","":"empty"}') as Record<string, unknown>;
    await secrets.write('odd', value);
    assert.equal(JSON.stringify((await secrets.read('odd'))?.value), JSON.stringify(value));
    const patch = JSON.parse('{"__proto__":{"b":2}}') as Record<string, unknown>;
    await secrets.patch('odd', patch);
    assert.equal(
      JSON.stringify((await secrets.read('odd'))?.value),
      '{"__proto__":{"a":1,"b":2},"constructor":"c","":"empty"}',
    );
  });

  it('lets a writer name the version that it read', async () => {
    await secrets.write('cas', { n: 1 }, { expected: 0 });
    const isUnexpected = { code: 'version-unexpected' };
    await assert.rejects(secrets.write('cas', { n: 2 }, { expected: 0 }), isUnexpected);
    await secrets.write('cas', { n: 2 }, { expected: 1 });
    await secrets.run(operations.updateSecret, { store, path: 'cas', checkRequired: true, mayCreate: false });
    await assert.rejects(secrets.write('cas', { n: 3 }), isUnexpected);
    await assert.rejects(secrets.patch('cas', { n: 3 }), isUnexpected);
    await secrets.patch('cas', { m: 3 }, 2);
    assert.deepEqual((await secrets.read('cas'))?.value, { n: 2, m: 3 });
  });

  it('lets one of several writers win who name the same version at once', async () => {
    await secrets.write('race', { n: 0 });
    const all = Array.from({ length: 8 }, (_, n) => secrets.write('race', { n }, { expected: 1 }));
    const results = await Promise.allSettled(all);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results)
      if (result.status === 'rejected') assert.ok(hasCode(result.reason, 'version-unexpected'));
  });

  it('deletes versions so that they can be brought back', async () => {
    await secrets.write('soft', { n: 1 });
    await secrets.write('soft', { n: 2 });
    assert.deepEqual(await secrets.delete('soft', 0), { versions: [2] });
    const read = await secrets.read('soft');
    assert.equal(read?.value, null);
    assert.equal(read?.version.deletedAt, world.clock.now());
    assert.deepEqual(await secrets.delete('soft', 2, 7), { versions: [] });
    assert.deepEqual((await secrets.patch('soft', { n: 3 })).written, false);
    assert.deepEqual(await secrets.undelete('soft', 2), { versions: [2] });
    assert.deepEqual((await secrets.read('soft'))?.value, { n: 2 });
    assert.deepEqual(await secrets.delete('absent', 0), { versions: [] });
  });

  it('destroys versions so that their shred secrets are gone before it answers', async () => {
    await secrets.write('hard', { n: 1 });
    await secrets.write('hard', { n: 2 });
    const [first, second] = (await sealedValues(world)).filter(({ id }) => id.includes('/hard//'));
    assert.ok(first?.sealed && first.shredId !== null && second?.sealed && second.shredId !== null);
    await secrets.destroy('hard', 1);
    assert.equal(await world.shreds.get(first.shredId), null);
    assert.notEqual(await world.shreds.get(second.shredId), null);
    const place = { environment: 'alpha', shredId: first.shredId };
    await assert.rejects(world.house.hierarchy.openShreddable(place, first.sealed), {
      code: 'key-destroyed',
    });
    const read = await secrets.read('hard', 1);
    assert.deepEqual([read?.value, read?.version.destroyed], [null, true]);
    assert.deepEqual(await secrets.undelete('hard', 1), { versions: [] });
    assert.deepEqual((await secrets.read('hard'))?.value, { n: 2 });
    assert.ok(!(await sealedValues(world)).some(({ id }) => id === first.id));
    const event = world.log.events.findLast(({ operation }) => operation === 'secrets.destroy');
    assert.deepEqual(event?.facts, { store, path: 'hard', versions: '1', shredded: first.shredId });
  });

  it('takes a secret away with all its versions', async () => {
    await secrets.write('whole', { n: 1 });
    await secrets.write('whole', { n: 2 });
    await secrets.write('whole/below', { n: 3 });
    const ids = (await sealedValues(world)).filter(({ id }) => id.includes('/whole//'));
    assert.equal(ids.length, 2);
    assert.deepEqual(await secrets.remove('whole'), { removed: true });
    for (const { shredId } of ids) assert.equal(await world.shreds.get(shredId ?? ''), null);
    assert.equal(await secrets.read('whole'), null);
    assert.equal(await secrets.describe('whole'), null);
    assert.deepEqual(await secrets.remove('whole'), { removed: false });
    assert.deepEqual((await secrets.read('whole/below'))?.value, { n: 3 });
    assert.equal((await secrets.write('whole', { n: 4 }, { expected: 0 })).version.number, 1);
  });

  it('evicts the oldest versions, and the house destroys their shred secrets', async () => {
    const settings = { store, path: 'few', versionsMax: 2, mayCreate: true };
    await secrets.run(operations.updateSecret, settings);
    await secrets.write('few', { n: 1 });
    const [first] = (await sealedValues(world)).filter(({ id }) => id.includes('/few//'));
    assert.ok(first && first.shredId !== null);
    for (const n of [2, 3, 4]) await secrets.write('few', { n });
    const head = await secrets.describe('few');
    assert.deepEqual([head?.current, head?.oldest, head?.versions.length], [4, 3, 2]);
    assert.equal(await secrets.read('few', 2), null);
    assert.equal((await sealedValues(world)).filter(({ id }) => id.includes('/few//')).length, 2);
    assert.notEqual(await world.shreds.get(first.shredId), null);
    const { shredded } = await world.door.runAsSystem(operations.shredEndedSecrets, 'alpha', { limit: 100 });
    assert.ok(shredded >= 2);
    assert.equal(await world.shreds.get(first.shredId), null);
    assert.deepEqual(await world.door.runAsSystem(operations.shredEndedSecrets, 'alpha', { limit: 100 }), {
      shredded: 0,
    });
    assert.deepEqual((await secrets.read('few', 3))?.value, { n: 3 });
  });

  it('deletes versions by their age, the sooner of what secret and store say', async () => {
    const other = 'store-2';
    await secrets.run(operations.configureSecrets, { store: other, deleteAfterSeconds: 100 });
    await secrets.run(operations.updateSecret, {
      store: other,
      path: 'aged',
      deleteAfterSeconds: 60,
      mayCreate: true,
    });
    const { version } = await secrets.run(operations.writeSecret, {
      store: other,
      path: 'aged',
      value: { n: 1 },
      expected: null,
      keep: null,
    });
    assert.equal(version.deletedAt, world.clock.now() + 60_000);
    const read = () => secrets.run(operations.readSecret, { store: other, path: 'aged', version: 0 });
    assert.deepEqual((await read())?.value, { n: 1 });
    world.clock.advance(60_000);
    assert.equal((await read())?.value, null);
    await secrets.run(operations.undeleteSecret, { store: other, path: 'aged', versions: [1] });
    assert.deepEqual((await read())?.value, { n: 1 });
  });

  it('lists secrets and folders in their order, page by page', async () => {
    for (const path of ['l/a', 'l/a-b', 'l/a/x', 'l/a/y/z', 'l/b', 'l/c/d', 'l/c/e', 'l/ä'])
      await secrets.write(path, { path });
    const all = ['a', 'a-b', 'a/', 'b', 'c/', 'ä'];
    assert.deepEqual(await secrets.names('l/'), all);
    assert.deepEqual(await secrets.names('l/a/'), ['x', 'y/']);
    assert.deepEqual(await secrets.names('l/c'.concat('/d/')), []);
    const paged: string[] = [];
    for (let after = ''; ; after = paged.at(-1) ?? '') {
      const page = await secrets.names('l/', { limit: 2, ...(after === '' ? {} : { after }) });
      paged.push(...page);
      if (page.length < 2) break;
    }
    assert.deepEqual(paged, all);
    assert.deepEqual(await secrets.names('a-folder-that-is-not/'), []);
  });

  it('lists a folder of many without reading what is in its folders', async () => {
    for (let n = 0; n < 30; n += 1) await secrets.write(`m/folder-${n % 3}/${n}`, { n });
    assert.deepEqual(await secrets.names('m/'), ['folder-0/', 'folder-1/', 'folder-2/']);
  });

  it('lists many folders without a look at the store for each', async () => {
    for (let n = 0; n < 40; n += 1) await secrets.write(`many/${n}/secret`, { n });
    const looks = mock.method(world.store.documents, 'list');
    try {
      assert.equal((await secrets.names('many/')).length, 40);
      assert.equal(looks.mock.callCount(), 1);
    } finally {
      looks.mock.restore();
    }
  });

  it('refuses paths and values that it would not keep as they are', async () => {
    const refused = { code: 'input-invalid' };
    for (const path of [
      '',
      '/',
      'a//b',
      'a/',
      '/a',
      'a/../b',
      'a\u0000b',
      'a\nb',
      '\ud800',
      // what is behind all others in a list
      '\u{10ffff}',
      'a/\u{10ffff}b/c',
      'x'.repeat(1025),
    ])
      await assert.rejects(secrets.write(path, { n: 1 }), refused, JSON.stringify(path));
    await secrets.write(`${'ä'.repeat(512)}`, { n: 1 });
    let deep: Record<string, unknown> = {};
    for (let depth = 0; depth < 70; depth += 1) deep = { deep };
    await assert.rejects(secrets.write('deep', deep), refused);
    await assert.rejects(secrets.write('big', { n: 2 ** 53 }), refused);
    // JSON of clients may say 1e400
    await assert.rejects(secrets.write('big', { n: [Infinity] }), refused);
    await assert.rejects(secrets.write('huge', { text: 'x'.repeat(1_048_576) }), { code: 'input-too-large' });
    await secrets.write('large', { text: 'x'.repeat(1_048_000) });
    const large = await secrets.read('large');
    assert.deepEqual(large?.value, { text: 'x'.repeat(1_048_000) });
  });

  it('keeps environments and stores apart', async () => {
    await secrets.write('apart', { n: 1 });
    const beta = secretsOf(world, () => world.caller({ environment: 'beta' }));
    assert.equal(await beta.read('apart'), null);
    await beta.write('apart', { n: 2 });
    assert.deepEqual((await secrets.read('apart'))?.value, { n: 1 });
    assert.deepEqual((await beta.read('apart'))?.value, { n: 2 });
    const elsewhere = { store: 'store-9', path: 'apart', version: 0 };
    assert.equal(await secrets.run(operations.readSecret, elsewhere), null);
  });

  it('shows values to users, and to operators and auditors only that they are there', async () => {
    await secrets.write('roles', { n: 1 });
    const as = (role: 'operator' | 'auditor' | 'user') =>
      secretsOf(world, () => world.caller({ roles: [role] }));
    for (const role of ['operator', 'auditor'] as const) {
      await assert.rejects(as(role).read('roles'), { code: 'access-denied' });
      await assert.rejects(as(role).write('roles', { n: 2 }), { code: 'access-denied' });
      assert.equal((await as(role).describe('roles'))?.current, 1);
    }
    await assert.rejects(as('auditor').destroy('roles', 1), { code: 'access-denied' });
    assert.deepEqual((await as('user').read('roles'))?.value, { n: 1 });
  });

  it('does not open a value in the place of another one', async () => {
    await secrets.write('first', { n: 1 });
    await secrets.write('second', { n: 2 });
    const [one, two] = await Promise.all(
      ['first', 'second'].map(async (path) => {
        const place = {
          environment: 'alpha',
          collection: 'secret-values',
          id: `${store}/${path}//000000000001`,
        };
        return world.store.documents.get(place);
      }),
    );
    assert.ok(one && two);
    const moved = { ...one, sealed: two.sealed, shredId: two.shredId, revision: one.revision + 1 };
    const change = { kind: 'document-put', document: moved, expectedRevision: one.revision } as const;
    await world.store.commit({ changes: [change], events: [] });
    world.house.documents.drop(null);
    await assert.rejects(secrets.read('first'), { code: 'integrity-failed' });
    assert.deepEqual((await secrets.read('second'))?.value, { n: 2 });
  });

  it('shows what another node changed, destroyed and wrote', async () => {
    const node = await world.node();
    const there = secretsOf(node, () => world.caller());
    await secrets.write('shared', { n: 1 });
    assert.deepEqual((await there.read('shared'))?.value, { n: 1 });
    await secrets.write('shared', { n: 2 });
    node.age(2000);
    assert.deepEqual((await there.read('shared'))?.value, { n: 2 });
    await there.destroy('shared', 1, 2);
    world.age(2000);
    assert.equal((await secrets.read('shared'))?.value, null);
  });

  it('answers what became of a value while another node knows of its head alone', async () => {
    const node = await world.node();
    const there = secretsOf(node, () => world.caller());
    for (const path of ['late/destroyed', 'late/removed', 'late/written']) {
      await secrets.write(path, { n: 1 }, { keep: 1 });
      await there.describe(path);
    }
    await secrets.destroy('late/destroyed', 1);
    await secrets.remove('late/removed');
    await secrets.write('late/written', { n: 2 }, { keep: 1 });
    assert.equal((await there.read('late/destroyed'))?.value, null);
    assert.deepEqual((await there.read('late/written'))?.value, { n: 2 });
    assert.deepEqual(await there.patch('late/removed', { n: 2 }), { secret: null, written: false });
    assert.equal(await there.read('late/removed'), null);
  });

  it('writes no value to its files, and none to the records of what was done', async () => {
    const planted = 'Planted-value-that-nobody-may-see';
    await secrets.write('planted', { [planted]: planted });
    await secrets.read('planted');
    await secrets.patch('planted', { more: planted });
    await assert.rejects(secrets.write('planted', { planted }, { expected: 7 }));
    await secrets.destroy('planted', 1);
    assert.ok(!JSON.stringify(world.log.events).includes(planted));
    const { readdirSync, readFileSync } = await import('node:fs');
    for (const name of readdirSync(world.folder, { recursive: true, withFileTypes: true }))
      if (name.isFile())
        assert.ok(!readFileSync(`${name.parentPath}/${name.name}`).includes(planted), name.name);
  });
});
