import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rootAcl } from '../authorize/acl-policy/compile.ts';
import { credentialsMax, type Found } from './found.ts';
import { tokenId } from './token.ts';
import { createTokenCache } from './token-cache.ts';

const principal = {
  id: 'p',
  environment: 'production',
  name: 'web',
  kind: 'workload',
  roles: [],
  createdAt: 0,
  disabled: false,
} as const;

type Ties = { readonly lineage?: readonly string[]; readonly dependsOn?: readonly string[] };

/** A cache over tokens that all are there, with a count of how often each was looked up. */
function cacheOf(ties: (token: string) => Ties) {
  const asked = new Map<string, number>();
  let gate: Promise<void> = Promise.resolve();
  const cache = createTokenCache({
    clock: { now: () => 0 },
    requireCurrent: () => {},
    source: {
      async token(_id, token): Promise<Found> {
        asked.set(token, (asked.get(token) ?? 0) + 1);
        await gate;
        const { lineage = [], dependsOn = [] } = ties(token);
        const rest = { acl: rootAcl, isBarred: false, usesLeft: null, boundCidrs: [] };
        return { principal, accountId: '1', expiresAt: null, grant: { lineage, dependsOn, ...rest } };
      },
    },
  });
  return {
    cache,
    /** How often it was looked up after one more use. */
    async uses(token: string): Promise<number> {
      await cache.recognise(token);
      return asked.get(token) ?? 0;
    },
    holdUp(until: Promise<void>) {
      gate = until;
    },
  };
}

const document = (collection: string, id: string) => `document:production/${collection}/${id}`;

describe('a token that is known', () => {
  it('is looked up anew when what its rights rest on has changed, and no other is', async () => {
    const { cache, uses } = cacheOf((token) =>
      token === 'token-one' ? { dependsOn: ['e1', 'g1', 'g2'] } : { dependsOn: ['e2', 'g2'] },
    );
    const both = async () => [await uses('token-one'), await uses('token-two')];
    assert.deepEqual(
      [await both(), await both()],
      [
        [1, 1],
        [1, 1],
      ],
    );
    const cases: readonly [string, number[]][] = [
      [document('entity', 'e1'), [2, 1]],
      [document('entity', 'e3'), [2, 1]],
      [document('group', 'g1'), [3, 1]],
      [document('group', 'g2'), [4, 2]],
      [document('member-group', 'e1/g9'), [5, 2]],
      [document('member-group', 'g2/g9'), [6, 3]],
      [document('member-group', 'g9/g2'), [6, 3]],
      [document('group-member', 'g2/e1'), [6, 3]],
      [document('entity-name', 'e1'), [6, 3]],
      [document('entity-alias', 'e1'), [6, 3]],
      [document('acl-policy', 'anything'), [7, 4]],
      ['principal:p', [8, 5]],
      [document('token', tokenId('token-one')), [9, 5]],
    ];
    for (const [entity, expected] of cases) {
      cache.invalidate(entity);
      assert.deepEqual(await both(), expected, entity);
    }
    cache.invalidateAll();
    assert.deepEqual(await both(), [10, 6]);
  });

  it('ends with each of those above it', async () => {
    const { cache, uses } = cacheOf(() => ({ lineage: ['parent', 'root'], dependsOn: ['e1'] }));
    for (const [count, above] of ['parent', 'root', 'parent'].entries()) {
      assert.equal(await uses('token-one'), count + 1);
      cache.invalidate(document('token', above));
    }
    cache.invalidate('credential:root');
    assert.equal(await uses('token-one'), 4);
  });

  it('is not kept of a look-up that a change came into', async () => {
    const { cache, uses, holdUp } = cacheOf(() => ({ dependsOn: ['e1'] }));
    let release = (): void => {};
    holdUp(new Promise((resolve) => (release = resolve)));
    const first = uses('token-one');
    cache.invalidate(document('entity', 'e1'));
    release();
    assert.equal(await first, 1);
    assert.equal(await uses('token-one'), 2);
    assert.equal(await uses('token-one'), 2);
  });

  it('leaves nothing behind that others of its entity would add to', async () => {
    const { cache, uses } = cacheOf(() => ({ dependsOn: ['e1'] }));
    // more than are kept at once, all of one entity: the oldest make room
    for (let count = 0; count <= credentialsMax; count += 1) await cache.recognise(`token-${count}`);
    assert.equal(await uses(`token-${credentialsMax}`), 1);
    assert.equal(await uses('token-0'), 2);
    cache.invalidate(document('entity', 'e1'));
    assert.equal(await uses(`token-${credentialsMax}`), 2);
  });

  it('forgets all rather than a tie that would end some', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => `g${index}`);
    const { cache, uses } = cacheOf(() => ({ dependsOn: many }));
    for (let count = 0; count < 200; count += 1) await cache.recognise(`token-${count}`);
    assert.equal(await uses('token-0'), 1);
    await cache.recognise('token-200');
    assert.equal(await uses('token-0'), 2);
    cache.invalidate(document('group', 'g7'));
    assert.deepEqual([await uses('token-0'), await uses('token-200')], [3, 2]);
  });
});
