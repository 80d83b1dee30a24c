import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import vault from 'node-vault';
import { credentialsOf, killNodes, spawnNode, until } from '../../faults/node.ts';
import { freePort, newHome, removeHome } from '../../servers.ts';

after(killNodes);

describe("Vault's clients over TLS", { timeout: 120_000 }, () => {
  const home = newHome();
  const certFile = path.join(home, 'server.pem');
  let client: vault.client;

  before(async () => {
    const keyFile = path.join(home, 'server-key.pem');
    const subject = ['-subj', '/CN=claviger', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
    execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-out', certFile], { stdio: 'ignore' });
    const port = await freePort();
    const node = spawnNode(home, port, { CLAVIGER_TLS_CERT_FILE: certFile, CLAVIGER_TLS_KEY_FILE: keyFile });
    await until(() => node.hasEnded() || node.output().includes('ready at https://'), 'it serves');
    assert.equal(node.hasEnded(), false, node.output());
    client = vault({
      endpoint: `https://127.0.0.1:${port}`,
      token: credentialsOf(home)['VAULT_TOKEN'] ?? '',
      requestOptions: { ca: fs.readFileSync(certFile) },
    });
  });
  after(async () => {
    await killNodes();
    removeHome(home);
  });

  it('list by the method LIST, between other requests', async () => {
    for (const name of ['a', 'b', 'c']) {
      await client.transitCreateKey({ name });
      const { data } = (await client.transitListKeys()) as { data: { keys: string[] } };
      assert.ok(data.keys.includes(name), name);
    }
  });
});
