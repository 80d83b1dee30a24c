import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openStore } from '#storage';
import { backupHome } from './make.ts';
import { newKey, openHouse } from './recovery.fixture.ts';
import { verifyFile } from './verify.ts';

const rounds = Number(process.env['CLAVIGER_KILL_ROUNDS'] ?? 2);
const program = path.join(import.meta.dirname, '..', '..', 'cli', 'main.mjs');

/** Runs the command line; kills it with -9 after so many milliseconds, where it still runs. */
async function run(home: string, words: readonly string[], env: Record<string, string>, killAfter?: number) {
  const child = spawn(process.execPath, [program, ...words], {
    env: { PATH: process.env['PATH'], HOME: home, CLAVIGER_HOME: home, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  const timer = killAfter === undefined ? null : setTimeout(() => child.kill('SIGKILL'), killAfter);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (timer) clearTimeout(timer);
  return { code, told };
}

async function filledHouse(test: TestContext) {
  const house = await openHouse(test);
  await Promise.all(Array.from({ length: 60 }, () => newKey(house.node, house.home)));
  return house;
}

describe('kill -9', () => {
  it('in a backup leaves a whole file or none, and the command can be repeated', async (test) => {
    const house = await filledHouse(test);
    const keys = await house.holders.keys(0, 1);
    const env = { CLAVIGER_NODE: 'one' };
    for (let round = 0; round < rounds; round += 1) {
      const [file, escrow] = [house.place(`b${round}`), house.place(`b${round}.escrow`)];
      await run(house.home, ['backup', 'create', '--out', file], env, randomInt(300, 4000));
      for (const made of [file, escrow])
        if (fs.existsSync(made)) assert.ok((await verifyFile(made, keys)).opened);
      const again = await run(house.home, ['backup', 'create', '--out', `${file}.again`], env);
      assert.equal(again.code, 0, again.told);
      assert.equal((await verifyFile(`${file}.again`, keys)).manifest?.keys, 60);
    }
  });

  it('in a restore leaves a store that no server starts on, or a finished one', async (test) => {
    const house = await filledHouse(test);
    const [file, escrow] = [house.place('b'), house.place('e')];
    await backupHome(house.config, { file, withAudit: false, escrowFile: escrow });
    const [ada = '', bob = ''] = house.holders.files;
    for (let round = 0; round < rounds; round += 1) {
      const home = house.place(`home${round}`);
      const env = {
        CLAVIGER_NODE: 'two',
        CLAVIGER_ROOT: `file:${path.join(house.home, 'root', 'root.key')}`,
      };
      const words = ['backup', 'restore', file, '--escrow', escrow, '--holder-key', ada, '--holder-key', bob];
      await run(home, words, env, randomInt(300, 4000));
      const again = await run(home, words, env);
      // the killed one may have finished
      assert.ok(again.code === 0 || /not empty/.test(again.told), again.told);
      const store = await openStore(`sqlite:${path.join(home, 'data', 'claviger.db')}`);
      assert.equal(await store.countKeys('default'), 60);
      assert.equal(await store.setting('restoring'), null);
      await store.close();
    }
  });
});
