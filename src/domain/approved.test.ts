import assert from 'node:assert/strict';
import { it } from 'node:test';
import { algorithmsFor, factsOf, isApproved, keySpecs, requireApproved, requireApprovedSpec } from '#domain';
import type { KeySpec } from '#domain';

it('every approved spec has an approved algorithm for each of its usages, and no other spec is let in', () => {
  const refused: string[] = [];
  for (const spec of Object.keys(keySpecs) as KeySpec[]) {
    const { fips, usages } = factsOf(spec);
    if (!fips) {
      refused.push(spec);
      assert.throws(() => requireApprovedSpec(spec, 'make'), { code: 'operation-unsupported' });
      assert.throws(() => requireApprovedSpec(spec, 'use'), { code: 'algorithm-forbids' });
      continue;
    }
    for (const act of ['make', 'use'] as const) requireApprovedSpec(spec, act);
    for (const usage of usages)
      assert.ok(
        algorithmsFor(spec, usage).some((name) => isApproved(name, 'protect')),
        `${spec} ${usage}`,
      );
  }
  assert.deepEqual(refused.sort(), [
    'CHACHA20',
    'EC_SECP256K1',
    'X25519',
    ...refused.filter((n) => n === 'X448'),
  ]);
});

it('what was encrypted before can be opened, and nothing is encrypted so again', () => {
  requireApproved('XAES_256_GCM', 'process');
  for (const name of ['XAES_256_GCM', 'AES_GCM_SIV', 'CHACHA20_POLY1305'] as const)
    assert.throws(() => requireApproved(name, 'protect'), { code: 'algorithm-forbids' });
  for (const name of ['AES_GCM_SIV', 'CHACHA20_POLY1305'] as const)
    assert.throws(() => requireApproved(name, 'process'), { code: 'algorithm-forbids' });
  requireApproved('AES_GCM', 'protect');
});
