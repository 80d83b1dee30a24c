import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError } from '#domain';
import { samples } from '#ports/contract';
import {
  decodeCredential,
  decodeEvent,
  decodeKey,
  decodePrincipal,
  encodeEvent,
  encodeKey,
} from './records.ts';

function refuses(read: () => unknown): void {
  assert.throws(read, (error) => error instanceof ClavigerError && error.code === 'integrity-failed');
}

describe('records', () => {
  it('reads every key that it writes', () => {
    const texts = fc.string({ unit: 'binary' });
    const run = (description: string, publicKey: Uint8Array | null, revision: number): void => {
      const versions = [samples.sampleVersion({ publicKey }), samples.sampleVersion({ number: 2 })];
      const key = samples.sampleKey('production', { description, owner: description, revision, versions });
      assert.deepEqual(decodeKey(key.id, encodeKey(key)), key);
    };
    const publicKeys = fc.option(fc.uint8Array({ minLength: 1, maxLength: 600 }));
    fc.assert(fc.property(texts, publicKeys, fc.maxSafeNat(), run));
  });

  it('refuses a key of another id, a format that it does not know, and every kind of garbage', () => {
    const key = samples.sampleKey('production', {
      versions: [samples.sampleVersion({ publicKey: new Uint8Array([1, 2]) })],
    });
    const doc = encodeKey(key);
    refuses(() => decodeKey('another', doc));
    assert.ok(doc.includes('"formatVersion":1'));
    refuses(() => decodeKey(key.id, doc.replace('"formatVersion":1', '"formatVersion":2')));
    refuses(() => decodeKey(key.id, doc.replace('"formatVersion":1,', '')));
    refuses(() => decodeKey(key.id, doc.replace('"AQI="', '"*"')));
    refuses(() => decodeKey(key.id, doc.replace('"revision":1', '"revision":"1"')));
    for (const garbage of [
      null,
      undefined,
      7,
      new Uint8Array(3),
      '',
      '{',
      '[]',
      'null',
      '{"formatVersion":1}',
    ]) {
      refuses(() => decodeKey(key.id, garbage));
    }
    const parsed = JSON.parse(doc);
    for (const field of [
      'id',
      'environment',
      'region',
      'spec',
      'usage',
      'policy',
      'tier',
      'tags',
      'versions',
    ]) {
      refuses(() =>
        decodeKey(key.id, JSON.stringify({ ...parsed, key: { ...parsed.key, [field]: undefined } })),
      );
    }
    for (const versions of [[], [null], [{}], 'x', [{ ...parsed.key.versions[0], history: null }]]) {
      refuses(() => decodeKey(key.id, JSON.stringify({ ...parsed, key: { ...parsed.key, versions } })));
    }
  });

  it('never answers with half a key when a document is cut or changed', () => {
    const key = samples.sampleKey('production');
    const doc = encodeKey(key);
    fc.assert(
      fc.property(fc.nat(doc.length - 1), (length) => refuses(() => decodeKey(key.id, doc.slice(0, length)))),
    );
  });

  it('reads every event that it writes, and refuses one of another id', () => {
    const event = samples.sampleEvent({
      keyVersion: 3,
      contextDigest: 'ab',
      reason: 'conflict',
      facts: null,
    });
    assert.deepEqual(decodeEvent({ id: event.id, event: encodeEvent(event) }), event);
    refuses(() => decodeEvent({ id: 'another', event: encodeEvent(event) }));
    refuses(() => decodeEvent({ id: event.id, event: encodeKey(samples.sampleKey('production')) }));
  });

  it('refuses principals and credentials that it can not read', () => {
    const principal = { id: 'p', environment: 'e', name: 'n', kind: 'user', created_at: 1, disabled: 0 };
    assert.deepEqual(decodePrincipal({ ...principal, roles: '["user"]' }).roles, ['user']);
    assert.equal(decodePrincipal({ ...principal, roles: '[]', disabled: 7 }).disabled, true);
    for (const roles of ['', '{', '{}', '[1]', null]) refuses(() => decodePrincipal({ ...principal, roles }));
    refuses(() => decodePrincipal({ ...principal, roles: '[]', disabled: null }));
    const credential = { id: 'c', principal_id: 'p', environment: 'e', created_at: 1, expires_at: null };
    refuses(() => decodeCredential({ ...credential, kind: 'password', wrapped_secret: null }));
    refuses(() => decodeCredential({ ...credential, kind: 'access-key', wrapped_secret: null }));
    refuses(() => decodeCredential({ ...credential, kind: 'token', expires_at: '5' }));
    refuses(() => decodeCredential({ ...credential, kind: 'token', created_at: 2 ** 60 }));
  });
});
