import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLibrary } from '../checks/index.ts';
import { frameworkOf, frameworks } from './index.ts';

/** How many requirements each has: a change is one on purpose. */
const sizes: Readonly<Record<string, number>> = {
  'csa-ccm-4-cek': 21,
  'fips-140-3': 14,
  'hipaa-164.312': 10,
  'iso-27001-2013': 2,
  'iso-27001-2022': 25,
  'nist-sp-800-57': 24,
  'pci-dss-4.0.1': 24,
  'soc2-cc6.1': 16,
};

describe('frameworks', () => {
  it('are the eight that there are, ordered, with their requirements', () => {
    assert.deepEqual(
      Object.fromEntries(frameworks.map(({ id, requirements }) => [id, requirements.length])),
      sizes,
    );
    assert.deepEqual(
      frameworks.map(({ id }) => id),
      frameworks.map(({ id }) => id).sort(),
    );
    for (const { id } of frameworks) assert.equal(frameworkOf(id)?.id, id);
    assert.equal(frameworkOf('pci'), null);
  });

  it('name only checks that there are, and each requirement once', () => {
    const known = new Set(checkLibrary.map(({ id }) => id));
    for (const framework of frameworks) {
      const ids = framework.requirements.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, framework.id);
      for (const { id, gist, checks, show } of framework.requirements) {
        assert.deepEqual(
          checks.filter((check) => !known.has(check)),
          [],
          `${framework.id} ${id}`,
        );
        assert.equal(new Set(checks).size, checks.length, `${framework.id} ${id}`);
        assert.match(gist, /^[A-Z].{10,200}\.$/, `${framework.id} ${id}`);
        assert.equal(
          checks.length === 0,
          show !== undefined,
          `${framework.id} ${id}: checks, or what is to be shown`,
        );
      }
    }
  });

  it('use every check', () => {
    const used = new Set(
      frameworks.flatMap(({ requirements }) => requirements.flatMap(({ checks }) => checks)),
    );
    assert.deepEqual(
      checkLibrary.map(({ id }) => id).filter((id) => !used.has(id)),
      [],
    );
  });

  it('cover PCI DSS 3.5.1 to 3.7.9 and CEK-01 to CEK-21 without a gap', () => {
    const pci = frameworkOf('pci-dss-4.0.1')?.requirements.map(({ id }) => id) ?? [];
    const wanted = [
      ...['3.5.1', '3.5.1.1', '3.5.1.2', '3.5.1.3', '3.6.1', '3.6.1.1', '3.6.1.2', '3.6.1.3', '3.6.1.4'],
      ...Array.from({ length: 9 }, (_, at) => `3.7.${at + 1}`),
    ];
    assert.deepEqual(
      pci.filter((id) => id.startsWith('3.')),
      wanted,
    );
    const cek = frameworkOf('csa-ccm-4-cek')?.requirements.map(({ id }) => id);
    assert.deepEqual(
      cek,
      Array.from({ length: 21 }, (_, at) => `CEK-${String(at + 1).padStart(2, '0')}`),
    );
  });
});
