import { z } from 'zod';
import { defineOperation } from '../define.ts';
import { defineCollection } from '../documents.ts';
import type { House } from '../house.ts';

const shape = z.strictObject({
  /** Whether an alert that recommends it refuses the principal the key. */
  suspends: z.boolean(),
  /** Whether an alert that recommends it has the principal wait for the key until somebody else approves. */
  asksApproval: z.boolean().default(false),
  /** Ids of keys that nobody has a reason to touch. */
  canaryKeys: z.array(z.string().min(1).max(64)).max(100),
});

/** How an environment wants to be watched. */
export type AnomalySettings = z.infer<typeof shape>;
type SettingsWish = z.input<typeof shape>;

const settings = defineCollection<AnomalySettings>('anomaly-settings', shape);
const settingsId = 'current';
const usual: AnomalySettings = Object.freeze({ suspends: false, asksApproval: false, canaryKeys: [] });

export async function anomalySettingsOf(house: House, environment: string): Promise<AnomalySettings> {
  return (await settings.find(house, environment, settingsId))?.content ?? usual;
}

/** How the caller's environment is watched. */
export const readAnomalySettings = defineOperation<{}, AnomalySettings>({
  name: 'anomaly.read-settings',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'anomaly:read-settings',
  run: async ({ house, caller }) => ({
    output: await anomalySettingsOf(house, caller.principal.environment),
  }),
});

/** Says it anew; what the watch has learnt stays. */
export const writeAnomalySettings = defineOperation<SettingsWish, AnomalySettings>({
  name: 'anomaly.write-settings',
  kind: 'manage',
  input: shape as unknown as z.ZodType<SettingsWish>,
  targets: [],
  permission: 'anomaly:write-settings',
  run: async ({ house, caller }, { asksApproval = false, ...rest }) => {
    const wish: AnomalySettings = { ...rest, asksApproval };
    const place = { environment: caller.principal.environment, id: settingsId };
    const { suspends, canaryKeys } = wish;
    return {
      output: wish,
      changes: [await settings.put(house, place, wish)],
      facts: { suspends, asksApproval, canaryKeys: canaryKeys.join(' ') },
    };
  },
});
