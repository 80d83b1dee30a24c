import { describe } from 'node:test';
import type { KeyVersion } from '#domain';
import { versionOf } from '../population.fixture.ts';
import {
  ago,
  check,
  copy,
  destroying,
  execution,
  facts,
  gone,
  lastUse,
  period,
  tryEach,
} from './one-key.fixture.ts';

describe('detectors of keys that are not destroyed', () => {
  tryEach({
    'retired-not-destroyed': [
      ['for two years', facts(gone('deactivated', 730)), ['retired-not-destroyed medium']],
      ['asked for lately', facts(gone('deactivated', 730), { lastUse: lastUse(100) }), []],
      ['for half a year', facts(gone('deactivated', 180)), []],
      [
        'a version that opens nothing',
        facts({
          versions: [
            {
              ...gone('deactivated', 400).versions?.[0],
              cryptoPeriod: period({ recipientSeconds: 300 * 86_400 }),
            } as KeyVersion,
            versionOf({ spec: 'AES_256', usage: 'encrypt', number: 2 }),
          ],
        }),
        ['retired-not-destroyed medium'],
      ],
    ],
    'compromised-not-destroyed': [
      ['for two months', facts(gone('compromised', 60)), ['compromised-not-destroyed high']],
      ['for a week', facts(gone('compromised', 7)), []],
      [
        'scheduled',
        facts({
          ...gone('compromised', 60),
          destruction: { requestedAt: ago(1), dueAt: ago(-6), waitingDays: 7 },
        }),
        [],
      ],
    ],
    'destruction-unproved': [
      [
        'late',
        facts(
          { destruction: { requestedAt: ago(40), dueAt: ago(10), waitingDays: 30 } },
          { destruction: destroying({}) },
        ),
        ['destruction-unproved high'],
      ],
      [
        'not yet due',
        facts(
          { destruction: { requestedAt: ago(4), dueAt: ago(-3), waitingDays: 7 } },
          { destruction: destroying({ dueAt: ago(-3) }) },
        ),
        [],
      ],
      [
        'not looked at',
        facts(gone('destroyed', 10), { destruction: destroying({ step: 'executed', execution }) }),
        ['destruction-unproved high'],
      ],
      [
        'it opens',
        facts(gone('destroyed', 10), {
          destruction: destroying({ step: 'executed', execution, checks: [{ ...check, opens: true }] }),
        }),
        ['destruction-unproved critical'],
      ],
      [
        'verified',
        facts(gone('destroyed', 10), {
          destruction: destroying({ step: 'verified', execution, checks: [check] }),
        }),
        [],
      ],
      ['no record', facts(gone('destroyed', 10)), ['destruction-unproved high']],
      ['called off', facts({}, { destruction: destroying({ step: 'cancelled' }) }), []],
    ],
    'copy-outlives-key': [
      [
        'for long',
        facts(gone('destroyed', 60), { copies: [copy()], destruction: destroying({ step: 'verified' }) }),
        ['copy-outlives-key high'],
      ],
      [
        'for a week',
        facts(gone('destroyed', 7), { copies: [copy()], destruction: destroying({ step: 'verified' }) }),
        [],
      ],
    ],
    'suspended-long': [
      ['for long', facts({ suspendedAt: ago(100) }), ['suspended-long low']],
      ['for a month', facts({ suspendedAt: ago(29) }), []],
    ],
  });
});
