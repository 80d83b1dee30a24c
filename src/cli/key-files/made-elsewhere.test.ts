import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { CliError } from '../exit.ts';
import { readMaterial } from '../key-material.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'claviger-key-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => path.join(folder, name);
const contentOf = (name: string) => readFileSync(at(name));
const run = (file: string, ...args: string[]) =>
  execFileSync(file, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });

const isHere = (file: string, ...args: string[]) => spawnSync(file, args).error === undefined;
const needs = (file: string, ...args: string[]) => ({
  skip: isHere(file, ...args) ? false : `${file} is not installed`,
});

const secret = Buffer.from('a long passphrase');
const read = (name: string, passphrase: Buffer | null = secret, entry: string | null = null) =>
  readMaterial(contentOf(name), { usage: 'sign', passphrase, entry });
const refusedWith =
  (said: RegExp, next: RegExp | null = null) =>
  (error: unknown) => {
    assert.ok(error instanceof CliError, String(error));
    assert.match(error.message, said);
    if (next !== null) assert.match(String(error.next), next);
    return true;
  };

/** Whatever bytes of a file change, the answer is a key or an error with words; and it comes. */
function neverFailsOtherwise(content: Buffer, passphrase: Buffer | null, numRuns: number): void {
  fc.assert(
    fc.property(
      fc.nat(content.length - 1),
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      fc.nat(4),
      (place, bytes, removed) => {
        const changed = Buffer.concat([content.subarray(0, place), bytes, content.subarray(place + removed)]);
        try {
          readMaterial(changed, { usage: 'sign', passphrase });
        } catch (error) {
          assert.ok(error instanceof CliError, String(error));
        }
      },
    ),
    { numRuns },
  );
}

describe('private keys of OpenSSH', needs('ssh-keygen', '-?'), () => {
  const kinds = [
    ['rsa', '2048', 'RSA_2048'],
    ['ecdsa', '256', 'EC_P256'],
    ['ecdsa', '384', 'EC_P384'],
    ['ecdsa', '521', 'EC_P521'],
    ['ed25519', '256', 'ED25519'],
  ] as const;
  const make = (name: string, type: string, bits: string, ...more: string[]) =>
    run('ssh-keygen', '-q', '-t', type, '-b', bits, '-C', 'who made it', '-f', at(name), ...more);

  /** The public half as ssh-keygen wrote it, in the form of OpenSSH. */
  const publicOf = (name: string) => contentOf(`${name}.pub`).toString().split(' ')[1];
  /** The same of what was read: PKCS#8 is a form that ssh-keygen reads, too; Ed25519 it does not. */
  const publicOfRead = (bytes: Buffer) => {
    const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ed25519') {
      const raw = Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');
      return Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), raw]).toString(
        'base64',
      );
    }
    writeFileSync(at('read.pem'), key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    return run('ssh-keygen', '-y', '-f', at('read.pem')).toString().trim().split(' ')[1];
  };

  for (const [type, bits, spec] of kinds) {
    it(`are read: ${type} of ${bits} bits`, () => {
      const name = `clear-${type}-${bits}`;
      make(name, type, bits, '-N', '');
      const found = read(name, null);
      assert.equal(found.spec, spec);
      assert.equal(publicOfRead(found.bytes), publicOf(name));
      // a passphrase that is not needed does not matter
      assert.deepEqual(read(name).bytes, found.bytes);
    });
  }

  for (const cipher of ['aes256-ctr', 'aes128-ctr', 'aes192-cbc', 'aes256-gcm@openssh.com'])
    it(`are opened by their passphrase: ${cipher}`, () => {
      const name = `sealed-${cipher.slice(0, 10)}`;
      make(name, 'ed25519', '256', '-N', secret.toString(), '-a', '4', '-Z', cipher);
      assert.equal(publicOfRead(read(name).bytes), publicOf(name));
      assert.throws(() => read(name, null), refusedWith(/is encrypted/, /--passphrase-file/));
      for (const wrong of ['another', ''])
        assert.throws(() => read(name, Buffer.from(wrong)), refusedWith(/passphrase is wrong/));
    });

  it('under a cipher that is not read say how to convert them', () => {
    make(
      'chacha',
      'ed25519',
      '256',
      '-N',
      secret.toString(),
      '-a',
      '4',
      '-Z',
      'chacha20-poly1305@openssh.com',
    );
    assert.throws(() => read('chacha'), refusedWith(/not read here/, /^ssh-keygen -p -m PKCS8/));
    make('slow', 'ed25519', '256', '-N', secret.toString(), '-a', '4');
    const body = Buffer.from(contentOf('slow').toString().split('\n').slice(1, -2).join(''), 'base64');
    // the number of rounds follows the salt of 16 bytes
    const place = body.indexOf(Buffer.from('bcrypt')) + 6 + 4 + 4 + 16;
    assert.equal(body.readUInt32BE(place), 4);
    body.writeUInt32BE(0xffff_ffff, place);
    const armoured = `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
    assert.throws(
      () => readMaterial(Buffer.from(armoured), { usage: 'sign', passphrase: secret }),
      refusedWith(/4294967295 rounds/, /^ssh-keygen -p -m PKCS8/),
    );
  });

  it('are a key or an error with words, whatever became of the file', () => {
    make('fuzz', 'ecdsa', '256', '-N', '');
    neverFailsOtherwise(contentOf('fuzz'), null, 400);
    const body = Buffer.from(contentOf('fuzz').toString().split('\n').slice(1, -2).join(''), 'base64');
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 }), (place, byte) => {
        const changed = Buffer.from(body).fill(byte, place, place + 1);
        const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${changed.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
        try {
          readMaterial(Buffer.from(text), { usage: 'sign', passphrase: null });
        } catch (error) {
          assert.ok(error instanceof CliError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('PKCS#12 files', needs('openssl', 'version'), () => {
  const [key, certificate] = ['p12.key', 'p12.crt'];
  const subject = ['-x509', '-nodes', '-days', '2', '-subj', '/CN=x'];
  const prepare = () => {
    run('openssl', 'req', ...subject, '-newkey', 'rsa:2048', '-keyout', at(key), '-out', at(certificate));
    return createPrivateKey(contentOf(key));
  };
  const original = isHere('openssl', 'version') ? prepare() : null;
  const pack = (name: string, ...more: string[]) => {
    const source = more.includes('-nocerts') ? [] : ['-in', at(certificate)];
    const pass = ['-name', 'the one', '-passout', `pass:${secret.toString()}`];
    run('openssl', 'pkcs12', '-export', '-inkey', at(key), ...source, ...pass, '-out', at(name), ...more);
  };

  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['as OpenSSL makes them now', []],
    ['with SHA-512', ['-macalg', 'sha512', '-iter', '10000']],
    ['of the old kind, RC2 and triple DES', ['-legacy']],
    ['without certificates', ['-nocerts']],
    ['with a key in the clear, under a code', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
  ];
  ways.forEach(([title, options], index) => {
    it(`are read: ${title}`, () => {
      const name = `way-${index}.p12`;
      pack(name, ...options);
      for (const entry of [null, 'the one']) {
        const found = read(name, secret, entry);
        assert.equal(found.spec, 'RSA_2048');
        assert.ok(original?.equals(createPrivateKey({ key: found.bytes, format: 'der', type: 'pkcs8' })));
      }
      assert.throws(() => read(name, Buffer.from('wrong')), refusedWith(/passphrase is wrong/));
      assert.throws(() => read(name, null), refusedWith(/needs a passphrase/, /--passphrase-file/));
      assert.throws(() => read(name, secret, 'other'), refusedWith(/no key "other"/, /"the one"/));
    });
  });

  it('with a key under RC2 say how to convert them', () => {
    pack('rc2.p12', '-legacy', '-keypbe', 'PBE-SHA1-RC2-40');
    assert.throws(() => read('rc2.p12'), refusedWith(/no longer offered/, /^openssl pkcs12 -legacy/));
  });

  it('are refused where one bit of the file was changed', () => {
    pack('bit.p12');
    const content = contentOf('bit.p12');
    for (let place = 200; place < content.length - 100; place += 97) {
      const changed = Buffer.from(content);
      changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
      assert.throws(() => readMaterial(changed, { usage: 'sign', passphrase: secret }), refusedWith(/./));
    }
  });

  it('are refused without a code over the file, or with one that is not known', () => {
    pack('nomac.p12', '-nomac');
    assert.throws(() => read('nomac.p12'), refusedWith(/has no code/, /^openssl pkcs12/));
    pack('mac.p12', '-macalg', 'sha256');
    const content = contentOf('mac.p12');
    content.writeUInt8(0x7f, content.lastIndexOf(Buffer.from('608648016503040201', 'hex')) + 8);
    assert.throws(
      () => readMaterial(content, { usage: 'sign', passphrase: secret }),
      refusedWith(/not checked/),
    );
  });

  it('are a key or an error with words, whatever became of the file', () => {
    pack('fuzz.p12', '-iter', '1');
    neverFailsOtherwise(contentOf('fuzz.p12'), secret, 400);
    const start = contentOf('fuzz.p12').subarray(0, 60);
    for (let turn = 0; turn < 100; turn += 1)
      assert.throws(
        () => readMaterial(Buffer.concat([start, randomBytes(100)]), { usage: 'sign', passphrase: secret }),
        CliError,
      );
  });
});

describe('key stores of Java', needs('keytool', '-help'), () => {
  const store = (name: string, type: string, alias: string, ...more: string[]) =>
    run(
      'keytool',
      ...['-genkeypair', '-alias', alias, '-dname', 'CN=x', '-storetype', type, '-keystore', at(name)],
      ...['-storepass', secret.toString(), '-keypass', secret.toString(), ...more],
    );

  it('of PKCS#12 are read, one key by its alias', () => {
    store('java.p12', 'PKCS12', 'first', '-keyalg', 'RSA', '-keysize', '2048');
    store('java.p12', 'PKCS12', 'zweiter schlüssel', '-keyalg', 'EC', '-groupname', 'secp256r1');
    const aes = ['-genseckey', '-alias', 'third', '-keyalg', 'AES', '-keysize', '256'];
    run(
      'keytool',
      ...aes,
      '-storetype',
      'PKCS12',
      '-keystore',
      at('java.p12'),
      '-storepass',
      secret.toString(),
    );
    assert.equal(read('java.p12', secret, 'first').spec, 'RSA_2048');
    assert.throws(() => read('java.p12', secret, 'third'), refusedWith(/secret key/));
    assert.throws(() => read('java.p12'), refusedWith(/several keys/, /"first"/));
  });

  it('of the old form name the command that converts them, and it does', () => {
    store('old.jks', 'JKS', 'one', '-keyalg', 'EC', '-groupname', 'secp384r1');
    assert.throws(() => read('old.jks'), refusedWith(/JKS/, /^keytool -importkeystore/));
    const pass = secret.toString();
    const from = ['-srckeystore', at('old.jks'), '-srcstorepass', pass];
    const to = ['-destkeystore', at('new.p12'), '-deststoretype', 'PKCS12', '-deststorepass', pass];
    run('keytool', '-importkeystore', ...from, ...to);
    assert.equal(read('new.p12').spec, 'EC_P384');
  });
});
