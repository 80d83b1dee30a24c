import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { frameworks } from '../frameworks/index.ts';
import { attestationSubjects, checkLibrary } from './index.ts';

const page = fs.readFileSync(path.join(import.meta.dirname, '../../../docs/compliance.md'), 'utf8');

it('docs/compliance.md lists every framework, check and subject of attestations as it is', () => {
  for (const { id, title, requirements } of frameworks)
    assert.ok(page.includes(`| \`${id}\` | ${title} | ${requirements.length} |`), id);
  for (const { id, title, method } of checkLibrary.filter((check) => !check.id.startsWith('stated-')))
    assert.ok(page.includes(`| \`${id}\` | ${method} | ${title} |`), id);
  for (const [subject, what] of Object.entries(attestationSubjects))
    assert.ok(page.includes(`| \`${subject}\` | ${what} |`), subject);
});

it('docs/compliance.md lists nothing else', () => {
  const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, id]) => id);
  const known = new Set([
    ...frameworks.map(({ id }) => id),
    ...checkLibrary.map(({ id }) => id),
    ...Object.keys(attestationSubjects),
  ]);
  assert.deepEqual(
    listed.filter((id) => !known.has(id ?? '')),
    [],
  );
});
