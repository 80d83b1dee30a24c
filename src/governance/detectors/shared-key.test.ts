import { describe } from 'node:test';
import { aged, ago, facts, lastUse, people, used, tryEach } from './one-key.fixture.ts';

describe('detectors of keys that are shared', () => {
  tryEach({
    'several-applications': [
      [
        'two write',
        facts({}, { uses: [used('payments'), used('billing')] }),
        ['several-applications medium'],
        people,
      ],
      ['replicas', facts({}, { uses: [used('web-1'), used('web-2')] }), [], people],
      [
        'persons and administrators',
        facts({}, { uses: [used('payments'), used('ada'), used('admin'), used('nobody')] }),
        [],
        people,
      ],
      ['one reads', facts({}, { uses: [used('payments'), used('billing', { act: 'process' })] }), [], people],
      [
        'a handover',
        facts({}, { uses: [used('payments', { lastAt: ago(20) }), used('billing', { firstAt: ago(20) })] }),
        [],
        people,
      ],
      [
        'long ago',
        facts(aged(300), {
          lastUse: lastUse(1),
          uses: [used('payments'), used('billing', { firstAt: ago(299), lastAt: ago(100) })],
        }),
        [],
        people,
      ],
      [
        'many read',
        facts(
          {},
          {
            uses: [
              used('ada'),
              ...['payments', 'billing', 'web-1', 'crm'].map((name) => used(name, { act: 'process' })),
            ],
          },
        ),
        ['several-applications low'],
        people,
      ],
    ],
    'several-purposes': [
      ['used', facts({ secondUsage: 'sign' }, { lastUse: lastUse(1) }), ['several-purposes low']],
      ['unused', facts({ secondUsage: 'sign' }), []],
    ],
    'several-names': [
      [
        'of two',
        facts({}, { names: ['alias/payments-a', 'alias/Billing/b'] }),
        ['several-names medium'],
        people,
      ],
      ['of one', facts({}, { names: ['payments', 'payments-b', 'alias/other'] }), [], people],
      ['that only begin alike', facts({}, { names: ['paymentsx', 'billing'] }), [], people],
    ],
  });
});
