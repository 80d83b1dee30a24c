import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { event, keys, logPlaces } from './fixtures.ts';
import { openAuditLog, readEventsByTime } from './index.ts';

const places = logPlaces();
after(places.remove);

async function logOf(node: string, times: readonly number[]): Promise<string> {
  const folder = places.next();
  const log = openAuditLog({ folder, node, keys });
  for (const at of times) await log.append(event({ node, at }));
  await log.close();
  return folder;
}

describe('the events of several logs', () => {
  it('come by their time, and those of one log in its order', async () => {
    const folders = [await logOf('a', [10, 40, 30, 50]), await logOf('b', [5, 20, 45]), await logOf('c', [])];
    const read = [...readEventsByTime(folders)].map(
      ({ event: { node, at }, index }) => `${node}${index} ${at}`,
    );
    assert.deepEqual(read, ['b0 5', 'a0 10', 'b1 20', 'a1 40', 'a2 30', 'b2 45', 'a3 50']);
    assert.deepEqual(
      [...readEventsByTime(folders, { from: 45 })].map(({ event: { at } }) => at),
      [45, 50],
    );
    assert.deepEqual([...readEventsByTime([])], []);
  });
});
