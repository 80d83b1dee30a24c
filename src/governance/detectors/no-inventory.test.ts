import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { versionOf } from '../population.fixture.ts';
import { aged, ago, facts, of, lastUse, people, tryEach } from './one-key.fixture.ts';

describe('detectors of keys of which too little is known', () => {
  tryEach({
    'owner-missing': [
      ['none', facts({ owner: ' N/A ' }), ['owner-missing high']],
      ['said by a tag', facts({ owner: '', tags: [{ key: 'Owner', value: 'cards' }] }), []],
      [
        'a tag that says nothing',
        facts({ owner: '', tags: [{ key: 'owner', value: '-' }] }),
        ['owner-missing high'],
      ],
    ],
    'owner-gone': [
      ['disabled', facts({ owner: 'gone' }), ['owner-gone medium'], people],
      ['a team', facts({ owner: 'the cards team' }), [], people],
      [
        'who made it, and is not there',
        facts({ owner: 'eva', createdBy: 'eva' }),
        ['owner-gone low'],
        people,
      ],
      ['who came through a mount', facts({ owner: 'jwt/eva', createdBy: 'jwt/eva' }), [], people],
      ['taken over', facts({ owner: 'gone', tags: [{ key: 'owner', value: 'cards' }] }), [], people],
    ],
    'purpose-unsaid': [
      ['nothing', facts({ description: '' }, { names: [] }), ['purpose-unsaid low']],
      ['a name', facts({ description: '' }), []],
      ['a tag', facts({ description: '', tags: [{ key: 'app', value: 'cards' }] }, { names: [] }), []],
      ['made today', facts({ ...aged(1), description: '' }, { names: [] }), []],
    ],
    unused: [
      ['from the beginning', facts(aged(200)), ['unused low']],
      [
        'for long',
        facts(
          {
            ...aged(450),
            versions: [versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(100) })],
          },
          { lastUse: lastUse(401) },
        ),
        ['unused low'],
      ],
      [
        'once a year',
        facts(
          {
            ...aged(450),
            versions: [versionOf({ spec: 'AES_256', usage: 'encrypt', activatedAt: ago(100) })],
          },
          { lastUse: lastUse(370) },
        ),
        [],
      ],
      [
        'counted, and nobody knows when',
        facts(aged(200), { counts: [{ version: 1, operations: 5, bytes: 5 }] }),
        [],
      ],
      ['suspended', facts({ ...aged(200), suspendedAt: ago(1) }), []],
    ],
  });

  it('say nothing of an ordinary key', async () => assert.deepEqual(await of(facts()), []));
});
