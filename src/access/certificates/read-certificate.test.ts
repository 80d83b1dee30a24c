import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { extension, make, makeList, pemOf } from '../../../test/certificates.ts';
import { CertificateError } from './certificate-error.ts';
import { derTime, derValueAt } from './der.ts';
import { extensionText, readCertificate, readCertificates } from './read-certificate.ts';
import { readRevocationList } from './revocation-list.ts';
import { isStrongSignature } from './strength.ts';

const day = 86_400_000;

/** The bytes with some of them changed, cut off or added. */
const damaged = (bytes: Buffer) =>
  fc
    .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .chain((changes) => fc.tuple(fc.constant(changes), fc.nat(bytes.length), fc.boolean()))
    .map(([changes, cut, isCut]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) copy[at] = value;
      return isCut ? copy.subarray(0, cut) : copy;
    });

describe('a certificate', () => {
  it('is read with its names and uses', async () => {
    const made = make({
      name: 'first',
      attributes: [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.11', 'web'],
        ['2.5.4.11', 'edge'],
        ['2.5.4.3', 'last'],
      ],
      names: [
        { dNSName: 'a.example.com' },
        { rfc822Name: 'a@example.com' },
        { uniformResourceIdentifier: 'spiffe://example.com/a' },
        { iPAddress: '10.0.0.1' },
        { registeredID: '1.2.3' },
      ],
      authority: true,
      pathLength: 3,
      usage: 33,
      serial: Buffer.from([0, 0x8a, 0x01]),
      notBefore: Date.UTC(2020, 1, 2, 3, 4, 5),
      notAfter: Date.UTC(2060, 0, 1),
    });
    const read = await readCertificate(made.der);
    assert.deepEqual(read.names, {
      commonName: 'last',
      organizations: ['Acme'],
      organizationalUnits: ['web', 'edge'],
      dns: ['a.example.com'],
      emails: ['a@example.com'],
      uris: ['spiffe://example.com/a'],
      ips: ['10.0.0.1'],
      directories: [],
      hasOthers: true,
    });
    assert.deepEqual([read.notBefore, read.notAfter], [Date.UTC(2020, 1, 2, 3, 4, 5), Date.UTC(2060, 0, 1)]);
    assert.deepEqual([read.serial, read.isAuthority, read.pathLengthMax], ['8a01', true, 3]);
    assert.deepEqual([...(read.keyUsages ?? [])].sort(), ['digitalSignature', 'keyCertSign']);
    assert.equal(read.subjectKeyId, made.keyId.toString('hex'));
  });

  it('is refused with names that hold zeros, or an extension twice', async () => {
    for (const wish of [
      { name: 'good.com\0.evil.com' },
      { names: [{ dNSName: 'good.com\0.evil.com' }] },
      { extensions: [extension('2.1.1.1', Buffer.from([5, 0])), extension('2.1.1.1', Buffer.from([5, 0]))] },
    ])
      await assert.rejects(readCertificate(make(wish).der), CertificateError);
  });

  it('is one of several in a PEM', async () => {
    const [one, two] = [make({ name: 'one' }), make({ name: 'two' })];
    const all = await readCertificates(`# of ours\n${one.pem}between\n${two.pem.replaceAll('\n', '\r\n')}`);
    assert.deepEqual(
      all.map(({ names }) => names.commonName),
      ['one', 'two'],
    );
    await assert.rejects(readCertificates(''), CertificateError);
    await assert.rejects(readCertificates(one.pem.repeat(51)), CertificateError);
    await assert.rejects(readCertificates(pemOf('CERTIFICATE', Buffer.from('x'))), CertificateError);
  });

  it('is read or refused, and nothing else, whatever its bytes', async () => {
    const { der } = make({
      names: [{ dNSName: 'a' }, { iPAddress: '10.0.0.1' }],
      permitted: [{ iPAddress: '10.0.0.0/8' }],
      pathLength: 1,
      authority: true,
    });
    const seed = randomInt(2 ** 31);
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged(der), fc.uint8Array({ maxLength: 200 })), async (bytes) => {
        try {
          await readCertificate(bytes);
        } catch (error) {
          assert.ok(error instanceof CertificateError, String(error));
        }
      }),
      { numRuns: 400, seed },
    );
  });

  it('has strong signatures by name, and PSS with one hash throughout', () => {
    const hash = (number: string): string => `300d060960864801650304020${number}0500`;
    const parameters = (own: string, mask: string, salt: string): string =>
      `3034a00f${hash(own)}a11c301a06092a864886f70d010108${hash(mask)}${salt}`;
    const pss = '1.2.840.113549.1.1.10';
    assert.ok(isStrongSignature(pss, parameters('1', '1', 'a203020120')));
    assert.ok(isStrongSignature(pss, parameters('3', '3', 'a204020200be')));
    assert.ok(!isStrongSignature(pss, parameters('1', '2', 'a203020120')));
    assert.ok(!isStrongSignature(pss, parameters('4', '4', 'a203020120')));
    assert.ok(!isStrongSignature(pss, ''));
    assert.ok(!isStrongSignature('1.2.840.113549.1.1.5', '0500'), 'SHA-1');
    assert.ok(!isStrongSignature('1.2.840.113549.1.1.4', '0500'), 'MD5');
    assert.ok(isStrongSignature('1.2.840.113549.1.1.11', '0500'));
  });
});

const opensslMissing =
  spawnSync('openssl', ['version']).status !== 0 && 'the command openssl is not installed';

describe('a certificate as OpenSSL makes it', { skip: opensslMissing }, () => {
  const made = (words: string): string => {
    const usual =
      'req -x509 -nodes -days 2 -subj /O=Acme/CN=somebody -addext subjectAltName=DNS:a.example,IP:fd00::1';
    const args = [...usual.split(' '), ...words.split(' '), '-keyout', '/dev/null'];
    return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  };
  const pss = '-newkey rsa:2048 -sigopt rsa_padding_mode:pss';
  const kinds: readonly (readonly [string, string, boolean])[] = [
    ['RSA', '-newkey rsa:2048', true],
    ['RSA with SHA-1', '-newkey rsa:2048 -sha1', false],
    ['RSA of 1,024 bits', '-newkey rsa:1024', false],
    ['PSS with SHA-256', `${pss} -sha256`, true],
    ['PSS with SHA-512 and a short salt', `${pss} -sha512 -sigopt rsa_pss_saltlen:32`, true],
    ['PSS with another hash for the mask', `${pss} -sha256 -sigopt rsa_mgf1_md:sha1`, false],
    ['Ed25519', '-newkey ed25519', true],
    ['P-384', '-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha384', true],
    ['another curve', '-newkey ec -pkeyopt ec_paramgen_curve:secp256k1', false],
  ];
  for (const [kind, words, isStrong] of kinds)
    it(`is read, and is strong or not: ${kind}`, async () => {
      const [read] = await readCertificates(made(words));
      assert.equal(read?.isStrong, isStrong);
      assert.equal(read?.isAuthority, true);
      assert.deepEqual(read?.subject, ['2.5.4.10=acme', '2.5.4.3=somebody']);
      assert.deepEqual([read?.names.dns, read?.names.ips], [['a.example'], ['fd00::1']]);
      assert.equal(`${read?.x509.validToDate.getTime()}`, `${read?.notAfter}`);
      assert.equal(read?.serial, read?.x509.serialNumber.toLowerCase().replace(/^0+/, ''));
    });
});

describe('the text of an extension', () => {
  it('is that of a string, and of nothing else', () => {
    const text = Buffer.from([0x0c, 2, 0xc3, 0xa9]);
    assert.equal(extensionText(text), '\u00e9');
    assert.equal(extensionText(Buffer.from([0x13, 1, 0x61])), 'a');
    for (const bytes of [
      [],
      [0x0c],
      [0x0c, 2, 0x61],
      [0x0c, 1, 0xff],
      [0x04, 1, 0x61],
      [0x0c, 1, 0],
      [0x0c, 1, 0x61, 0],
    ])
      assert.equal(extensionText(Buffer.from(bytes)), '');
  });
});

describe('DER', () => {
  it('has one length for each, and ends where it says', () => {
    assert.deepEqual(derValueAt(Buffer.from([4, 1, 9, 8]), 0), {
      tag: 4,
      content: Buffer.from([9]),
      end: 3,
    });
    const long = Buffer.concat([Buffer.from([4, 0x82, 1, 0]), Buffer.alloc(256)]);
    assert.equal(derValueAt(long, 0).content.length, 256);
    for (const bytes of [
      [],
      [4],
      [4, 2, 1],
      [4, 0x80, 0, 0],
      [4, 0x81, 1, 9],
      [4, 0x82, 0, 0x80],
      [4, 0x85, 0, 0, 0, 0, 1],
      [4, 0x84, 0xff, 0xff, 0xff, 0xff],
      [0x1f, 1, 1],
    ])
      assert.throws(() => derValueAt(Buffer.from(bytes), 0), CertificateError);
  });

  it('has times of two kinds', () => {
    const time = (tag: number, text: string): number => derTime({ tag, content: Buffer.from(text), end: 0 });
    assert.equal(time(0x17, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59));
    assert.equal(time(0x17, '500101000000Z'), Date.UTC(1950, 0, 1));
    assert.equal(time(0x18, '20500101000000Z'), Date.UTC(2050, 0, 1));
    for (const text of ['', '4912312359Z', '491331235959Z', '491231235959+0100'])
      assert.throws(() => time(0x17, text), CertificateError);
  });
});

describe('a revocation list', () => {
  const by = make({ name: 'root', authority: true });
  const serials = [Buffer.from([1]), Buffer.from([0, 0x8a, 0x01])];
  const nextUpdate = Date.UTC(2051, 0, 1);

  it('is read in PEM and DER', () => {
    const der = makeList({ by, revoked: serials, nextUpdate });
    for (const form of [der, pemOf('X509 CRL', der), Buffer.from(pemOf('X509 CRL', der))]) {
      const { serials: found, nextUpdate: next } = readRevocationList(form);
      assert.deepEqual([found, next], [['1', '8a01'], nextUpdate]);
    }
    assert.deepEqual(readRevocationList(makeList({ by, revoked: [] })).serials, []);
  });

  it('has reasons, of which one takes the revocation back', () => {
    assert.equal(readRevocationList(makeList({ by, revoked: serials, reason: 1 })).serials.length, 2);
    assert.deepEqual(readRevocationList(makeList({ by, revoked: serials, reason: 8 })).serials, []);
  });

  it('is refused as a delta, with something behind it, or too large', () => {
    const delta = extension('2.5.29.27', Buffer.from([2, 1, 1]), true);
    assert.throws(() => readRevocationList(makeList({ by, revoked: [], extensions: [delta] })), /delta/);
    const der = makeList({ by, revoked: serials });
    assert.throws(() => readRevocationList(Buffer.concat([der, Buffer.from([0])])), /behind it/);
    assert.throws(() => readRevocationList(Buffer.alloc(1_048_577)), /larger/);
    assert.throws(() => readRevocationList('x'), CertificateError);
    assert.throws(() => readRevocationList(by.der), CertificateError);
  });

  it('is read or refused, and nothing else, whatever its bytes', () => {
    const der = makeList({ by, revoked: serials, reason: 1, nextUpdate: Date.now() + day });
    fc.assert(
      fc.property(fc.oneof(damaged(der), fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          readRevocationList(bytes);
        } catch (error) {
          assert.ok(error instanceof CertificateError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
