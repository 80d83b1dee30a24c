import { describe } from 'node:test';
import { headOf } from '../population.fixture.ts';
import { copy, destroying, facts, gone, tryEach } from './one-key.fixture.ts';

describe('detectors of copies, in clear, elsewhere and beside the data', () => {
  tryEach({
    'exported-in-clear': [
      [
        'a live copy',
        facts({}, { copies: [copy({ detail: { wrap: 'none' } })] }),
        ['exported-in-clear high'],
      ],
      [
        'one that is destroyed',
        facts({}, { copies: [copy({ detail: { wrap: 'none' }, status: 'destroyed' })] }),
        [],
      ],
      ['one that is wrapped', facts({}, { copies: [copy()] }), []],
    ],
    'clear-backup-allowed': [
      ['the setting', facts({ plaintextBackup: true }), ['clear-backup-allowed low']],
      [
        'not besides a copy',
        facts({ plaintextBackup: true }, { copies: [copy({ detail: { wrap: 'none' } })] }),
        ['exported-in-clear high'],
      ],
      [
        'of a destroyed key',
        facts(
          { plaintextBackup: true, ...gone('destroyed', 9) },
          { destruction: destroying({ step: 'verified' }) },
        ),
        [],
      ],
    ],
    'same-material-elsewhere': [
      [
        'in staging',
        facts({}, { sameMaterial: [{ keyId: 'x', environment: 'staging' }] }),
        ['same-material-elsewhere critical'],
      ],
      [
        'between two that are not production',
        facts({ environment: 'test' }, { sameMaterial: [{ keyId: 'x', environment: 'staging' }] }),
        ['same-material-elsewhere high'],
      ],
      [
        'in the same environment',
        facts({}, { sameMaterial: [{ keyId: 'x', environment: 'production' }] }),
        [],
      ],
    ],
    'copy-beside-data': [
      [
        'wrapped',
        facts(
          { tags: [{ key: 'data-store', value: 's3://cards' }] },
          { copies: [copy({ place: 's3://cards/k' })] },
        ),
        ['copy-beside-data high'],
      ],
      [
        'in clear',
        facts(
          { tags: [{ key: 'location', value: '/mnt/a' }] },
          { copies: [copy({ place: '/mnt/a/k', detail: { wrap: 'none' } })] },
        ),
        ['exported-in-clear high', 'copy-beside-data critical'],
      ],
      [
        'the backup of all',
        facts({ tags: [{ key: 'data-store', value: 'db1:/x' }] }),
        ['copy-beside-data medium'],
        headOf({ root: 'pkcs11', copies: [copy({ kind: 'backup', keyId: null, place: 'db1:/y' })] }),
      ],
      [
        'elsewhere',
        facts(
          { tags: [{ key: 'data-store', value: 's3://cards' }] },
          { copies: [copy({ place: 's3://keys/k' })] },
        ),
        [],
      ],
      [
        'gone',
        facts(
          { tags: [{ key: 'data-store', value: 's3://cards' }] },
          { copies: [copy({ place: 's3://cards/k', status: 'destroyed' })] },
        ),
        [],
      ],
    ],
  });
});
