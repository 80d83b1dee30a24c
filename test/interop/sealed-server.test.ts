import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as kms from '@aws-sdk/client-kms';
import { contentsOf } from '../contents.ts';
import { claviger, giveShares, initShares, sealStatus } from '../custodians.ts';
import { asker, credentialsOf, killNodes, spawnNode, until, type ServerNode } from '../faults/node.ts';
import { freePort, newHome, removeHome } from '../servers.ts';

after(killNodes);

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

function clientOf(address: string, home: string): kms.KMSClient {
  const credentials = credentialsOf(home);
  return new kms.KMSClient({
    endpoint: address,
    region: 'us-east-1',
    credentials: {
      accessKeyId: credentials['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: credentials['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
}

async function startSealed(
  home: string,
  port: number,
  env: Record<string, string> = {},
): Promise<ServerNode> {
  const node = spawnNode(home, port, { CLAVIGER_ROOT: 'shamir:', ...env });
  await until(async () => node.hasEnded() || (await sealStatus(node.address)) !== null, 'it listens');
  assert.equal(node.hasEnded(), false, node.output());
  return node;
}

describe('a sealed server', () => {
  const home = newHome();
  let shares: readonly string[] = [];
  let node: ServerNode;
  let port = 0;
  const run = (args: readonly string[], input = '') =>
    claviger(home, args, { input, env: { CLAVIGER_ADDR: node.address } });
  before(async () => {
    shares = await initShares(home);
    port = await freePort();
    node = await startSealed(home, port, { CLAVIGER_LOG_LEVEL: 'debug' });
  });
  after(async () => {
    await node.kill();
    removeHome(home);
  });

  it('tells the AWS SDK to try again, until custodians have come', { timeout: 60_000 }, async () => {
    assert.match(
      node.output(),
      /^claviger sealed at http:\S+ 3 of 5 shares of set \S+ unseal it; .* claviger unseal$/m,
    );
    const client = clientOf(node.address, home);
    await assert.rejects(client.send(new kms.ListKeysCommand({})), (error) => {
      assert.ok(error instanceof kms.KMSServiceException);
      assert.deepEqual(
        [error.name, error.$metadata.httpStatusCode, error.$metadata.attempts],
        ['ServiceUnavailableException', 503, 3],
      );
      return true;
    });
    // each custodian alone: by the standard input, by a file, and over the API
    const first = await run(['unseal'], `${shares[1]}\n`);
    assert.deepEqual([first.code, JSON.parse(first.stdout).given], [0, 1], first.stderr);
    const file = path.join(home, 'mine.txt');
    fs.writeFileSync(file, `${shares[4]}\n`, { mode: 0o600 });
    const second = await run(['unseal', '--share-file', file, '-o', 'table']);
    assert.match(second.stdout, /state +sealed\nset .*\nshares +3 of 5 unseal it\ngiven +2 of 3\n/);
    fs.rmSync(file);
    const wrong = await run(['unseal'], `${shares[1]}\n`);
    assert.equal(wrong.code, 5);
    assert.match(wrong.stderr, /Share 2 of set .* was given already; 2 of 3 are here/);
    const waiting = client.send(new kms.CreateKeyCommand({}));
    assert.equal((await giveShares(node.address, [shares[0]])).body['sealed'], false);
    // the request that came too early was tried again by the SDK, or is repeated here
    const made = await waiting.catch(() => client.send(new kms.CreateKeyCommand({})));
    const KeyId = made.KeyMetadata?.KeyId ?? '';
    const sealed = await client.send(new kms.EncryptCommand({ KeyId, Plaintext: bytes('hello') }));
    const opened = await client.send(new kms.DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }));
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString(), 'hello');
    assert.match(node.output(), /^claviger ready at http/m);
  });

  it('is sealed by a command, and its signing keys and tokens are back after the next unsealing', async () => {
    const sealed = await run(['seal']);
    assert.deepEqual([sealed.code, JSON.parse(sealed.stdout).sealed], [0, true], sealed.stderr);
    const refused = await run(['status']);
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /next: claviger unseal/);
    await giveShares(node.address, [shares[2], shares[3], shares[4]]);
    const status = await run(['status']);
    assert.equal(JSON.parse(status.stdout).root.kind, 'shamir');
    assert.equal((await run(['quickstart'])).code, 0);
    assert.equal((await run(['audit', 'verify'])).code, 0);
  });

  it('is rekeyed by a command that asks the new shares back', { timeout: 60_000 }, async () => {
    const given = shares.slice(0, 3).map((share) => `${share}\n`);
    // the confirmation has no share to read: the present set stands
    const cut = await run(['root', 'rekey', '--shares', '3', '--threshold', '2'], given.join(''));
    assert.equal(cut.code, 2, cut.stderr);
    assert.match(cut.stderr, /no more shares/);
    assert.equal((await sealStatus(node.address))?.setId, shares[0]?.split(':')[1]);
    const folder = path.join(home, 'fresh');
    const args = ['root', 'rekey', '--shares', '3', '--threshold', '2', '--out-dir', folder, '-o', 'json'];
    const done = await run([...args, '--no-confirmation'], given.join(''));
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /the root key must be rotated/);
    const { files, setId } = JSON.parse(done.stdout) as { files: string[]; setId: string };
    for (const file of files) assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const fresh = files.map((file) => fs.readFileSync(file, 'utf8').trim());
    fs.rmSync(folder, { recursive: true });
    await run(['seal']);
    assert.equal((await sealStatus(node.address))?.setId, setId);
    assert.equal((await giveShares(node.address, [shares[0]])).body['code'], 'share-foreign');
    assert.equal((await giveShares(node.address, [fresh[2], fresh[0]])).body['sealed'], false);
    shares = fresh;
  });

  it('has no share and no part of one in its output, log, metrics or files', async () => {
    const metrics = await (await fetch(`${node.address}/metrics`)).text();
    const files = contentsOf(home);
    assert.ok(files.length > 8);
    const places = [
      { name: 'output', text: node.output() },
      { name: 'metrics', text: metrics },
      ...files.map(({ name, bytes }) => ({ name, text: bytes.toString('latin1') })),
    ];
    for (const share of shares) {
      const groups = (share.split(':')[4] ?? '').split('-');
      for (const { name, text } of places) {
        assert.ok(!text.includes('claviger-share-'), name);
        for (let from = 0; from + 1 < groups.length; from += 1)
          assert.ok(!text.includes(groups.slice(from, from + 2).join('-')), name);
      }
    }
  });

  it('stops in order, sealed or not', async () => {
    node.signal('SIGTERM');
    assert.equal(await node.ended, 0);
    node = await startSealed(home, port);
    await giveShares(node.address, [shares[0]]);
    node.signal('SIGTERM');
    assert.equal(await node.ended, 0);
  });
});

describe('recovery', () => {
  it('brings every key back from the files of a home and three of five printed shares', async () => {
    const home = newHome();
    const shares = await initShares(home);
    const port = await freePort();
    const node = await startSealed(home, port);
    await giveShares(node.address, shares.slice(0, 3));
    const before = asker(node.address, credentialsOf(home));
    const specs = [
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
      ['RSA_2048', 'ENCRYPT_DECRYPT'],
      ['ECC_NIST_P256', 'SIGN_VERIFY'],
      ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ] as const;
    const keys: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      const [KeySpec, KeyUsage] = specs[count % specs.length] ?? specs[0];
      const made = await before.aws('CreateKey', { KeySpec, KeyUsage });
      keys.push((made.body['KeyMetadata'] as { KeyId: string }).KeyId);
    }
    const Plaintext = Buffer.from('still here').toString('base64');
    const results = await Promise.all(
      keys.map((KeyId, at) => use(before, KeyId, specs[at % specs.length]?.[0] ?? '', Plaintext)),
    );
    await node.kill();

    // another machine: the files, and three who come with paper
    const elsewhere = path.join(newHome(), 'restored');
    fs.cpSync(home, elsewhere, { recursive: true });
    removeHome(home);
    const again = await startSealed(elsewhere, await freePort());
    const two = await giveShares(again.address, [shares[4], shares[2]]);
    assert.equal(two.body['sealed'], true);
    assert.equal((await asker(again.address, credentialsOf(elsewhere)).aws('ListKeys', {})).status, 503);
    assert.equal((await giveShares(again.address, [shares[3]])).body['sealed'], false);
    const now = asker(again.address, credentialsOf(elsewhere));
    for (const [at, check] of results.entries()) {
      const { operation, input, member, expected } = check;
      const answer = await now.aws(operation, input);
      assert.equal(answer.status, 200, `${keys[at]} ${JSON.stringify(answer.body)}`);
      assert.equal(answer.body[member], expected, String(keys[at]));
    }
    assert.equal((await claviger(elsewhere, ['audit', 'verify'])).code, 0);
    await again.kill();
    removeHome(path.dirname(elsewhere));
  });
});

type Check = {
  readonly operation: string;
  readonly input: object;
  readonly member: string;
  readonly expected: unknown;
};

/** Uses a key, and says what must hold of the result as long as the key is there. */
async function use(
  { aws }: ReturnType<typeof asker>,
  KeyId: string,
  spec: string,
  Plaintext: string,
): Promise<Check> {
  if (spec === 'ECC_NIST_P256') {
    const signed = { KeyId, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' };
    const { Signature } = (await aws('Sign', signed)).body;
    return { operation: 'Verify', input: { ...signed, Signature }, member: 'SignatureValid', expected: true };
  }
  if (spec === 'HMAC_256') {
    const coded = { KeyId, Message: Plaintext, MacAlgorithm: 'HMAC_SHA_256' };
    const { Mac } = (await aws('GenerateMac', coded)).body;
    return { operation: 'VerifyMac', input: { ...coded, Mac }, member: 'MacValid', expected: true };
  }
  const wish = spec === 'RSA_2048' ? { EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' } : {};
  const { CiphertextBlob } = (await aws('Encrypt', { KeyId, Plaintext, ...wish })).body;
  return {
    operation: 'Decrypt',
    input: { KeyId, CiphertextBlob, ...wish },
    member: 'Plaintext',
    expected: Plaintext,
  };
}
