import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClavigerError } from '#domain';
import type { House } from '#operations';
import type { Lease } from '#ports';
import { createPresence } from './presence.ts';

function watched() {
  const leases: Lease[] = [];
  const state = { now: 1_000_000, monotonic: 0, dropped: 0, failing: false };
  const house = {
    log: { node: 'one' },
    clock: { now: () => state.now },
    keys: { drop: () => void (state.dropped += 1) },
    store: {
      async takeLease(lease: Lease) {
        if (state.failing) throw new ClavigerError('store-unavailable', 'no');
        leases.push(lease);
        return true;
      },
    },
  } as unknown as House;
  const presence = createPresence({ house, monotonic: () => state.monotonic });
  const pass = (millis: number): void => {
    state.now += millis;
    state.monotonic += millis;
  };
  return { presence, leases, state, pass };
}

describe('the presence of a node', () => {
  it('is told for a minute, and told again every ten seconds', async () => {
    const { presence, leases, pass, state } = watched();
    for (let second = 0; second < 25; second += 1) {
      await presence.renew();
      pass(1000);
    }
    assert.deepEqual(
      leases.map(({ name, holder, until }) => [name, holder, until - 1_000_000]),
      [0, 10_000, 20_000].map((at) => ['node:one', 'one', at + 60_000]),
    );
    assert.equal(state.dropped, 0);
  });

  it('is told again when the clock was set, forth or back', async () => {
    const { presence, leases, state } = watched();
    await presence.renew();
    state.now += 3_600_000;
    await presence.renew();
    state.now -= 1_800_000;
    await presence.renew();
    await presence.renew();
    assert.equal(leases.length, 3);
  });

  it('that could not be told in time leaves nothing in memory', async () => {
    const { presence, state, pass } = watched();
    await presence.renew();
    state.failing = true;
    pass(59_999);
    await assert.rejects(presence.renew(), { code: 'store-unavailable' });
    assert.equal(state.dropped, 0);
    pass(1);
    for (let count = 1; count <= 2; count += 1) {
      await assert.rejects(presence.renew(), { code: 'store-unavailable' });
      assert.equal(state.dropped, count);
    }
    state.failing = false;
    await presence.renew();
    await presence.renew();
    assert.equal(state.dropped, 3);
  });

  it('ends at once when the node leaves', async () => {
    const { presence, leases, state } = watched();
    await presence.renew();
    await presence.leave();
    assert.deepEqual([leases.at(-1)?.until, state.dropped], [state.now, 1]);
  });
});
