import assert from 'node:assert/strict';
import { createPrivateKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CliError } from './exit.ts';
import { readMaterial } from './key-material.ts';

const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const passphrase = Buffer.from('a long passphrase');
const encrypted = { cipher: 'aes-256-cbc', passphrase } as const;
const bytesOf = (content: string | Buffer) => Buffer.from(content);

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

  it('is read from the bytes of a secret, by what it is for', () => {
    for (const [length, usage, spec] of [
      [16, 'encrypt', 'AES_128'],
      [32, 'encrypt', 'AES_256'],
      [32, 'mac', 'HMAC_256'],
      [64, 'mac', 'HMAC_512'],
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
    const starts = ['', '-----BEGIN ', '-----BEGIN PRIVATE KEY-----\n', '{"kty":', '{"kty":"oct","k":"', '0'];
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
