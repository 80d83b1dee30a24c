import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKms, type Kms } from './kms.fixture.ts';

const names = ['a', 'b', 'c', 'd', 'e'];

type Page = Readonly<Record<string, unknown>> & { readonly Truncated: boolean; readonly NextMarker?: string };

describe('a list', () => {
  let kms: Kms;
  const keys: string[] = [];
  before(async () => {
    kms = await startKms();
    for (let count = 0; count < 5; count += 1) keys.push(await kms.newKey());
    const [first = ''] = keys;
    for (const name of names)
      await kms.ask('CreateAlias', { AliasName: `alias/${name}`, TargetKeyId: first });
    const Tags = names.map((name) => ({ TagKey: name, TagValue: name.toUpperCase() }));
    await kms.ask('TagResource', { KeyId: first, Tags });
    for (let count = 0; count < 4; count += 1) await kms.ask('RotateKeyOnDemand', { KeyId: first });
  });
  after(() => kms.close());

  /** All pages of a list. */
  async function pages(operation: string, input: object): Promise<Page[]> {
    const found: Page[] = [];
    let marker: object = {};
    for (;;) {
      const page = await kms.ask<Page>(operation, { ...input, ...marker });
      found.push(page);
      assert.equal('NextMarker' in page, page.Truncated, 'a marker goes with a further page');
      if (!page.Truncated) return found;
      marker = { Marker: page.NextMarker };
    }
  }

  const lists: readonly (readonly [string, string, () => object])[] = [
    ['ListKeys', 'Keys', () => ({})],
    ['ListAliases', 'Aliases', () => ({})],
    ['ListAliases', 'Aliases', () => ({ KeyId: keys[0] })],
    ['ListResourceTags', 'Tags', () => ({ KeyId: keys[0] })],
    ['ListKeyRotations', 'Rotations', () => ({ KeyId: keys[0], IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })],
  ];

  for (const [operation, member, input] of lists) {
    it(`${operation} comes in pages of any size, each entry once`, async () => {
      const whole = (await kms.ask<Page>(operation, input()))[member] as unknown[];
      assert.equal(whole.length, 5);
      for (const Limit of [1, 2, 4, 5, 6, 1000]) {
        const found = await pages(operation, { ...input(), Limit });
        assert.equal(found.length, Math.ceil(5 / Limit), `pages of ${Limit}`);
        assert.deepEqual(
          found.flatMap((page) => page[member]),
          whole,
        );
      }
    });

    it(`${operation} refuses limits and markers that are not its own`, async () => {
      for (const Limit of [0, -1, 1001]) {
        assert.match(
          await kms.refusal(operation, { ...input(), Limit }),
          /^ValidationException: 1 validation error detected: Value '-?\d+' at 'limit' failed to satisfy constraint/,
        );
      }
      for (const Marker of ['x', 'c1.', 'c1.!!!', 'c1.YQ==']) {
        assert.match(await kms.refusal(operation, { ...input(), Marker }), /^InvalidMarkerException: ./);
      }
    });
  }

  it('of policies has one entry', async () => {
    assert.deepEqual(await kms.ask('ListKeyPolicies', { KeyId: keys[0] }), {
      PolicyNames: ['default'],
      Truncated: false,
    });
  });

  it('of keys holds id and ARN, and none that others own', async () => {
    const { Keys } = await kms.ask<{ Keys: { KeyId: string; KeyArn: string }[] }>('ListKeys', {
      ResourceOwners: ['SELF'],
    });
    assert.deepEqual(Keys.map(({ KeyArn }) => KeyArn).toSorted(), keys.toSorted());
    assert.ok(Keys.every(({ KeyId, KeyArn }) => KeyArn.endsWith(`:key/${KeyId}`)));
    assert.deepEqual(await kms.ask('ListKeys', { ResourceOwners: ['OTHER_ACCOUNTS_VIA_RAM'] }), {
      Keys: [],
      Truncated: false,
    });
  });
});

describe('tags', () => {
  let kms: Kms;
  before(async () => {
    kms = await startKms();
  });
  after(() => kms.close());

  it('are set, replaced and taken away', async () => {
    const KeyId = await kms.newKey('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', {
      Tags: [{ TagKey: 'a', TagValue: '1' }],
    });
    await kms.ask('TagResource', {
      KeyId,
      Tags: [
        { TagKey: 'a', TagValue: '2' },
        { TagKey: 'b', TagValue: '' },
      ],
    });
    const tags = async () => (await kms.ask<{ Tags: object[] }>('ListResourceTags', { KeyId })).Tags;
    assert.deepEqual(await tags(), [
      { TagKey: 'a', TagValue: '2' },
      { TagKey: 'b', TagValue: '' },
    ]);
    await kms.ask('UntagResource', { KeyId, TagKeys: ['a', 'never'] });
    assert.deepEqual(await tags(), [{ TagKey: 'b', TagValue: '' }]);
    const many = (from: number) =>
      Array.from({ length: 25 }, (_, index) => ({ TagKey: `t${from + index}`, TagValue: 'v' }));
    await kms.ask('TagResource', { KeyId, Tags: many(0) });
    assert.match(await kms.refusal('TagResource', { KeyId, Tags: many(25) }), /^LimitExceededException: ./);
  });
});
