import { isCidr, type TokenSettings, type TokenSettingsChange } from '#operations';
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

type OlderName = 'policies' | 'period' | 'ttl' | 'max_ttl' | 'num_uses' | 'bound_cidrs';

/** The settings of tokens that a request changes. `older` are the names that a method takes from before there was a prefix. */
export function tokenSettingsOf(fields: Fields, older: readonly OlderName[]): TokenSettingsChange {
  const names = (name: OlderName): readonly [string, ...string[]] =>
    older.includes(name) ? [`token_${name}`, name] : [`token_${name}`];
  const named = (name: OlderName): string => names(name).find((each) => fields.has(each)) ?? `token_${name}`;
  return {
    tokenTtl: lengthOf(fields, ...names('ttl')),
    tokenMaxTtl: lengthOf(fields, ...names('max_ttl')),
    tokenPeriod: lengthOf(fields, ...names('period')),
    tokenExplicitMaxTtl: lengthOf(fields, 'token_explicit_max_ttl'),
    tokenNumUses: fields.whole(named('num_uses')),
    tokenPolicies: listOf(fields, named('policies')),
    tokenNoDefaultPolicy: fields.flag('token_no_default_policy'),
    tokenBoundCidrs: cidrsOf(fields, named('bound_cidrs')),
    tokenType: typeOf(fields.text('token_type')),
  };
}

/** A list without what is empty in it. */
export function listOf(fields: Fields, name: string): string[] | undefined {
  return fields.list(name)?.filter((each) => each !== '');
}

/** A list of addresses and ranges of them. */
export function cidrsOf(fields: Fields, name: string): string[] | undefined {
  const addresses = listOf(fields, name);
  const wrong = addresses?.find((address) => !isCidr(address));
  if (wrong === undefined) return addresses;
  const told = JSON.stringify(wrong.slice(0, 64));
  throw new VaultError(
    400,
    `error parsing address ${told}: Unable to convert ${told} to an IPv4 or IPv6 address, or a UNIX Socket`,
  );
}

/** Settings as clients read them. */
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
