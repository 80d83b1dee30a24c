import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isGoverned } from '#governance';
import { operations } from '../table.ts';

it('no operation that only reads is among the events that are judged', () => {
  const judged = Object.values(operations).filter(({ kind, name }) => kind === 'read' && isGoverned(name));
  assert.deepEqual(
    judged.map(({ name }) => name),
    [],
  );
  for (const name of ['keys.create', 'keys.destroy', 'principals.create', 'governance.write-period-policy'])
    assert.ok(isGoverned(name), name);
});
