import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { StopError } from '#domain';
import { asWrappedMaterial } from '../material.ts';
import type { RootOfTrust } from '../root-of-trust.ts';

/** One root of trust, and another one of its kind. */
export type RootOfTrustFixture = {
  readonly root: RootOfTrust;
  /** The same root, opened once more; the suite closes it. */
  again(): Promise<RootOfTrust>;
  /** A root that holds another key; the suite closes it. */
  other(): Promise<RootOfTrust>;
  dispose(): Promise<void>;
};

/** The contract of the `RootOfTrust` port, as a suite of `node:test`. */
export function rootOfTrustContract(
  name: string,
  open: () => Promise<RootOfTrustFixture>,
  skip?: string,
): void {
  describe(`root of trust contract: ${name}`, { skip: skip ?? false }, () => {
    let fixture: RootOfTrustFixture;
    let root: RootOfTrust;
    before(async () => {
      fixture = await open();
      root = fixture.root;
    });
    after(() => fixture.dispose());

    const context = 'claviger test one';
    const refuses = async (work: Promise<unknown>): Promise<void> => {
      await assert.rejects(work, (error) => error instanceof StopError && error.code === 'root-refused');
    };

    it('says what it is', () => {
      const { kind, where, tier } = root.describe();
      assert.ok(kind.length > 0 && where.length > 0 && tier.length > 0);
    });

    it('unwraps what it wrapped, and keeps none of the bytes', async () => {
      for (const length of [1, 32, 48, 4096]) {
        const secret = new Uint8Array(randomBytes(length));
        const copy = new Uint8Array(secret);
        const wrapping = root.wrap(secret, context);
        const wrapped = await wrapping;
        assert.deepEqual(secret, copy);
        assert.equal(Buffer.from(wrapped).includes(secret) && length > 4, false);
        const opened = await root.unwrap(wrapped, context);
        assert.deepEqual(new Uint8Array(opened), copy);
        opened.fill(0);
        secret.fill(0);
        assert.deepEqual(new Uint8Array(await root.unwrap(wrapped, context)), copy);
      }
    });

    it('never wraps the same way twice', async () => {
      const secret = new Uint8Array(32);
      const all = await Promise.all(Array.from({ length: 50 }, () => root.wrap(secret, context)));
      assert.equal(new Set(all.map((each) => Buffer.from(each).toString('hex'))).size, 50);
    });

    it('is the same root when it is opened again', async () => {
      const secret = new Uint8Array(randomBytes(32));
      const wrapped = await root.wrap(secret, context);
      const again = await fixture.again();
      assert.deepEqual(new Uint8Array(await again.unwrap(wrapped, context)), secret);
      await again.close();
    });

    it('stops at another context, and at what another root wrapped', async () => {
      const wrapped = await root.wrap(new Uint8Array(randomBytes(32)), context);
      for (const wrong of ['', 'claviger test two', `${context} `, context.toUpperCase()])
        await refuses(root.unwrap(wrapped, wrong));
      const other = await fixture.other();
      await refuses(other.unwrap(wrapped, context));
      await refuses(root.unwrap(await other.wrap(new Uint8Array(32), context), context));
      await other.close();
    });

    it('stops at every byte that was changed, at what was cut and at what was added', async () => {
      const wrapped = await root.wrap(new Uint8Array(randomBytes(32)), context);
      for (let index = 0; index < wrapped.length; index += 1) {
        const changed = new Uint8Array(wrapped);
        changed[index] = (changed[index] ?? 0) ^ 1;
        await refuses(root.unwrap(asWrappedMaterial(changed), context));
      }
      for (let length = 0; length < wrapped.length; length += 1)
        await refuses(root.unwrap(asWrappedMaterial(wrapped.slice(0, length)), context));
      const longer = Buffer.concat([wrapped, Buffer.alloc(1)]);
      await refuses(root.unwrap(asWrappedMaterial(new Uint8Array(longer)), context));
    });

    it('is unavailable once it is closed, and may be closed twice', async () => {
      const wrapped = await root.wrap(new Uint8Array(32), context);
      const closed = await fixture.again();
      await closed.close();
      await closed.close();
      const gone = (error: unknown): boolean =>
        !(error instanceof StopError) && (error as { code?: string }).code === 'root-unavailable';
      await assert.rejects(closed.wrap(new Uint8Array(32), context), gone);
      await assert.rejects(closed.unwrap(wrapped, context), gone);
      await root.unwrap(wrapped, context);
    });
  });
}
