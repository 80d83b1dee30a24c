import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { isCurrentRoot, parseCurrentRoot } from '#operations';
import { openFileRoot } from '#roots';
import { createClient, type Client } from '#sdk';
import { loadConfig } from '#server';
import { openStore } from '#storage';
import { freePort, newHome, removeHome } from '../servers.ts';
import { credentialsOf, killNodes, spawnNode, type ServerNode } from './node.ts';

after(killNodes);

const rounds = Number(process.env['CLAVIGER_KILL_ROUNDS'] ?? 5);
const keyCount = 120;
const plaintext = Buffer.from('what was sealed at the beginning');

const pause = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));

function clientOf(node: ServerNode, home: string): Client {
  const text = fs.readFileSync(path.join(home, 'credentials.env'), 'utf8');
  return createClient({
    address: node.address,
    token: /CLAVIGER_TOKEN='([^']+)'/.exec(text)?.[1] ?? '',
  });
}

/** Which of two root key files the store is under; there must be exactly one. */
async function rootOf(home: string, files: readonly [string, string]): Promise<string> {
  const store = await openStore(loadConfig({ env: { CLAVIGER_HOME: home } }).databaseUrl);
  try {
    const current = parseCurrentRoot((await store.setting('current-root')) ?? '');
    const opening: string[] = [];
    for (const file of files) {
      if (!fs.existsSync(file)) continue;
      const root = await openFileRoot(file);
      if (await isCurrentRoot(root, current)) opening.push(file);
      await root.close();
    }
    assert.equal(opening.length, 1, `one root opens the store: ${opening.join(' ')}`);
    return opening[0] ?? '';
  } finally {
    await store.close();
  }
}

/** How long after the beginning of an act a server is killed: milliseconds, at most. */
const spans = Object.freeze({ migrate: 120, rekey: 3200, both: 1500 });
const acts = Object.keys(spans) as (keyof typeof spans)[];

describe('kill -9 while the root or the keys under it are replaced', () => {
  it(`leaves exactly one root that opens everything, ${rounds} times`, { timeout: 7_200_000 }, async () => {
    const home = newHome();
    const port = await freePort();
    const sealed: Uint8Array[] = [];
    let file = path.join(home, 'root', 'root.key');
    const start = async (): Promise<ServerNode> => {
      const node = spawnNode(home, port, { CLAVIGER_ROOT: `file:${file}` });
      await node.ready();
      return node;
    };
    const requireAll = async (client: Client): Promise<void> => {
      await client.root.verify();
      for (let at = 0; at < sealed.length; at += 20)
        await Promise.all(
          sealed.slice(at, at + 20).map(async (ciphertext) => {
            const opened = await client.decrypt(ciphertext);
            assert.deepEqual(Buffer.from(opened), plaintext);
          }),
        );
    };

    let node = await start();
    let client = clientOf(node, home);
    for (let made = 0; made < keyCount; made += 1) {
      const { id } = await client.keys.create({});
      sealed.push(await client.encrypt(id, plaintext));
    }

    for (let round = 0; round < rounds; round += 1) {
      const act = acts[round % acts.length] ?? 'migrate';
      const next = path.join(home, 'root', `root-${round}.key`);
      const asked: Promise<unknown>[] = [];
      if (act !== 'rekey') asked.push(client.root.migrate(`file:${next}`));
      if (act !== 'migrate') asked.push(client.rekeys.begin('default'));
      const over = Promise.allSettled(asked);
      // keys are made meanwhile: whatever was answered must be there, under whichever key it came
      const making = client.keys
        .create({})
        .then(async ({ id }) => void sealed.push(await client.encrypt(id, plaintext)))
        .catch(() => undefined);
      await pause(randomInt(spans[act]));
      await node.kill();
      await over;
      await making;

      file = await rootOf(home, [file, next]);
      node = await start();
      client = clientOf(node, home);
      await requireAll(client);
      if (act !== 'rekey') {
        assert.equal((await client.root.migrate(`file:${next}`)).switched, file !== next);
        file = next;
      }
      if (act !== 'migrate') await client.rekeys.begin('default');
    }
    while ((await client.rekeys.status('default')).running) await pause(100);
    await requireAll(client);
    assert.ok(credentialsOf(home));
    await node.kill();
    node = await start();
    await requireAll(clientOf(node, home));
    await node.kill();
    removeHome(home);
  });
});
