import type { ParameterRules } from './parameters.ts';
import { type AclRule, type Capability, capabilities, type ParameterValues } from './policy.ts';

/** All that the rules of one path say together. */
export type Permissions = {
  /** One bit for each capability; `deny` stands alone. */
  readonly bits: number;
  /** Seconds; null: no bound. With a bound the answer must be wrapped. */
  readonly minWrapping: number | null;
  readonly maxWrapping: number | null;
  /** Null: nothing is said of parameters. */
  readonly parameters: ParameterRules | null;
};

const bitOf: ReadonlyMap<Capability, number> = new Map(
  capabilities.map((capability, index) => [capability, 1 << index]),
);
export const denyBit = bit('deny');
export const sudoBit = bit('sudo');

export function bit(capability: Capability): number {
  return bitOf.get(capability) ?? 0;
}

const denied: Permissions = { bits: denyBit, minWrapping: null, maxWrapping: null, parameters: null };

/**
 * Joins the rules of one path: capabilities unite, one `deny` absorbs everything, of two bounds of one kind the
 * smaller holds, and what is said of parameters adds up.
 */
export function mergeRules(rules: readonly AclRule[]): Permissions {
  const bits = rules.reduce((sum, rule) => rule.capabilities.reduce((all, name) => all | bit(name), sum), 0);
  if (bits & denyBit) return denied;
  const allowed = mergeValues(rules.map((rule) => rule.allowedParameters));
  const refused = mergeValues(rules.map((rule) => rule.deniedParameters));
  const required = [...new Set(rules.flatMap((rule) => rule.requiredParameters))];
  return {
    bits,
    minWrapping: least(rules.map((rule) => rule.minWrappingSeconds)),
    maxWrapping: least(rules.map((rule) => rule.maxWrappingSeconds)),
    parameters: allowed || refused || required.length > 0 ? { allowed, denied: refused, required } : null,
  };
}

function least(values: readonly (number | null)[]): number | null {
  const given = values.filter((value) => value !== null);
  return given.length === 0 ? null : Math.min(...given);
}

/** Values of one parameter add up, and no values at all (every value) win. Null: no parameter is named. */
function mergeValues(maps: readonly (ParameterValues | null)[]): Map<string, readonly unknown[]> | null {
  const merged = new Map<string, readonly unknown[]>();
  for (const [name, values] of maps.flatMap((map) => Object.entries(map ?? {}))) {
    const before = merged.get(name);
    const isAny = values.length === 0 || before?.length === 0;
    merged.set(name, isAny ? [] : [...(before ?? []), ...values]);
  }
  return merged.size === 0 ? null : merged;
}
