import type { AclPolicy, AclRule } from './policy.ts';

/** Writes policies back, so that tests can read them again. */

function hclValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(hclValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, inner]) => `${hclString(name)} = ${hclValue(inner)}`)
      .join(', ')} }`;
  return typeof value === 'string' ? hclString(value) : String(value);
}

function hclString(text: string): string {
  return JSON.stringify(text);
}

function fields(rule: AclRule): [string, unknown][] {
  const all: [string, unknown][] = [
    ['capabilities', rule.capabilities],
    ['allowed_parameters', rule.allowedParameters],
    ['denied_parameters', rule.deniedParameters],
    ['required_parameters', rule.requiredParameters],
    ['min_wrapping_ttl', rule.minWrappingSeconds],
    ['max_wrapping_ttl', rule.maxWrappingSeconds && `${rule.maxWrappingSeconds}s`],
  ];
  return all.filter(([, value]) => value !== null);
}

export function printHcl({ rules }: AclPolicy): string {
  return rules
    .map((rule) => {
      const lines = fields(rule).map(([name, value]) => `  ${name} = ${hclValue(value)}`);
      return `path ${hclString(rule.path)} {\n${lines.join('\n')}\n}\n`;
    })
    .join('\n');
}

/** The list form, in which a path may stand more than once. */
export function printJson({ rules }: AclPolicy): string {
  return JSON.stringify({ path: rules.map((rule) => ({ [rule.path]: Object.fromEntries(fields(rule)) })) });
}
