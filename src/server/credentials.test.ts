import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { newToken, tokenId } from '#access';
import type { Principal } from '#domain';
import {
  createDocumentCache,
  createHierarchy,
  followChanges,
  newPrincipal,
  tokenCredential,
} from '#operations';
import type { Store } from '#ports';
import { createFileRoot, openFileRoot } from '#roots';
import { openShredStore, openStore } from '#storage';
import { whileFresh, storeAuthenticator } from './credentials.ts';

describe('the authenticator of a node', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-credentials-'));
  const url = `sqlite:${path.join(folder, 'store.db')}`;
  const clock = { now: () => 1_780_000_000_000 };
  const closing: { close(): Promise<void> }[] = [];
  let elsewhere: Store;

  /** A node with a store handle, a cache and a time of its own. */
  async function openNode() {
    const store = await openStore(url);
    const shreds = await openShredStore(`sqlite:${path.join(folder, 'shreds.db')}`);
    const root = await openFileRoot(path.join(folder, 'root.key'));
    closing.push(store, shreds, root);
    const hierarchy = createHierarchy({ root, store, shreds });
    const accountOf = async () => '111122223333';
    const documents = createDocumentCache(store);
    const cached = storeAuthenticator({ store, documents, hierarchy, clock, accountOf });
    let now = 0;
    const freshness = await followChanges({
      store,
      drop: (entities) => {
        documents.drop(entities);
        if (entities === null) cached.invalidateAll();
        else for (const entity of entities) cached.invalidate(entity);
      },
      monotonic: () => now,
    });
    const authenticator = whileFresh(cached, freshness);
    return {
      hierarchy,
      bearer: (token: string) => authenticator.bearer({ rawHeaders: ['Authorization', `Bearer ${token}`] }),
      idle(millis: number) {
        now += millis;
      },
    };
  }

  before(async () => {
    await createFileRoot(path.join(folder, 'root.key'));
    elsewhere = await openStore(url);
    closing.push(elsewhere);
    const { hierarchy } = await openNode();
    const environment = { name: 'alpha', accountId: '111122223333', createdAt: clock.now() };
    const wrappedKek = await hierarchy.newEnvironment('alpha');
    await elsewhere.commit({
      changes: [{ kind: 'environment-created', environment, wrappedKek }],
      events: [],
    });
  });
  after(async () => {
    for (const part of closing) await part.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function withToken(name: string): Promise<{ principal: Principal; token: string }> {
    const principal = newPrincipal('alpha', { name, kind: 'user', roles: ['user'] }, clock.now());
    const token = newToken();
    await elsewhere.commit({
      changes: [
        { kind: 'principal-put', principal },
        { kind: 'credential-created', credential: tokenCredential(principal, token, clock.now()) },
      ],
      events: [],
    });
    return { principal, token };
  }

  it('refuses a credential that was revoked elsewhere while the node was idle', async () => {
    const node = await openNode();
    const { token } = await withToken('ada');
    assert.equal((await node.bearer(token)).principal.name, 'ada');
    await elsewhere.commit({ changes: [{ kind: 'credential-deleted', id: tokenId(token) }], events: [] });
    node.idle(3_600_000);
    await assert.rejects(node.bearer(token), { code: 'credential-unknown' });
  });

  it('sees roles as they are now, and a principal that was disabled', async () => {
    const node = await openNode();
    const { principal, token } = await withToken('eve');
    await node.bearer(token);
    await elsewhere.commit({
      changes: [{ kind: 'principal-put', principal: { ...principal, roles: ['auditor'] } }],
      events: [],
    });
    node.idle(1000);
    assert.deepEqual((await node.bearer(token)).principal.roles, ['auditor']);
    await elsewhere.commit({
      changes: [{ kind: 'principal-put', principal: { ...principal, disabled: true } }],
      events: [],
    });
    node.idle(1000);
    await assert.rejects(node.bearer(token), { code: 'credential-unknown' });
  });
});
