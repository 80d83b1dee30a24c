import assert from 'node:assert/strict';
import path from 'node:path';
import { it } from 'node:test';
import { operations } from '#operations';
import { configOf } from '../home.fixture.ts';
import { backupHome } from './make.ts';
import { administratorOf, openHouse } from './recovery.fixture.ts';
import { restoreHome } from './restore.ts';

it('secrets come back from a backup, and those that were destroyed after it do not', async (test) => {
  const house = await openHouse(test);
  const { node } = house;
  const caller = await administratorOf(node, house.home);
  const fresh = () => ({ ...caller, requestId: node.newRequestId() });
  const store = 'kv';
  for (const name of ['kept', 'destroyed', 'removed', 'evicted'])
    await node.door.run(operations.writeSecret, fresh(), {
      store,
      path: name,
      value: { name },
      expected: null,
      keep: null,
    });
  const made = { file: house.place('b'), withAudit: false, escrowFile: house.place('e') };
  await backupHome(house.config, made);
  await node.door.run(operations.destroySecret, fresh(), { store, path: 'destroyed', versions: [1] });
  await node.door.run(operations.removeSecret, fresh(), { store, path: 'removed' });
  const again = { store, path: 'evicted', value: {}, expected: null, keep: 1 };
  await node.door.run(operations.writeSecret, fresh(), again);
  await node.door.runAsSystem(operations.shredEndedSecrets, 'default', { limit: 100 });

  const home = house.place('fresh');
  const root = path.join(house.home, 'root', 'root.key');
  const config = configOf(home, { CLAVIGER_ROOT: `file:${root}`, CLAVIGER_NODE: 'two' });
  const holderKeys = await house.holders.keys(0, 1);
  await restoreHome(config, {
    file: made.file,
    escrow: made.escrowFile,
    holderKeys,
    auditFolder: house.config.auditFolder,
  });
  const { compose } = await import('../compose.ts');
  const { createLogger } = await import('../logger.ts');
  const restored = await compose({ config, logger: createLogger('silent'), worker: 0 });
  test.after(() => restored.close());
  const read = (name: string) =>
    restored.door.run(
      operations.readSecret,
      { ...caller, requestId: restored.newRequestId() },
      { store, path: name, version: 1 },
    );
  assert.deepEqual((await read('kept'))?.value, { name: 'kept' });
  for (const name of ['destroyed', 'removed', 'evicted'])
    await assert.rejects(read(name), { code: 'key-destroyed' }, name);
});
