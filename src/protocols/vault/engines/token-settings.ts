import type { TokenSettings, TokenSettingsChange } from '#operations';
import type { Fields } from '../fields.ts';
import { VaultError } from '../vault-error.ts';

const types: Readonly<Record<string, TokenSettings['tokenType']>> = Object.freeze({
  __proto__: null as never,
  '': 'default',
  default: 'default',
  'default-service': 'default-service',
  'default-batch': 'default-batch',
  service: 'service',
  batch: 'batch',
});

function typeOf(text: string | undefined): TokenSettings['tokenType'] | undefined {
  if (text === undefined) return undefined;
  const type = types[text];
  if (type === undefined)
    throw new VaultError(400, `invalid 'token_type' value ${JSON.stringify(text.slice(0, 40))}`);
  return type;
}

/** Seconds that can't be less than none. */
export function lengthOf(fields: Fields, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const seconds = fields.seconds(name);
    if (seconds === undefined) continue;
    if (seconds < 0) throw new VaultError(400, `${name} cannot be negative`);
    return seconds;
  }
  return undefined;
}

/** The settings of tokens that a request changes. `older` are the names from before there was a prefix. */
export function tokenSettingsOf(
  fields: Fields,
  older: { readonly policies?: true; readonly period?: true } = {},
): TokenSettingsChange {
  return {
    tokenTtl: lengthOf(fields, 'token_ttl'),
    tokenMaxTtl: lengthOf(fields, 'token_max_ttl'),
    tokenPeriod: lengthOf(fields, 'token_period', ...(older.period ? ['period'] : [])),
    tokenExplicitMaxTtl: lengthOf(fields, 'token_explicit_max_ttl'),
    tokenNumUses: fields.whole('token_num_uses'),
    tokenPolicies:
      listOf(fields, 'token_policies') ?? (older.policies ? listOf(fields, 'policies') : undefined),
    tokenNoDefaultPolicy: fields.flag('token_no_default_policy'),
    tokenBoundCidrs: listOf(fields, 'token_bound_cidrs'),
    tokenType: typeOf(fields.text('token_type')),
  };
}

/** A list without what is empty in it. */
export function listOf(fields: Fields, name: string): string[] | undefined {
  return fields.list(name)?.filter((each) => each !== '');
}

/** The same as clients read them. */
export function tokenSettingsView(settings: TokenSettings): Readonly<Record<string, unknown>> {
  return {
    token_bound_cidrs: settings.tokenBoundCidrs,
    token_explicit_max_ttl: settings.tokenExplicitMaxTtl,
    token_max_ttl: settings.tokenMaxTtl,
    token_no_default_policy: settings.tokenNoDefaultPolicy,
    token_num_uses: settings.tokenNumUses,
    token_period: settings.tokenPeriod,
    token_policies: settings.tokenPolicies,
    token_ttl: settings.tokenTtl,
    token_type: settings.tokenType,
  };
}
