import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { tokenId } from '#access';
import type { Change } from '#ports';
import { dayMillis, openWorld, someDay, type TestWorld } from './house.fixture.ts';
import { operations } from './table.ts';
import { issueToken } from './tokens/issue.ts';

const environment = 'alpha';
const perCommitMost = 800;

describe('the sweep of what has expired', () => {
  let world: TestWorld;
  let commits: number[];

  beforeEach(async () => {
    commits = [];
    world = await openWorld((store) => ({
      ...store,
      commit: (commit) => {
        commits.push(commit.changes.length);
        return store.commit(commit);
      },
    }));
  });
  afterEach(() => world.dispose());

  const sweep = (where = environment) => world.door.runAsSystem(operations.sweepDocuments, where, {});

  async function put(where: string, count: number, expiresAt: number): Promise<void> {
    const changes: Change[] = Array.from({ length: count }, (_, at) => ({
      kind: 'document-put' as const,
      document: {
        environment: where,
        collection: 'small-thing',
        id: `${expiresAt}-${at}`,
        revision: 1,
        content: {},
        sealed: null,
        shredId: null,
        expiresAt,
      },
      expectedRevision: null,
    }));
    await world.store.commit({ changes, events: [] });
  }

  async function token(parentId: string | null, ttlSeconds = 60): Promise<string> {
    const issued = await issueToken(world.house, someDay, {
      environment,
      principalId: 'p',
      displayName: 'token',
      policies: ['default'],
      path: 'auth/token/create',
      meta: null,
      ttlSeconds,
      explicitMaxSeconds: 0,
      periodSeconds: 0,
      usesMax: 0,
      parentId,
      isRenewable: true,
      type: 'service',
      boundCidrs: [],
      noDefaultPolicy: false,
      role: null,
      entity: null,
      identityPolicies: [],
    });
    await world.store.commit({ changes: issued.changes, events: [] });
    return tokenId(issued.token);
  }

  async function left(...collections: string[]): Promise<number> {
    let count = 0;
    for (const collection of collections) {
      const page = { after: null, limit: 100_000 };
      count += (await world.store.documents.list({ environment, collection }, '', page)).length;
    }
    return count;
  }

  it('sees to an environment, however much of another one waits', async () => {
    await put('alpha', 1200, someDay - 2000);
    await put('beta', 3, someDay - 1000);
    assert.deepEqual(await sweep('beta'), { swept: 3, isMore: false });
    let rounds = 0;
    for (let answer = await sweep(); ; answer = await sweep()) {
      rounds += 1;
      assert.ok(answer.swept <= perCommitMost);
      if (!answer.isMore) break;
    }
    assert.ok(rounds > 1);
    assert.equal(await left('small-thing'), 0);
    assert.deepEqual(await sweep(), { swept: 0, isMore: false });
  });

  it('takes away the tree of a token in parts, the leaves first, and nothing of another', async () => {
    const root = await token(null);
    const other = await token(null, 60 * 86_400);
    await token(other, 60 * 86_400);
    for (let at = 0; at < 3; at += 1) {
      const child = await token(root, 2 * 86_400);
      for (let under = 0; under < 80; under += 1) await token(child, 2 * 86_400);
    }
    world.clock.advance(61_000);
    commits.length = 0;
    const [first, second] = [await sweep(), await sweep()];
    assert.deepEqual([first.isMore, second.isMore], [true, false]);
    assert.ok(Math.max(...commits) <= perCommitMost, String(commits));
    assert.ok(await world.store.documents.get({ environment, collection: 'token', id: other }));
    // two tokens with their accessors, and one as the child of the other
    assert.equal(await left('token', 'token-accessor', 'token-child'), 5);
    assert.equal(await world.store.documents.get({ environment, collection: 'token', id: root }), null);
  });

  it('leaves the root of a tree until all below it is gone', async () => {
    const root = await token(null);
    for (let at = 0; at < 200; at += 1) await token(root, 2 * 86_400);
    world.clock.advance(61_000);
    await sweep();
    assert.ok(await world.store.documents.get({ environment, collection: 'token', id: root }));
    await sweep();
    assert.equal(await left('token', 'token-accessor', 'token-child'), 0);
  });

  it('takes what is left of a child that is gone itself', async () => {
    const root = await token(null);
    const link = { environment, collection: 'token-child', id: `${root}/gone`, revision: 1 };
    const document = { ...link, content: {}, sealed: null, shredId: null, expiresAt: null };
    await world.store.commit({
      changes: [{ kind: 'document-put', document, expectedRevision: null }],
      events: [],
    });
    world.clock.advance(dayMillis);
    await sweep();
    assert.equal(await left('token', 'token-accessor', 'token-child'), 0);
  });
});
