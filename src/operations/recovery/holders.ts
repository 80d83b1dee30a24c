import { z } from 'zod';
import { readHolderKey, type RecoveryHolder } from '#crypto';
import { ClavigerError } from '#domain';
import type { Store } from '#ports';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';

/** Who together can open backups and escrows, and how many of them it takes. */
export type RecoveryHolders = { readonly threshold: number; readonly holders: readonly RecoveryHolder[] };

const setting = 'recovery-holders';
export const holderName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,63}$/);

const holdersShape = z.strictObject({
  threshold: z.number().int().min(2).max(16),
  holders: z
    .array(z.strictObject({ name: holderName, publicKey: z.string().max(4096) }))
    .min(2)
    .max(16),
});

/** The recovery holders that are set, or null. Throws `integrity-failed` where the record was changed by hand. */
export async function recoveryHolders(store: Store): Promise<RecoveryHolders | null> {
  const text = await store.setting(setting);
  if (text === null) return null;
  try {
    return holdersShape.parse(JSON.parse(text));
  } catch (cause) {
    throw new ClavigerError('integrity-failed', 'The record of the recovery holders is damaged.', { cause });
  }
}

/** Refuses what concerns the whole house to everybody but the people of the first environment. */
export async function requireFirstEnvironment(house: House, caller: Caller, what: string): Promise<void> {
  if (caller.principal.environment === (await house.firstEnvironment())) return;
  throw new ClavigerError('access-denied', `${what} is for the first environment alone.`);
}

/** Sets who can recover: from then on, new backups and escrows are for them; old files stay with those whom they were made for. */
export const setRecoveryHolders = defineOperation<RecoveryHolders, RecoveryHolders>({
  name: 'recovery.set-holders',
  kind: 'manage',
  input: holdersShape as z.ZodType<RecoveryHolders>,
  targets: [],
  permission: 'recovery:configure',
  quorum: 'escrow',
  run: async ({ house, caller }, { threshold, holders }) => {
    await requireFirstEnvironment(house, caller, 'Recovery');
    const read = holders.map(({ name, publicKey }) => ({ name, ...readHolderKey(publicKey) }));
    if (threshold > holders.length)
      throw new ClavigerError('input-invalid', 'The threshold is higher than there are holders.', {
        details: { field: 'threshold' },
      });
    for (const part of ['name', 'fingerprint'] as const) {
      if (new Set(read.map((holder) => holder[part])).size === read.length) continue;
      throw new ClavigerError(
        'input-invalid',
        `Two holders have the same ${part === 'name' ? 'name' : 'key'}.`,
        {
          details: { field: 'holders' },
        },
      );
    }
    const kept = { threshold, holders: read.map(({ name, publicKey }) => ({ name, publicKey })) };
    return {
      output: kept,
      changes: [{ kind: 'setting-put', name: setting, value: JSON.stringify(kept) }],
      facts: {
        threshold,
        holders: read.map(({ name, fingerprint }) => `${name}=${fingerprint.slice(0, 16)}`).join(' '),
      },
    };
  },
});

const nothing = z.strictObject({});

/** Who can recover. */
export const listRecoveryHolders = defineOperation<
  Record<string, never>,
  { readonly set: RecoveryHolders | null }
>({
  name: 'recovery.list-holders',
  kind: 'read',
  input: nothing,
  targets: [],
  permission: 'recovery:list-holders',
  run: async ({ house }) => ({ output: { set: await recoveryHolders(house.store) } }),
});
