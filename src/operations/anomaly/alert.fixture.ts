import type { ToldAlert } from './alerts.ts';

/** An alert as the watch tells it, of the event with this index. */
export function toldAlert(index: number, change: Partial<ToldAlert> = {}): ToldAlert {
  const at = 1_780_000_000_000 + index;
  return {
    id: `${String(at).padStart(15, '0')}-node-a-${index}`,
    at,
    principal: 'billing',
    keyId: null,
    score: 0.97,
    response: 'suspend-grant',
    signals: [{ name: 'many-keys', weight: 0.7, about: '40 keys in an hour', baseline: { peak: 3 } }],
    references: [{ log: 'node-a', index }],
    escalates: null,
    suppressed: 0,
    ...change,
  };
}
