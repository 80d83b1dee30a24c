import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { catalogue, detectors } from './index.ts';

it('docs/findings.md has the detectors as they are', () => {
  const file = path.join(import.meta.dirname, '..', '..', '..', 'docs', 'findings.md');
  const told = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const wanted = detectors.map(({ id, mistake }) => {
    const { severity, title, why } = catalogue[id as keyof typeof catalogue];
    return `| \`${id}\` | ${mistake} | ${severity} | ${title} | ${why} |`;
  });
  assert.deepEqual(told, wanted);
});
