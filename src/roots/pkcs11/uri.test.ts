import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { parsePkcs11Uri } from './uri.ts';

const tail = '?module-path=/lib/p11.so&pin-source=file:/run/pin';

describe('a PKCS #11 URI', () => {
  it('is read in any order of its attributes', () => {
    const expected = {
      token: 'T 1',
      object: 'claviger-root',
      id: '01ff61',
      serial: 'ab',
      modulePath: '/lib/p11.so',
      pinSource: 'file:/run/pin',
    };
    const parts = ['token=T%201', 'object=claviger-root', 'id=%01%ffa', 'serial=ab'];
    for (const order of [parts, parts.toReversed()])
      assert.deepEqual(parsePkcs11Uri(`pkcs11:${order.join(';')}${tail}`), expected);
    assert.deepEqual(parsePkcs11Uri(`pkcs11:token=T?pin-source=env:PIN&module-path=/a`).pinSource, 'env:PIN');
  });

  it('is refused, without being quoted, for everything else', () => {
    const wrong = [
      '',
      'file:/x',
      'pkcs11:',
      `pkcs11:object=o${tail}`,
      `pkcs11:token=${tail}`,
      `pkcs11:token=a;token=b${tail}`,
      `pkcs11:token=a;slot-id=1${tail}`,
      `pkcs11:token=a;pin-value=secret77${tail}`,
      `pkcs11:token=a${tail}&pin-value=secret77`,
      `pkcs11:token=a;${tail}`,
      `pkcs11:token=a%0a${tail}`,
      `pkcs11:token=a%ff${tail}`,
      `pkcs11:token=${'a'.repeat(33)}${tail}`,
      'pkcs11:token=a?module-path=p11.so&pin-source=file:/p',
      'pkcs11:token=a?module-path=/p11.so',
      'pkcs11:token=a?module-path=/p11.so&pin-source=secret77',
      'pkcs11:token=a?module-path=/p11.so&pin-source=file:relative',
      'pkcs11:token=a?module-path=/p11.so&pin-source=fd:x',
      `pkcs11:token=a?pin-source=file:/p`,
    ];
    for (const text of wrong)
      assert.throws(
        () => parsePkcs11Uri(text),
        (error) => hasCode(error, 'configuration-invalid') && !error.message.includes('secret77'),
        text,
      );
  });

  it('keeps every label that fits', () => {
    const label = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .filter((text) => text.isWellFormed() && Buffer.byteLength(text) <= 32 && !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(label, (token) => {
        const encoded = [...Buffer.from(token)]
          .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
          .join('');
        assert.equal(parsePkcs11Uri(`pkcs11:token=${encoded}${tail}`).token, token);
      }),
    );
  });

  it('gives one kind of error for anything at all', () => {
    const mutated = fc.tuple(fc.nat(80), fc.string({ maxLength: 4 })).map(([at, text]) => {
      const whole = `pkcs11:token=T;object=o;id=%01${tail}`;
      return whole.slice(0, at) + text + whole.slice(at + text.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), mutated), (text) => {
        try {
          assert.ok(parsePkcs11Uri(text).token.length > 0);
        } catch (error) {
          assert.ok(hasCode(error, 'configuration-invalid'));
        }
      }),
    );
  });
});
