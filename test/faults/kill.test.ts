import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { createClient } from '#sdk';
import { freePort, newHome, removeHome, startTestServer } from '../servers.ts';

const rounds = Number(process.env['CLAVIGER_KILL_ROUNDS'] ?? 5);

/** Asks for things until the server is gone; keeps only what was answered. */
async function load(address: string, token: string, kept: Kept): Promise<void> {
  const client = createClient({ address, token });
  try {
    for (;;) {
      const key = await client.keys.create({ description: 'load' });
      kept.keys.add(key.id);
      const ciphertext = await client.encrypt(key.id, Buffer.from(key.id));
      kept.ciphertexts.set(key.id, ciphertext);
      await client.keys.rotate(key.id);
      kept.versions.set(key.id, 2);
      if (kept.keys.size % 3 === 0) {
        kept.disabled.set(key.id, null);
        await client.keys.disable(key.id);
        kept.disabled.set(key.id, true);
      }
    }
  } catch {
    // the server was killed
  }
}

type Kept = {
  keys: Set<string>;
  ciphertexts: Map<string, Uint8Array>;
  versions: Map<string, number>;
  /** True: it was answered; null: it was asked, and either is right. */
  disabled: Map<string, true | null>;
};

describe('kill -9', () => {
  it(`loses nothing that was answered, ${rounds} times`, { timeout: 900_000 }, async () => {
    const home = newHome();
    const port = await freePort();
    const kept: Kept = { keys: new Set(), ciphertexts: new Map(), versions: new Map(), disabled: new Map() };
    for (let round = 0; round < rounds; round += 1) {
      const server = await startTestServer({ home, port });
      const token = server.env['CLAVIGER_TOKEN'] ?? '';
      const before = kept.keys.size;
      const loads = Array.from({ length: 8 }, () => load(server.address, token, kept));
      const enough = 3 + ((round * 37) % 60);
      while (kept.keys.size - before < enough) await new Promise((next) => setImmediate(next));
      await server.stop('SIGKILL');
      await Promise.all(loads);
    }
    const server = await startTestServer({ home, port });
    const client = createClient({ address: server.address, token: server.env['CLAVIGER_TOKEN'] ?? '' });
    const found = new Map<string, { state: string; currentVersion: number }>();
    for await (const key of client.keys.list()) found.set(key.id, key);
    for (const id of kept.keys) assert.ok(found.has(id), `key ${id} was answered and is gone`);
    for (const [id, version] of kept.versions) assert.ok((found.get(id)?.currentVersion ?? 0) >= version);
    for (const [id, answered] of kept.disabled) if (answered) assert.equal(found.get(id)?.state, 'suspended');
    for (const [id, key] of found) {
      if (key.state === 'suspended') continue;
      const ciphertext = kept.ciphertexts.get(id) ?? (await client.encrypt(id, Buffer.from(id)));
      assert.equal(Buffer.from(await client.decrypt(ciphertext)).toString(), id);
    }
    await server.stop();
    const cli = (...args: string[]) =>
      execFileSync(process.execPath, [path.join(import.meta.dirname, '../../src/cli/main.ts'), ...args], {
        env: server.env,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const [verified] = JSON.parse(cli('audit', 'verify', '-o', 'json')) as { findings: unknown[] }[];
    assert.deepEqual(verified?.findings, []);
    const created = new Map<string, number>();
    for (const line of cli('audit', 'export').split('\n')) {
      if (line === '') continue;
      const event = JSON.parse(line) as { operation: string; outcome: string; keyId: string };
      if (event.operation !== 'keys.create' || event.outcome !== 'success') continue;
      created.set(event.keyId, (created.get(event.keyId) ?? 0) + 1);
    }
    for (const id of found.keys())
      assert.equal(created.get(id), 1, `key ${id} has one record of its creation`);
    removeHome(home);
  });
});
