import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { createClient, type Client } from '#sdk';
import { startKmsService } from '../../src/roots/external-kms/kms.fixture.ts';
import { freePort, newHome, removeHome } from '../servers.ts';
import { killNodes, readiness, spawnNode, until, type ServerNode } from './node.ts';

after(killNodes);

function clientOf(node: ServerNode, home: string): Client {
  const text = fs.readFileSync(path.join(home, 'credentials.env'), 'utf8');
  return createClient({
    address: node.address,
    token: /CLAVIGER_TOKEN='([^']+)'/.exec(text)?.[1] ?? '',
  });
}

const plaintext = Buffer.from('sealed under a key of another house');

describe('a server whose root is in a second server', () => {
  it('goes on with what is open while that one is gone, and refuses what is new', async (test) => {
    const service = await startKmsService();
    const home = newHome();
    test.after(async () => {
      await service.dispose();
      removeHome(home);
    });
    const port = await freePort();
    const arn = await service.newKey();
    const env = {
      CLAVIGER_ROOT: `aws-kms:${arn}?endpoint=${service.server().address}`,
      CLAVIGER_ROOT_CREDENTIALS_FILE: service.credentialsFile,
    };
    let node = spawnNode(home, port, env);
    await node.ready();
    let client = clientOf(node, home);
    const key = await client.keys.create({});
    const ciphertext = await client.encrypt(key.id, plaintext);
    const { root } = await client.root.status();
    assert.deepEqual([root.kind, root.tier], ['aws-kms', 'served']);

    await service.stop();
    await until(
      async () => (await readiness(node.address))?.['rootOfTrust'] === 'failing',
      'the root is red',
    );
    assert.deepEqual(Buffer.from(await client.decrypt(ciphertext)), plaintext);
    const other = await client.keys.create({});
    await client.encrypt(other.id, plaintext);
    await assert.rejects(client.environments.create('late'), { code: 'root-unavailable' });

    // a start refuses, and names the place
    await node.kill();
    node = spawnNode(home, port, env);
    await assert.rejects(node.ready());
    await node.ended;
    assert.match(node.output(), /does not answer/);
    assert.ok(node.output().includes(service.server().address));

    await service.start();
    node = spawnNode(home, port, env);
    await node.ready();
    client = clientOf(node, home);
    assert.deepEqual(Buffer.from(await client.decrypt(ciphertext)), plaintext);
    await client.environments.create('late');

    // a key that is disabled there is a refusal, and not an outage
    await service.call('DisableKey', { KeyId: arn });
    await node.kill();
    node = spawnNode(home, port, env);
    await assert.rejects(node.ready());
    await node.ended;
    assert.match(node.output(), /refuses \(DisabledException\)|does not open this store/);
    await service.call('EnableKey', { KeyId: arn });

    // and back to a file
    node = spawnNode(home, port, env);
    await node.ready();
    client = clientOf(node, home);
    const to = `file:${path.join(home, 'root', 'home.key')}`;
    assert.equal((await client.root.migrate(to)).switched, true);
    await service.stop();
    await node.kill();
    node = spawnNode(home, port, { CLAVIGER_ROOT: to });
    await node.ready();
    assert.deepEqual(Buffer.from(await clientOf(node, home).decrypt(ciphertext)), plaintext);
    await node.kill();
    await service.start();
  });
});

describe('two servers on one store', () => {
  it('both go on when one of them puts it under another root and gives it new keys', async (test) => {
    const home = newHome();
    test.after(() => removeHome(home));
    const port = await freePort();
    const env = { CLAVIGER_WORKERS: '2' };
    const node = spawnNode(home, port, env);
    await node.ready();
    const client = clientOf(node, home);
    const sealed: Uint8Array[] = [];
    const use = async (): Promise<void> => {
      const { id } = await client.keys.create({});
      sealed.push(await client.encrypt(id, plaintext));
      await Promise.all(
        sealed.map(async (each) => assert.deepEqual(Buffer.from(await client.decrypt(each)), plaintext)),
      );
    };
    for (let made = 0; made < 10; made += 1) await use();
    const next = path.join(home, 'root', 'next.key');
    await client.root.migrate(`file:${next}`);
    for (let made = 0; made < 5; made += 1) await use();
    // only the worker that has the new root can wrap a new key: the others say so
    let begun = false;
    await until(async () => {
      begun ||= await client.rekeys.begin('default').then(
        () => true,
        () => false,
      );
      return begun;
    }, 'a worker with the new root');
    await use();
    await node.kill();
    const again = spawnNode(home, port, { ...env, CLAVIGER_ROOT: `file:${next}` });
    await again.ready();
    await until(async () => !(await client.rekeys.status('default')).running, 'the end of the rekey');
    await use();
    await again.kill();
  });
});
