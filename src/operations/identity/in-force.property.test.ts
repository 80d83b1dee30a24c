import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Document } from '#ports';
import { identityOf } from './in-force.ts';
import type { Place } from './mounts.ts';

const groupIds = ['g0', 'g1', 'g2', 'g3', 'g4', 'g5'];

/** A place whose documents are these, and nothing else. */
function placeOf(documents: readonly Pick<Document, 'collection' | 'id' | 'content'>[]): Place {
  const all = documents.map((each) => ({
    ...each,
    environment: 'alpha',
    revision: 1,
    sealed: null,
    shredId: null,
    expiresAt: null,
  }));
  const house = {
    clock: { now: () => 0 },
    documents: {
      peek: ({ collection, id }: { collection: string; id: string }) =>
        all.find((each) => each.collection === collection && each.id === id) ?? null,
    },
    store: {
      documents: {
        list: async ({ collection }: { collection: string }, prefix: string) =>
          all.filter((each) => each.collection === collection && each.id.startsWith(prefix)),
      },
    },
  };
  return { house: house as unknown as Place['house'], environment: 'alpha' };
}

const times = { metadata: null, createdAt: 0, updatedAt: 0 };
const policies = fc.subarray(['a', 'b', 'c', 'd']);

/** Any groups, of which some are of others or of themselves, some are gone, and the entity is of any. */
const world = fc.record({
  own: policies,
  groups: fc.array(fc.option(policies), { minLength: 6, maxLength: 6 }),
  direct: fc.subarray(groupIds),
  inside: fc.uniqueArray(fc.tuple(fc.constantFrom(...groupIds), fc.constantFrom(...groupIds)), {
    maxLength: 10,
    selector: String,
  }),
});

describe('what an entity has', () => {
  it('is its own and that of every group that there is a way to', async () => {
    let met = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ own, groups, direct, inside }) => {
        const membership = { kind: 'entity', mountId: null };
        const place = placeOf([
          {
            collection: 'entity',
            id: 'e',
            content: { name: 'e', policies: own, disabled: false, aliases: [], mergedIds: [], ...times },
          },
          ...groups.flatMap((given, at) =>
            given
              ? [
                  {
                    collection: 'group',
                    id: `g${at}`,
                    content: { name: `n${at}`, type: 'internal', policies: given, alias: null, ...times },
                  },
                ]
              : [],
          ),
          ...direct.map((id) => ({ collection: 'member-group', id: `e/${id}`, content: membership })),
          ...inside.map(([member, of]) => ({
            collection: 'member-group',
            id: `${member}/${of}`,
            content: { kind: 'group', mountId: null },
          })),
        ]);
        // the plainest reading: as many rounds as there are groups, and what is gone leads nowhere
        const standing = (id: string) => (groups[Number(id.slice(1))] ?? null) !== null;
        let reached = new Set(direct.filter(standing));
        for (let round = 0; round < groupIds.length; round += 1)
          reached = new Set([
            ...reached,
            ...inside.filter(([member, of]) => reached.has(member) && standing(of)).map(([, of]) => of),
          ]);
        const expected = new Set([
          ...own,
          ...[...reached].flatMap((id) => groups[Number(id.slice(1))] ?? []),
        ]);
        const identity = await identityOf(place, { id: 'e' });
        assert.deepEqual(identity.policies, [...expected].sort());
        assert.deepEqual([...identity.dependsOn].sort(), ['e', ...reached].sort());
        assert.deepEqual(identity.subject?.groups.map(({ id }) => id).sort(), [...reached].sort());
        if (reached.size > direct.length) met += 1;
      }),
      { numRuns: 500 },
    );
    assert.ok(met > 50, `groups above groups were met ${met} times`);
  });
});
