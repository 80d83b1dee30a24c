import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../documents.ts';
import * as samples from './samples.ts';
import type { StoreHandles } from './store.ts';

const { someDay } = samples;

function sample(change: Partial<Document> = {}): Document {
  return {
    environment: samples.uniqueName('env'),
    collection: 'policy',
    id: samples.uniqueName('document'),
    revision: 1,
    content: { text: 'path "a" {}', count: 3 },
    sealed: null,
    shredId: null,
    expiresAt: null,
    ...change,
  };
}

const put = (document: Document, expectedRevision: number | null = null) =>
  samples.only({ kind: 'document-put', document, expectedRevision });

/** Small records that are no keys. */
export function documentTests({ store, second }: StoreHandles): void {
  describe('documents', () => {
    it('gives a document back as it was put, to every handle, until it is taken away', async () => {
      const plain = sample();
      const full = sample({ sealed: samples.material(), shredId: 'shred-1', expiresAt: someDay });
      const other = await second();
      for (const document of [plain, full]) {
        assert.equal(await store().documents.get(document), null);
        await store().commit(put(document));
        assert.deepEqual(await other.documents.get(document), document);
        const changed = {
          ...document,
          revision: 2,
          content: { text: 'é\u{1F511}' },
          sealed: samples.material(),
        };
        await other.commit(put(changed, 1));
        assert.deepEqual(await store().documents.get(document), changed);
        const { environment, collection, id } = document;
        const removal = { kind: 'document-deleted', environment, collection, id } as const;
        await assert.rejects(store().commit(samples.only({ ...removal, expectedRevision: 1 })), {
          code: 'conflict',
        });
        await store().commit(samples.only({ ...removal, expectedRevision: 2, erases: true }));
        await store().finishErasure();
        assert.equal(await other.documents.get(document), null);
      }
    });

    it('refuses what stands otherwise than its writer read', async () => {
      const document = sample();
      await assert.rejects(store().commit(put({ ...document, revision: 2 }, 1)), { code: 'conflict' });
      await assert.rejects(store().commit(put({ ...document, revision: 2 })), { code: 'conflict' });
      await store().commit(put(document));
      await assert.rejects(store().commit(put(document)), { code: 'conflict' });
      await assert.rejects(store().commit(put({ ...document, revision: 3 }, 1)), { code: 'conflict' });
      await assert.rejects(store().commit(put({ ...document, revision: 3 }, 2)), { code: 'conflict' });
      assert.deepEqual(await store().documents.get(document), document);
    });

    it('lists by the beginning of ids, in the order of their bytes, a page at a time', async () => {
      const { environment } = sample();
      const ids = ['a', 'a/b', 'a/b/c', 'a/Z', 'a/é', 'a/\u{1F511}', 'a0', 'b'];
      for (const id of ids) await store().commit(put(sample({ environment, id })));
      await store().commit(put(sample({ environment, id: 'a/b', collection: 'policy-2' })));
      await store().commit(put(sample({ id: 'a/b' })));
      const of = { environment, collection: 'policy' };
      const all = await store().documents.list(of, 'a/', { after: null, limit: 10 });
      const expected = ['a/Z', 'a/b', 'a/b/c', 'a/é', 'a/\u{1F511}'];
      assert.deepEqual(
        all.map(({ id }) => id),
        expected,
      );
      const next = await store().documents.list(of, 'a/', { after: 'a/b', limit: 2 });
      assert.deepEqual(
        next.map(({ id }) => id),
        ['a/b/c', 'a/é'],
      );
      assert.equal((await store().documents.list(of, '', { after: null, limit: 100 })).length, ids.length);
    });

    it('tells of what is sealed, a page at a time, and of what has expired', async () => {
      const { environment } = sample();
      const made = [
        sample({ environment, collection: 'a', id: 'z', sealed: samples.material() }),
        sample({ environment, collection: 'b', id: 'a\nb', sealed: samples.material(), shredId: 's' }),
        sample({ environment, collection: 'b', id: 'b' }),
        sample({ environment, collection: 'c', id: '0', sealed: samples.material(), expiresAt: 5 }),
        sample({ environment, collection: 'c', id: '1', expiresAt: 4 }),
      ];
      for (const document of made) await store().commit(put(document));
      const found = [];
      let after: string | null = null;
      do {
        const page = await store().documents.sealed(environment, { after, limit: 1 });
        found.push(...page.documents);
        after = page.next;
      } while (after !== null);
      const sealed = made.filter((document) => document.sealed);
      assert.deepEqual(
        found,
        sealed.map(({ collection, id, shredId, sealed: bytes }) => ({
          collection,
          id,
          sealed: bytes,
          shredId,
        })),
      );
      const expired = (await store().documents.expired(5, 1000)).filter(
        (document) => document.environment === environment,
      );
      assert.deepEqual(
        expired.map(({ id }) => id),
        ['1', '0'],
      );
      const here = await store().documents.expired(5, 1, environment);
      assert.deepEqual(
        here.map(({ id }) => id),
        ['1'],
      );
      assert.deepEqual(await store().documents.expired(5, 1000, `${environment}-other`), []);
      assert.ok((await store().documents.expired(4, 1000)).every(({ expiresAt }) => Number(expiresAt) <= 4));
    });

    it('tells its followers which document changed', async () => {
      const document = sample();
      const before = await store().changeSequence();
      await store().commit(put(document));
      const { entities } = await store().changesSince(before);
      assert.ok(entities.includes(`document:${document.environment}/${document.collection}/${document.id}`));
    });

    it('seals anew what still is as it was read', async () => {
      const document = sample({ sealed: samples.material() });
      const { environment, collection, id } = document;
      assert.ok(document.sealed);
      await store().commit(put(document));
      const after = samples.material();
      const resealed = (before = document.sealed ?? after) =>
        samples.only({
          kind: 'resealed',
          environment,
          materials: [],
          secrets: [],
          documents: [{ collection, id, before, after }],
        });
      await store().commit(resealed(samples.material()));
      assert.deepEqual((await store().documents.get(document))?.sealed, document.sealed);
      await store().commit(resealed());
      assert.deepEqual((await store().documents.get(document))?.sealed, after);
    });
  });
}
