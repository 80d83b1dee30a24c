import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { SecretBytes } from '#crypto';
import { operations } from '#operations';
import { openWorld } from '../src/operations/house.fixture.ts';
import { openFingerprints, openHouseKey } from '../src/server/house-key.ts';

describe('the fingerprints of the house', () => {
  it('are the same after a restart, under another root of trust, and for every environment', async (test) => {
    const world = await openWorld();
    test.after(() => world.dispose());
    using material = SecretBytes.random(32);
    const told = async (): Promise<string> => {
      using key = await openHouseKey(world.house.root, world.store);
      const fingerprints = await openFingerprints({ key, store: world.store });
      try {
        return fingerprints.of(material);
      } finally {
        fingerprints.close();
      }
    };
    const before = await told();
    assert.match(before, /^[0-9a-f]{64}$/);
    assert.equal(await told(), before);
    const to = `file:${path.join(world.folder, 'next', 'root.key')}`;
    await world.door.run(operations.migrateRoot, world.caller(), { to });
    await world.door.run(operations.rekeyEnvironment, world.caller(), { name: 'alpha' });
    assert.equal(await told(), before);
    // and nothing that the material alone would tell
    const other = await openWorld();
    test.after(() => other.dispose());
    using key = await openHouseKey(other.root, other.store);
    const elsewhere = await openFingerprints({ key, store: other.store });
    assert.notEqual(elsewhere.of(material), before);
    elsewhere.close();
  });
});
