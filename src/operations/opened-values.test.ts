import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SecretBytes } from '#crypto';
import type { Document } from '#ports';
import { createOpenedValues } from './opened-values.ts';

function documentOf(id: string, shredId = `shred-${id}`): Document {
  const place = { environment: 'alpha', collection: 'things', id };
  return { ...place, revision: 1, content: {}, sealed: null, shredId, expiresAt: null };
}

const secretOf = (text: string) => SecretBytes.copyOf(Buffer.from(text));
const textOf = (secret: SecretBytes | undefined) => secret?.use((bytes) => Buffer.from(bytes).toString());
const isWiped = (secret: SecretBytes): boolean => {
  try {
    return secret.use(() => false);
  } catch {
    return true;
  }
};

describe('opened values', () => {
  it('are given until their document changes, and wiped then', () => {
    const values = createOpenedValues();
    const document = documentOf('a');
    const secret = secretOf('one');
    assert.equal(values.peek(document), undefined);
    assert.equal(values.keep(document, secret), true);
    assert.equal(textOf(values.peek(document)), 'one');
    values.drop(['key:a', 'document:alpha/things/b', 'document:beta/things/a']);
    assert.equal(textOf(values.peek(document)), 'one');
    values.drop(['document:alpha/things/a']);
    assert.equal(values.peek(document), undefined);
    assert.ok(isWiped(secret));
  });

  it('are not given for a document that was sealed anew under another secret', () => {
    const values = createOpenedValues();
    const secret = secretOf('one');
    values.keep(documentOf('a'), secret);
    assert.equal(values.peek(documentOf('a', 'another')), undefined);
    assert.ok(isWiped(secret));
  });

  it('are wiped when others take their place, and when everything is dropped', () => {
    const values = createOpenedValues();
    const [one, two, three] = [secretOf('1'), secretOf('2'), secretOf('3')];
    values.keep(documentOf('a'), one);
    values.keep(documentOf('a'), two);
    values.keep(documentOf('b'), three);
    assert.deepEqual([isWiped(one), isWiped(two), isWiped(three)], [true, false, false]);
    values.drop(null);
    assert.deepEqual([isWiped(two), isWiped(three)], [true, true]);
  });

  it('are bounded in time', () => {
    let now = 0;
    const values = createOpenedValues({ monotonic: () => now });
    const [old, young] = [secretOf('old'), secretOf('young')];
    values.keep(documentOf('old'), old);
    now = 59_999;
    assert.equal(textOf(values.peek(documentOf('old'))), 'old');
    values.keep(documentOf('young'), young);
    now = 60_000;
    values.expire();
    assert.deepEqual([isWiped(old), isWiped(young)], [true, false]);
    now = 120_000;
    assert.equal(values.peek(documentOf('young')), undefined);
    assert.ok(isWiped(young));
  });

  it('are bounded in bytes, each and all together', () => {
    const values = createOpenedValues();
    const large = SecretBytes.copyOf(Buffer.alloc(65_537));
    assert.equal(values.keep(documentOf('large'), large), false);
    assert.equal(isWiped(large), false);
    const all = Array.from({ length: 257 }, () => SecretBytes.copyOf(Buffer.alloc(65_536)));
    for (const [index, secret] of all.entries()) values.keep(documentOf(String(index)), secret);
    assert.equal(all.filter(isWiped).length, 1);
    assert.equal(values.peek(documentOf('0')), undefined);
    assert.notEqual(values.peek(documentOf('1')), undefined);
  });
});
