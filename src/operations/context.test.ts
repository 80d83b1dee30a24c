import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalContext } from './context.ts';
import { byId, decryptText, encryptUnder, makeKey, openWorld, type TestWorld } from './house.fixture.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const context = fc.dictionary(text, text, { maxKeys: 6 });

function hex(value: Readonly<Record<string, string>> | null): string {
  return Buffer.from(canonicalContext(value)).toString('hex');
}

describe('the bytes of an encryption context', () => {
  it('are the same in whatever order the pairs come', () => {
    fc.assert(
      fc.property(context, (pairs) => {
        const reversed = Object.fromEntries(Object.entries(pairs).reverse());
        assert.equal(hex(reversed), hex(pairs));
      }),
    );
  });

  it('differ wherever two contexts differ', () => {
    const sorted = (pairs: Readonly<Record<string, string>>): string =>
      JSON.stringify(Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : 1)));
    fc.assert(
      fc.property(context, context, (one, other) => {
        assert.equal(hex(one) === hex(other), sorted(one) === sorted(other));
      }),
    );
    assert.notEqual(hex({ a: 'bc' }), hex({ ab: 'c' }));
    assert.notEqual(hex({ a: '', b: '' }), hex({ a: '', b: '\0' }));
  });

  it('stand in the order of their UTF-8 bytes, after their lengths', () => {
    assert.equal(
      hex({ '\uffff': '', '\u{10000}': '', a: 'é' }),
      '00000001' + '61' + '00000002' + 'c3a9' + '00000003efbfbf00000000' + '00000004f090808000000000',
    );
    assert.deepEqual([hex(null), hex({})], ['', '']);
  });
});

describe('an encryption context', () => {
  let world: TestWorld;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.dispose());

  it('must be the same to open, to the letter', async () => {
    const key = await makeKey(world);
    const sealed = await encryptUnder(world, byId(key), { context: { tenant: 'A', kind: 'mail' } });
    const opened = await decryptText(world, sealed, { context: { kind: 'mail', tenant: 'A' } });
    assert.equal(opened, 'the plaintext');
    const wrong: (Record<string, string> | null)[] = [
      null,
      {},
      { tenant: 'A' },
      { tenant: 'a', kind: 'mail' },
      { Tenant: 'A', kind: 'mail' },
      { tenant: 'A', kind: 'mail', more: '' },
    ];
    for (const each of wrong)
      await assert.rejects(decryptText(world, sealed, { context: each }), { code: 'ciphertext-invalid' });
  });

  it('is refused where it is no text: two of them would have the same bytes', async () => {
    const key = await makeKey(world);
    const broken: Record<string, string>[] = [{ '\ud800': 'x' }, { x: 'a\udfff' }, { x: '\udc00\ud800' }];
    for (const each of broken)
      await assert.rejects(encryptUnder(world, byId(key), { context: each }), { code: 'input-invalid' });
    await encryptUnder(world, byId(key), { context: { '\u{1f511}': '\ufffd' } });
  });

  it('is refused beyond 8,192 characters, and by a key pair', async () => {
    const key = await makeKey(world);
    await encryptUnder(world, byId(key), { context: { a: 'x'.repeat(8191) } });
    await assert.rejects(encryptUnder(world, byId(key), { context: { a: 'x'.repeat(8192) } }), {
      code: 'input-invalid',
    });
    const pair = await makeKey(world, { spec: 'RSA_2048', usage: 'encrypt' });
    const wish = { algorithm: 'RSA_OAEP_SHA_256', context: {} } as const;
    await encryptUnder(world, byId(pair), wish);
    await assert.rejects(encryptUnder(world, byId(pair), { ...wish, context: { a: 'b' } }), {
      code: 'input-invalid',
    });
  });
});
