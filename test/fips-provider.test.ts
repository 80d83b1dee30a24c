import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DeriveSharedSecretCommand,
  EncryptCommand,
  GenerateDataKeyPairCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  type KeyMetadata,
  KMSClient,
  type KeySpec,
  SignCommand,
  VerifyCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { newHome, removeHome, startTestServer, type TestServer } from './servers.ts';

const program = path.join(import.meta.dirname, '..', 'src', 'cli', 'main.mjs');
/** A folder with OpenSSL's `fips.so`. */
const modules = process.env['CLAVIGER_TEST_FIPS_MODULES'] ?? '';
const skip = modules === '' && 'CLAVIGER_TEST_FIPS_MODULES names no folder with fips.so';

/** The two files of docs/operations/fips.md, in a folder. */
function configureProvider(folder: string): Record<string, string> {
  const facts = path.join(folder, 'fipsmodule.cnf');
  const module = path.join(modules, 'fips.so');
  const { status, stderr } = spawnSync('openssl', ['fipsinstall', '-module', module, '-out', facts], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const page = path.join(import.meta.dirname, '..', 'docs', 'operations', 'fips.md');
  const text = /```\n(nodejs_conf = [^`]+)```/.exec(fs.readFileSync(page, 'utf8'))?.[1] ?? '';
  const conf = path.join(folder, 'openssl.cnf');
  fs.writeFileSync(conf, text.replace('/etc/claviger/fipsmodule.cnf', facts));
  return { OPENSSL_CONF: conf, OPENSSL_MODULES: modules, CLAVIGER_FIPS: '1' };
}

describe('a server on the real FIPS provider', { skip }, () => {
  const [home, outside] = [newHome(), newHome()];
  let env: Record<string, string> = {};
  let server: TestServer;
  let client: KMSClient;

  before(async () => {
    env = configureProvider(outside);
    const passphrase = path.join(outside, 'passphrase');
    fs.writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 });
    env = { ...env, CLAVIGER_ROOT: 'passphrase:', CLAVIGER_PASSPHRASE_FILE: passphrase };
    server = await startTestServer({ home, env });
    client = new KMSClient({
      endpoint: server.address,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: server.env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    });
  });
  after(async () => {
    await server.stop();
    for (const folder of [home, outside]) removeHome(folder);
  });

  const make = async (input: CreateKeyCommandInput): Promise<KeyMetadata & { KeyId: string }> => {
    const { KeyMetadata: made } = await client.send(new CreateKeyCommand(input));
    assert.ok(made?.KeyId);
    return { ...made, KeyId: made.KeyId };
  };
  const claviger = (...words: string[]) =>
    spawnSync(process.execPath, [program, ...words], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: home, ...server.env, ...env },
    });

  it('says which module works, and never that it is validated', () => {
    for (const words of [['doctor'], ['status']]) {
      const { stdout, status } = claviger(...words, '-o', 'json');
      assert.equal(status, 0, stdout);
      assert.match(stdout, /FIPS provider active, module OpenSSL FIPS Provider version 3\./);
      assert.doesNotMatch(stdout, /validated/i);
    }
    const data = path.join(home, 'data');
    const stored = fs.readdirSync(data).map((name) => fs.readFileSync(path.join(data, name), 'latin1'));
    assert.match(stored.join(''), /pbkdf2-hmac-sha-512/);
  });

  it('says of each key which module works with it', async () => {
    const { KeyId } = await make({});
    const { stdout, stderr } = claviger('key', 'show', KeyId, '-o', 'json');
    assert.equal(stderr, '');
    const { cryptography } = JSON.parse(stdout) as { cryptography: string };
    assert.match(cryptography, /^FIPS provider active, module OpenSSL FIPS Provider version 3\./);
  });

  it('encrypts', async () => {
    const Plaintext = Buffer.from('what the module sealed');
    for (const KeySpec of ['SYMMETRIC_DEFAULT', 'RSA_2048'] as const) {
      const { KeyId } = await make({ KeySpec, KeyUsage: 'ENCRYPT_DECRYPT' });
      const how =
        KeySpec === 'RSA_2048' ? ({ KeyId, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' } as const) : { KeyId };
      const { CiphertextBlob } = await client.send(new EncryptCommand({ ...how, Plaintext }));
      const opened = await client.send(new DecryptCommand({ ...how, CiphertextBlob }));
      assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
    }
  });

  it('signs with every approved algorithm', async () => {
    const specs: KeySpec[] = ['RSA_2048', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521'];
    specs.push('ECC_NIST_EDWARDS25519', 'ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87');
    for (const KeySpec of specs) {
      const { KeyId, SigningAlgorithms = [] } = await make({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
      for (const SigningAlgorithm of SigningAlgorithms.filter((name) => name !== 'ED25519_PH_SHA_512')) {
        const told = { KeyId, SigningAlgorithm, Message: Buffer.from('the message') };
        const { Signature } = await client.send(new SignCommand(told));
        const { SignatureValid } = await client.send(new VerifyCommand({ ...told, Signature }));
        assert.equal(SignatureValid, true, SigningAlgorithm);
      }
    }
  });

  it('makes MACs and shared secrets', async () => {
    for (const length of [224, 256, 384, 512] as const) {
      const { KeyId } = await make({ KeySpec: `HMAC_${length}`, KeyUsage: 'GENERATE_VERIFY_MAC' });
      const told = { KeyId, MacAlgorithm: `HMAC_SHA_${length}`, Message: Buffer.from('m') } as const;
      const { Mac } = await client.send(new GenerateMacCommand(told));
      assert.equal((await client.send(new VerifyMacCommand({ ...told, Mac }))).MacValid, true);
    }
    const { KeyId } = await make({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' });
    const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId }));
    const agreed = await client.send(
      new DeriveSharedSecretCommand({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey }),
    );
    assert.equal(agreed.SharedSecret?.length, 32);
  });

  it('refuses in the words of AWS what the module does not have', async () => {
    await assert.rejects(make({ KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' }), {
      name: 'UnsupportedOperationException',
      message: /FIPS mode/,
    });
    const { KeyId } = await make({});
    const pair = new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_SECG_P256K1' });
    await assert.rejects(client.send(pair), { name: 'UnsupportedOperationException', message: /FIPS mode/ });
    const rsa = await make({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    const old = new EncryptCommand({
      KeyId: rsa.KeyId,
      Plaintext: Buffer.of(1),
      EncryptionAlgorithm: 'RSAES_OAEP_SHA_1',
    });
    await assert.rejects(client.send(old), { name: 'InvalidKeyUsageException', message: /FIPS mode/ });
  });
});
