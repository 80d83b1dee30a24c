import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { isDestroyed, type DestructionStep } from '#domain';
import { anyRegion, operations, type Caller, type Operation } from '#operations';
import { createClient } from '#sdk';
import { compose, createLogger, loadConfig } from '#server';
import { openShredStore, openStore } from '#storage';
import { freePort, newHome, removeHome } from '../servers.ts';
import { credentialsOf, killNodes, spawnNode, until, type ServerNode } from './node.ts';

after(killNodes);

const rounds = Number(process.env['CLAVIGER_KILL_ROUNDS'] ?? 2);
const keysPerRound = 30;
const dayMillis = 86_400_000;
const node = 'one';
const plaintext = Buffer.from('what was sealed at the beginning');

const pause = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));
const configOf = (home: string) =>
  loadConfig({ env: { CLAVIGER_HOME: home, CLAVIGER_NODE: node, CLAVIGER_LOG_LEVEL: 'silent' } });

type Doomed = { readonly id: string; readonly ciphertext: Uint8Array };

/** Keys whose destruction was asked for eight days ago, and one that nobody wants to destroy. */
async function prepare(home: string): Promise<{ doomed: readonly Doomed[]; kept: Uint8Array }> {
  const clock = { now: () => Date.now() - 8 * dayMillis };
  const composition = await compose({
    config: configOf(home),
    logger: createLogger('silent'),
    worker: 0,
    clock,
  });
  try {
    const { door, house, newRequestId } = composition;
    const principal = await house.store.principalByName('default', 'admin');
    assert.ok(principal);
    const caller = async (): Promise<Caller> => ({
      principal,
      accountId: await house.accountOf('default'),
      region: anyRegion,
      protocol: 'internal',
      protocolOperation: '-',
      sourceAddress: '-',
      userAgent: '-',
      secureTransport: true,
      requestId: newRequestId(),
    });
    const run = async <I, O>(operation: Operation<I, O>, input: I): Promise<O> =>
      door.run(operation, { ...(await caller()), region: 'us-east-1' }, input);
    const made = async (): Promise<Doomed> => {
      const { id } = await run(operations.createKey, {
        spec: 'AES_256',
        usage: 'encrypt',
        description: '',
        tags: [],
        owner: null,
        policy: null,
        bypassLockoutCheck: false,
        name: null,
        dataClassification: null,
      });
      const key = { kind: 'id', id } as const;
      await run(operations.createName, { name: `of/${id}`, key });
      const wish = { key, plaintext, context: null, algorithm: null, version: null, dryRun: false };
      return { id, ciphertext: (await run(operations.encrypt, wish)).ciphertext };
    };
    const doomed = await Promise.all(Array.from({ length: keysPerRound }, made));
    for (const { id } of doomed) {
      const key = { kind: 'id', id } as const;
      await run(operations.scheduleDestruction, { key, waitingDays: 7, reason: 'a test' });
    }
    return { doomed, kept: (await made()).ciphertext };
  } finally {
    await composition.close();
  }
}

/** What the stores hold of each key: the old state, the new one, or what is on its way and finishes. */
async function requireWhole(home: string, doomed: readonly Doomed[]): Promise<DestructionStep[]> {
  const config = configOf(home);
  const store = await openStore(config.databaseUrl);
  const shreds = await openShredStore(config.shredUrl);
  try {
    const steps: DestructionStep[] = [];
    for (const { id } of doomed) {
      const [destruction, ...others] = await store.destructions.ofKey(id);
      const stored = await store.key(id);
      assert.ok(destruction && stored);
      assert.equal(others.length, 0);
      const { key, materials } = stored;
      const names = await store.names(key.environment, key.region, id, { after: null, limit: 10 });
      const secret = await shreds.get(id);
      const told = `${id} is ${destruction.step}`;
      if (destruction.step === 'scheduled' || destruction.step === 'begun') {
        assert.ok(key.destruction, told);
        assert.deepEqual([materials.length, names.length], [1, 1], told);
        assert.ok(secret !== null || destruction.step === 'begun', told);
        assert.equal(destruction.probes.length, destruction.step === 'begun' ? 1 : 0, told);
      } else {
        assert.ok(
          key.versions.every(({ state }) => isDestroyed(state)),
          told,
        );
        assert.deepEqual([materials.length, names.length, secret], [0, 0, null], told);
        assert.ok(destruction.execution, told);
      }
      steps.push(destruction.step);
    }
    return steps;
  } finally {
    await shreds.close();
    await store.close();
  }
}

/** Resolves when the first of the keys is no longer as it was. */
async function untilBegun(home: string): Promise<void> {
  const store = await openStore(configOf(home).databaseUrl);
  const isBegun = async (): Promise<boolean> => {
    const page = { after: null, limit: 1 };
    for (const step of ['begun', 'executed', 'verified'] as const)
      if ((await store.destructions.inStep(step, page)).length > 0) return true;
    return false;
  };
  try {
    await until(isBegun, 'the first destruction has begun');
  } finally {
    await store.close();
  }
}

describe('kill -9 while keys are destroyed', () => {
  it(`leaves each key as it was or gone, ${rounds} times`, { timeout: 7_200_000 }, async () => {
    const seen = new Map<DestructionStep, number>();
    for (let round = 0; round < rounds; round += 1) {
      const home = newHome();
      const port = await freePort();
      const { doomed, kept } = await prepare(home);
      const start = async (): Promise<ServerNode> => {
        const server = spawnNode(home, port, { CLAVIGER_NODE: node });
        await server.ready();
        return server;
      };
      const first = await start();
      await untilBegun(home);
      await pause(randomInt(0, 400));
      await first.kill();
      for (const step of await requireWhole(home, doomed)) seen.set(step, (seen.get(step) ?? 0) + 1);

      const second = await start();
      const client = createClient({
        address: second.address,
        token: credentialsOf(home)['CLAVIGER_TOKEN'] ?? '',
      });
      await until(async () => {
        const told = await Promise.all(doomed.map(({ id }) => client.keys.destruction(id)));
        return told.every(({ destruction }) => destruction?.step === 'verified');
      }, 'every destruction is verified');
      for (const { ciphertext } of doomed)
        await assert.rejects(client.decrypt(ciphertext), { code: 'key-destroyed' });
      assert.deepEqual(Buffer.from(await client.decrypt(kept)), plaintext);
      await second.kill();
      assert.ok((await requireWhole(home, doomed)).every((step) => step === 'verified'));
      removeHome(home);
    }
    assert.equal(
      [...seen.values()].reduce((sum, count) => sum + count, 0),
      rounds * keysPerRound,
    );
    if (rounds > 5) process.stdout.write(`steps at the kill: ${JSON.stringify([...seen])}\n`);
  });
});
