import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { removeHome, startTestServer, type TestServer } from '../../servers.ts';
import { goProgram, runProgram } from './go.ts';

const program = goProgram('go-tools', { 'go.mod': 26 });

describe('SOPS, Tink and cosign, by their own code', { skip: program.skip }, () => {
  let server: TestServer;
  let built: ReturnType<typeof program.build>;

  before(async () => {
    built = program.build();
    server = await startTestServer();
  });
  after(async () => {
    fs.rmSync(built.folder, { recursive: true, force: true });
    await server.stop();
    removeHome(server.home);
  });

  function run(...args: string[]): Promise<unknown> {
    return runProgram(built.file, server, { args });
  }

  async function makeKey(name: string): Promise<void> {
    const made = await fetch(`${server.address}/v1/transit/keys/${name}`, {
      method: 'PUT',
      headers: { 'x-vault-token': server.env['VAULT_TOKEN'] ?? '' },
      body: 'null',
    });
    assert.ok(made.ok, await made.text());
  }

  it("wraps and opens a file's data key for SOPS", async () => {
    await makeKey('sops');
    const answer = (await run('sops', `${server.address}/v1/transit/keys/sops`)) as Record<string, unknown>;
    assert.match(String(answer['wrapped']), /^vault:v1:/);
    assert.equal(answer['same'], true);
  });

  it('seals and opens for Tink, itself and in an envelope', async () => {
    await makeKey('tink');
    const answer = (await run('tink', 'tink')) as Record<string, unknown>;
    const read = { opened: 'message', envelope: 'a long message' };
    assert.deepEqual(answer['present'], { ...read, bound: true });
    // the older way sends a context, which a key that is not derived leaves out of account
    assert.deepEqual(answer['older'], { ...read, bound: false });
  });

  // cosign asks for PKCS #1 v1.5 where it signs with RSA and not where it verifies, so Vault refuses the second
  const kinds = [
    { kind: 'ecdsa-p256', there: true },
    { kind: 'ecdsa-p384', there: true },
    { kind: 'ed25519', there: true },
    { kind: 'rsa-2048', there: false },
  ];
  for (const { kind, there } of kinds) {
    it(`makes a key and signs with it for cosign: ${kind}`, async () => {
      const answer = await run('cosign', `cosign-${kind}`, kind);
      assert.deepEqual(answer, { here: true, there, forged: false });
    });
  }
});
