import type { ConditionValues } from './condition.ts';

/** A text of a policy, ready to be matched: what came out of a variable is literal, also where it holds a star. */
export type Filled = { readonly text: string; readonly literals: ReadonlySet<number> };

const none: ReadonlySet<number> = new Set();
const variableForm = /\$\{([^{}]*)\}/g;
const partsForm = /^\s*([^',]+?)\s*(?:,\s*'([^']*)'\s*)?$/;

/** Whether a text holds a policy variable. */
export function hasVariable(text: string): boolean {
  return text.includes('${');
}

/** A text without variables. */
export function plainText(text: string): Filled {
  return { text, literals: none };
}

/** The value of `${name}` or `${name, 'default'}`; `${*}`, `${?}` and `${$}` stand for the sign itself. */
function valueOf(inside: string, values: ConditionValues): string | null {
  if (inside === '*' || inside === '?' || inside === '$') return inside;
  const [, name, fallback] = partsForm.exec(inside) ?? [];
  const found = name === undefined ? undefined : values(name);
  // a variable stands for one value: a key with several has none
  if (found?.length === 1) return found[0] ?? null;
  return found === undefined ? (fallback ?? null) : null;
}

/** Puts the values of a request for the variables; null where one has no value. */
export function fillVariables(text: string, values: ConditionValues): Filled | null {
  let filled = '';
  let end = 0;
  const literals = new Set<number>();
  for (const match of text.matchAll(variableForm)) {
    const value = valueOf(match[1] ?? '', values);
    if (value === null) return null;
    filled += text.slice(end, match.index);
    for (let at = 0; at < value.length; at += 1) literals.add(filled.length + at);
    filled += value;
    end = match.index + match[0].length;
  }
  return { text: filled + text.slice(end), literals };
}
