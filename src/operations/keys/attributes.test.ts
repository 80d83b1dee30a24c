import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Key, Tag } from '#domain';
import { byId, makeKey, openWorld, type TestWorld } from '../house.fixture.ts';
import { operations } from '../table.ts';

describe('the attributes of a key', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  const tag = (key: Key, tags: readonly Tag[]): Promise<Key> =>
    world.door.run(operations.tagKey, world.caller(), { key: byId(key), tags: [...tags] });
  const untag = (key: Key, tagKeys: string[]): Promise<Key> =>
    world.door.run(operations.untagKey, world.caller(), { key: byId(key), tagKeys });
  const numbered = (count: number, from = 0): Tag[] =>
    Array.from({ length: count }, (_, index) => ({ key: `k${index + from}`, value: `${index}` }));

  it('keep their tags in the order in which they were set, each once', async () => {
    const key = await makeKey(world, { tags: numbered(2) });
    const tagged = await tag(key, [
      { key: 'new', value: '' },
      { key: 'k0', value: 'changed' },
    ]);
    assert.deepEqual(tagged.tags, [
      { key: 'k0', value: 'changed' },
      { key: 'k1', value: '1' },
      { key: 'new', value: '' },
    ]);
    assert.deepEqual(
      (await untag(key, ['k0', 'absent'])).tags.map((each) => each.key),
      ['k1', 'new'],
    );
  });

  it('hold 50 tags and no more', async () => {
    const key = await makeKey(world, { tags: numbered(50) });
    await assert.rejects(tag(key, numbered(1, 50)), { code: 'limit-exceeded' });
    await tag(key, numbered(50));
    await untag(key, ['k7']);
    await tag(key, numbered(1, 50));
    await assert.rejects(makeKey(world, { tags: numbered(51) }), { code: 'input-invalid' });
  });

  it('take no tag twice, and none of the house', async () => {
    const key = await makeKey(world);
    const twice = [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ];
    for (const tags of [twice, [{ key: 'AWS:x', value: '' }], [{ key: 'aws:x', value: '' }]]) {
      await assert.rejects(tag(key, tags), { code: 'tag-invalid' });
      await assert.rejects(makeKey(world, { tags }), { code: 'tag-invalid' });
    }
    for (const tags of [[{ key: '', value: '' }], [{ key: 'x'.repeat(129), value: '' }]])
      await assert.rejects(tag(key, tags), { code: 'input-invalid' });
    await assert.rejects(tag(key, [{ key: 'x', value: 'y'.repeat(257) }]), { code: 'input-invalid' });
  });

  it('list tags page by page', async () => {
    const key = await makeKey(world, { tags: numbered(5) });
    const list = (after: string | null, limit = 2) =>
      world.door.run(operations.listTags, world.caller(), { key: byId(key), page: { after, limit } });
    const pages = [await list(null), await list('k1'), await list('k3')];
    assert.deepEqual(
      pages.map(({ tags, next }) => [tags.map((each) => each.key), next]),
      [
        [['k0', 'k1'], 'k1'],
        [['k2', 'k3'], 'k3'],
        [['k4'], null],
      ],
    );
    await assert.rejects(list('absent'), { code: 'page-marker-invalid' });
    await assert.rejects(list(null, 0), { code: 'input-invalid' });
    await assert.rejects(list(null, 1001), { code: 'input-invalid' });
  });

  it('can be described and have another policy, which holds at once', async () => {
    const key = await makeKey(world);
    const described = await world.door.run(operations.updateDescription, world.caller(), {
      key: byId(key),
      description: 'neu: ключ',
    });
    assert.deepEqual([described.description, described.revision], ['neu: ключ', 2]);
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' },
        { Effect: 'Deny', Principal: '*', Action: 'kms:DescribeKey', Resource: '*' },
      ],
    });
    const put = { key: byId(key), policy, bypassLockoutCheck: false };
    await world.door.run(operations.putPolicy, world.caller(), put);
    const got = await world.door.run(operations.getPolicy, world.caller(), { key: byId(key) });
    assert.equal(got.policy, policy);
    await assert.rejects(world.door.run(operations.describeKey, world.caller(), { key: byId(key) }), {
      code: 'access-denied',
      details: {
        principalArn: 'arn:aws:iam::111122223333:user/ada',
        action: 'kms:DescribeKey',
        resource: `arn:aws:kms:eu-north-1:111122223333:key/${key.id}`,
        reason: 'explicit-deny',
      },
    });
  });
});
