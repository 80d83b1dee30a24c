import { z } from 'zod';
import { ClavigerError } from '#domain';
import type { PlacedMount } from '../mounts/mounts.ts';
import { isCidr } from './cidr.ts';

export const seconds = z.number().int().min(0).max(3_153_600_000);
export const ranges = z
  .array(z.string().max(64).refine(isCidr, 'must be an address or a range such as 10.0.0.0/8'))
  .max(200);
export const uses = z.number().int().min(0).max(1_000_000_000);
export const word = z.string().min(1).max(256);

const settingsMembers = {
  tokenTtl: seconds,
  tokenMaxTtl: seconds,
  tokenPeriod: seconds,
  tokenExplicitMaxTtl: seconds,
  tokenNumUses: uses,
  tokenPolicies: z.array(word).max(1000),
  tokenNoDefaultPolicy: z.boolean(),
  tokenBoundCidrs: ranges,
  tokenType: z.enum(['default', 'default-service', 'default-batch', 'service', 'batch']),
};

/** What the tokens of a role or user are like. Times are seconds; 0 is what the mount says. */
export const tokenSettings = z.strictObject(settingsMembers);
export type TokenSettings = z.infer<typeof tokenSettings>;
/** Changes of them: what is left out stays. */
export const tokenSettingsChange = tokenSettings.partial();
export type TokenSettingsChange = z.infer<typeof tokenSettingsChange>;

export const usualSettings: TokenSettings = Object.freeze({
  tokenTtl: 0,
  tokenMaxTtl: 0,
  tokenPeriod: 0,
  tokenExplicitMaxTtl: 0,
  tokenNumUses: 0,
  tokenPolicies: [],
  tokenNoDefaultPolicy: false,
  tokenBoundCidrs: [],
  tokenType: 'default',
});

export function refuse(message: string, field = ''): ClavigerError {
  return new ClavigerError('input-invalid', message, field === '' ? {} : { details: { field } });
}

/** Values without those that are undefined, which leave what is there as it is. */
export function given<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Throws `input-invalid` for settings that contradict each other. */
export function requireSettings(settings: TokenSettings): void {
  if (settings.tokenMaxTtl > 0 && settings.tokenTtl > settings.tokenMaxTtl)
    throw refuse("'token_ttl' cannot be greater than 'token_max_ttl'", 'token_ttl');
  const isBatch = settings.tokenType === 'batch' || settings.tokenType === 'default-batch';
  if (isBatch && settings.tokenPeriod > 0)
    throw refuse("'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens");
  if (isBatch && settings.tokenNumUses > 0)
    throw refuse(
      "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count",
    );
}

function smallest(...bounds: readonly number[]): number {
  const real = bounds.filter((bound) => bound > 0);
  return real.length === 0 ? 0 : Math.min(...real);
}

/** How long a token of these settings lives at first and at most, in seconds; 0: the house's own bound. */
export function lifeOf(
  settings: TokenSettings,
  mount: PlacedMount,
): { readonly ttlSeconds: number; readonly maxSeconds: number } {
  const maxSeconds = smallest(settings.tokenMaxTtl, mount.maxLeaseSeconds);
  const wanted = settings.tokenTtl || mount.defaultLeaseSeconds;
  return { ttlSeconds: smallest(wanted, maxSeconds), maxSeconds };
}

/** The type of a token: the role's word, unless the mount has only one type. */
export function typeOf(settings: TokenSettings, mount: PlacedMount): 'service' | 'batch' {
  const usual = mount.tuning['token_type'];
  if (usual === 'service' || usual === 'batch') return usual;
  const wanted = settings.tokenType === 'default' ? usual : settings.tokenType;
  return wanted === 'batch' || wanted === 'default-batch' ? 'batch' : 'service';
}
