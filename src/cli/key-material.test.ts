import assert from 'node:assert/strict';
import { createPrivateKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CliError } from './exit.ts';
import { readMaterial as read } from './key-material.ts';

const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const passphrase = Buffer.from('a long passphrase');
const encrypted = { cipher: 'aes-256-cbc', passphrase } as const;
const bytesOf = (content: string | Buffer) => Buffer.from(content);
const readMaterial = (content: Buffer, usage: string, secret: Buffer | null, entry: string | null = null) =>
  read(content, { usage, passphrase: secret, entry });

/** The DER with the lengths of what is around a place enlarged. */
function growLengths(der: Buffer, place: number, by: number): Buffer {
  const grown = Buffer.from(der);
  const walk = (at: number): void => {
    const first = grown[at + 1] as number;
    const size = first < 0x80 ? 0 : first - 0x80;
    const length = size === 0 ? first : grown.readUIntBE(at + 2, size);
    const start = at + 2 + size;
    if (place < start || place >= start + length) {
      if (start + length <= place) walk(start + length);
      return;
    }
    if (size === 0) grown[at + 1] = length + by;
    else grown.writeUIntBE(length + by, at + 2, size);
    if (place > start) walk(start);
  };
  walk(0);
  return grown;
}

describe('key material of a file', () => {
  it('is read from every form of a private key, always as the same', () => {
    const forms: readonly [string | Buffer, Buffer | null][] = [
      [rsa.export({ format: 'pem', type: 'pkcs8' }), null],
      [rsa.export({ format: 'pem', type: 'pkcs1' }), null],
      [rsa.export({ format: 'der', type: 'pkcs8' }), null],
      [rsa.export({ format: 'der', type: 'pkcs1' }), null],
      [JSON.stringify(rsa.export({ format: 'jwk' })), null],
      [rsa.export({ format: 'pem', type: 'pkcs8', ...encrypted }), passphrase],
      [rsa.export({ format: 'der', type: 'pkcs8', ...encrypted }), passphrase],
      [rsa.export({ format: 'pem', type: 'pkcs1', ...encrypted }), passphrase],
    ];
    for (const [content, secret] of forms) {
      const found = readMaterial(bytesOf(content), 'encrypt', secret);
      assert.equal(found.spec, 'RSA_2048');
      assert.ok(createPrivateKey({ key: found.bytes, format: 'der', type: 'pkcs8' }).equals(rsa));
    }
    for (const content of [
      ec.export({ format: 'pem', type: 'sec1' }),
      ec.export({ format: 'der', type: 'sec1' }),
      ec.export({ format: 'der', type: 'pkcs8' }),
    ])
      assert.equal(readMaterial(bytesOf(content), 'sign', null).spec, 'EC_P384');
  });

  it('is read of Ed25519, from every form', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    for (const content of [
      privateKey.export({ format: 'pem', type: 'pkcs8' }),
      privateKey.export({ format: 'der', type: 'pkcs8' }),
      JSON.stringify(privateKey.export({ format: 'jwk' })),
    ]) {
      const found = readMaterial(bytesOf(content), 'sign', null);
      assert.equal(found.spec, 'ED25519');
      assert.ok(createPrivateKey({ key: found.bytes, format: 'der', type: 'pkcs8' }).equals(privateKey));
    }
  });

  it('is the one of several that is named', () => {
    const pem = `some text\n${rsa.export({ format: 'pem', type: 'pkcs8' })}${ec.export({ format: 'pem', type: 'sec1' })}`;
    const jwks = JSON.stringify({
      keys: [{ ...rsa.export({ format: 'jwk' }), kid: 'a' }, ec.export({ format: 'jwk' })],
    });
    for (const [content, first, second] of [
      [pem, '1', '2'],
      [jwks, 'a', '2'],
    ] as const) {
      const bytes = bytesOf(content);
      assert.equal(readMaterial(bytes, 'sign', null, first).spec, 'RSA_2048');
      assert.equal(readMaterial(bytes, 'sign', null, second).spec, 'EC_P384');
      for (const [entry, said] of [
        [null, /several keys/],
        ['3', /no key "3"/],
      ] as const)
        assert.throws(
          () => readMaterial(bytes, 'sign', null, entry),
          (error) =>
            error instanceof CliError &&
            said.test(error.message) &&
            String(error.next).includes(`"${first}", "${second}"`),
        );
    }
  });

  it('names the command that converts a form that is not read', () => {
    for (const [start, said, command] of [
      [Buffer.from('feedfeed00000002', 'hex'), /JKS/, /^keytool -importkeystore/],
      [Buffer.from('cececece00000002', 'hex'), /JCEKS/, /^keytool -importkeystore/],
      [Buffer.from('PuTTY-User-Key-File-3: ssh-ed25519'), /PuTTY/, /^puttygen/],
    ] as const)
      assert.throws(
        () => readMaterial(Buffer.concat([start, randomBytes(200)]), 'sign', null),
        (error) => error instanceof CliError && said.test(error.message) && command.test(String(error.next)),
      );
  });

  it('is looked for in a file full of beginnings without waiting', () => {
    const content = Buffer.from('-----BEGIN PRIVATE KEY-----'.repeat(2400));
    assert.throws(() => readMaterial(content, 'sign', null), /no private key/);
  });

  it('is refused where opening it would take minutes', () => {
    const der = Buffer.from(rsa.export({ format: 'der', type: 'pkcs8', ...encrypted }));
    // 2048 iterations become 2^30 of them
    const at = der.indexOf(Buffer.from('02020800', 'hex'));
    const long = Buffer.concat([
      der.subarray(0, at),
      Buffer.from('020440000000', 'hex'),
      der.subarray(at + 4),
    ]);
    const grown = growLengths(long, at, 2);
    assert.throws(() => readMaterial(grown, 'sign', passphrase), /iterations/);
    const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${grown.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
    assert.throws(() => readMaterial(Buffer.from(pem), 'sign', passphrase), /iterations/);
  });

  it('is read from the bytes of a secret, by what it is for', () => {
    for (const [length, usage, spec] of [
      [16, 'encrypt', 'AES_128'],
      [32, 'encrypt', 'AES_256'],
      [32, 'mac', 'HMAC_256'],
      [64, 'mac', 'HMAC_512'],
      [100, 'mac', 'HMAC'],
    ] as const) {
      // it may begin like a DER sequence
      const bytes = randomBytes(length).fill(0x30, 0, 1);
      assert.deepEqual(readMaterial(bytes, usage, null), { bytes, spec, isSecret: true });
      const jwk = JSON.stringify(createSecretKey(bytes).export({ format: 'jwk' }));
      assert.deepEqual(readMaterial(Buffer.from(jwk), usage, null).bytes, bytes);
    }
  });

  it('is refused with words that help', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    for (const [content, secret, said] of [
      [rsa.export({ format: 'pem', type: 'pkcs8', ...encrypted }), null, /is encrypted/],
      [
        rsa.export({ format: 'pem', type: 'pkcs8', ...encrypted }),
        Buffer.from('wrong'),
        /passphrase is wrong/,
      ],
      [publicKey.export({ format: 'pem', type: 'spki' }), null, /public key/],
      [JSON.stringify(publicKey.export({ format: 'jwk' })), null, /no private half/],
      [small.export({ format: 'pem', type: 'pkcs8' }), null, /type rsa 1024/],
      [randomBytes(33).fill(1, 0, 1), null, /33 bytes/],
    ] as const)
      assert.throws(() => readMaterial(bytesOf(content), 'encrypt', secret), said);
  });

  it('never fails otherwise, whatever the file holds', () => {
    const starts = [
      '{"keys":[{"kty":"oct","k":"',
      '-----BEGIN OPENSSH PRIVATE KEY-----\n',
      'PuTTY-User-Key-File-',
      '',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY-----\n',
      '{"kty":',
      '{"kty":"oct","k":"',
      '0',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, rest) => {
        try {
          readMaterial(Buffer.concat([Buffer.from(start), rest]), 'encrypt', null);
        } catch (error) {
          assert.ok(error instanceof CliError, String(error));
        }
      }),
    );
  });
});
