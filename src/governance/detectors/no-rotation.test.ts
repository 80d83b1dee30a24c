import { describe } from 'node:test';
import { versionOf } from '../population.fixture.ts';
import {
  aged,
  ago,
  asymmetric,
  facts,
  gone,
  lastUse,
  noRotation,
  period,
  used,
  years,
  tryEach,
} from './one-key.fixture.ts';

describe('detectors of keys that are not rotated', () => {
  tryEach({
    'period-too-long': [
      [
        'ten years',
        facts(aged(30, { cryptoPeriod: period({ originatorSeconds: years(10) }) })),
        ['period-too-long medium'],
      ],
      ['two years', facts(aged(30, { cryptoPeriod: period({ originatorSeconds: years(2) }) })), []],
      [
        'ten years, for which somebody answers',
        facts({
          ...aged(30, { cryptoPeriod: period({ originatorSeconds: years(10) }) }),
          periodExtensions: [{ id: 'e', version: 1, act: 'protect', until: ago(-9), otherwise: years(1) }],
        }),
        [],
      ],
      [
        'three years of a signature',
        facts({
          ...asymmetric,
          versions: [{ ...versionOf(asymmetric), cryptoPeriod: period({ originatorSeconds: years(3) }) }],
        }),
        [],
      ],
    ],
    'rotation-overdue': [
      ['past its period, unused', facts(aged(370), {}), ['rotation-overdue medium', 'unused low']],
      ['past its period, in use', facts(aged(370), { lastUse: lastUse(1) }), ['rotation-overdue high']],
      [
        'within the day of grace',
        facts({ ...aged(365.5), ...noRotation }, { lastUse: lastUse(1) }),
        ['rotation-near low'],
      ],
      ['before its own day in the last tenth', facts(aged(328), { lastUse: lastUse(1) }), []],
      [
        'a schedule that was missed',
        facts({ ...aged(95), rotation: { periodDays: 90, since: ago(95), nextAt: ago(5) } }),
        ['rotation-overdue medium'],
      ],
      [
        'uses that are spent',
        facts(aged(30, { cryptoPeriod: period({ operationsMax: 100 }) }), {
          counts: [{ version: 1, operations: 100, bytes: 0 }],
          lastUse: lastUse(1),
        }),
        ['rotation-overdue high'],
      ],
      [
        'an end that nothing followed',
        facts(gone('deactivated', 20, 'originator-period-over')),
        ['rotation-overdue medium'],
      ],
      ['suspended', facts({ ...aged(370), suspendedAt: ago(5) }), []],
    ],
    'rotation-near': [
      ['nothing rotates it', facts({ ...aged(320), ...noRotation }), ['rotation-near low', 'unused low']],
      ['the policy rotates it', facts(aged(320), { lastUse: lastUse(1) }), []],
      ['early', facts({ ...aged(250), ...noRotation }, { lastUse: lastUse(1) }), []],
      [
        'bytes nearly spent',
        facts(
          { ...aged(30, { cryptoPeriod: period({ bytesMax: 1000 }) }), ...noRotation },
          { counts: [{ version: 1, operations: 1, bytes: 900 }] },
        ),
        ['rotation-near low'],
      ],
      [
        'a key pair, which no policy rotates',
        facts(
          {
            ...asymmetric,
            createdAt: ago(1000),
            versions: [versionOf({ ...asymmetric, activatedAt: ago(1000) })],
          },
          { lastUse: lastUse(1) },
        ),
        ['rotation-near low'],
      ],
    ],
    'used-after-end': [
      [
        'by its period',
        facts(aged(400), { uses: [used('payments')], lastUse: lastUse(1) }),
        ['rotation-overdue high', 'used-after-end critical'],
      ],
      [
        'within the minutes of clocks',
        facts(aged(366), { uses: [used('payments', { lastAt: ago(1) + 60_000 })], lastUse: lastUse(1) }),
        ['rotation-overdue high'],
      ],
      [
        'by its state',
        facts({ ...gone('suspended', 5), suspendedAt: ago(5) }, { uses: [used('payments')] }),
        ['used-after-end critical'],
      ],
      [
        'what is deactivated still opens',
        facts(gone('deactivated', 5), { uses: [used('payments', { act: 'process' })] }),
        [],
      ],
      [
        'what is compromised does not',
        facts(gone('compromised', 5), { uses: [used('payments', { act: 'process' })] }),
        ['used-after-end critical'],
      ],
      ['an unknown version', facts({}, { uses: [used('payments', { version: 7 })] }), []],
    ],
    'imported-without-end': [
      [
        'for ever',
        facts({ origin: 'imported', imported: { isPresent: true, expiresAt: null } }),
        ['imported-without-end low'],
      ],
      ['with an end', facts({ origin: 'imported', imported: { isPresent: true, expiresAt: ago(-9) } }), []],
      [
        'with a successor',
        facts({
          origin: 'imported',
          localRotation: true,
          rotation: { periodDays: 90, since: ago(10), nextAt: ago(-80) },
          imported: { isPresent: true, expiresAt: null },
        }),
        [],
      ],
      ['not here', facts({ origin: 'imported', imported: { isPresent: false, expiresAt: null } }), []],
    ],
  });
});
