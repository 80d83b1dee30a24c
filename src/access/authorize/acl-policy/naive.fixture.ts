/**
 * A second reading of Vault's documented rules, as plain as it can be: it goes through all rules for every question
 * and shares nothing with what it checks.
 */

export type NaiveRule = {
  readonly path: string;
  readonly capabilities: readonly string[];
  readonly allowed?: Readonly<Record<string, readonly unknown[]>>;
  readonly denied?: Readonly<Record<string, readonly unknown[]>>;
  readonly required?: readonly string[];
  readonly min?: number;
  readonly max?: number;
};

export type NaiveRequest = {
  readonly path: string;
  readonly capability: string;
  readonly needsSudo: boolean;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly wrapSeconds: number | null;
};

export type NaiveSubject = {
  readonly name: string;
  readonly team?: string;
  /** What was written of its alias of the mount `m`, as `desk`. */
  readonly desk?: string;
  /** The id of its group `ops`. */
  readonly ops?: string;
} | null;

/** A rule path for a subject; undefined where a template has no value. */
function filled(path: string, subject: NaiveSubject): string | undefined {
  const text = path
    .replaceAll('{{identity.entity.name}}', () => subject?.name ?? '{{')
    .replaceAll('{{identity.entity.metadata.team}}', () => subject?.team ?? '{{')
    .replaceAll('{{identity.entity.aliases.m.custom_metadata.desk}}', () => subject?.desk ?? '{{')
    .replaceAll('{{identity.groups.names.ops.id}}', () => subject?.ops ?? '{{');
  if (text.includes('{{')) return undefined;
  return text.startsWith('/') ? text.slice(1) : text;
}

function covers(rulePath: string, path: string): boolean {
  const isPrefix = rulePath.endsWith('*');
  const source = (isPrefix ? rulePath.slice(0, -1) : rulePath)
    .split('/')
    .map((segment) => (segment === '+' ? '[^/]*' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}${isPrefix ? '[^]*' : ''}$`).test(path);
}

function plusCount(path: string): number {
  return path.split('/').filter((segment) => segment === '+').length;
}

function firstWildcard(path: string): number {
  for (let at = 0; at < path.length; at += 1) {
    if (path[at] === '*' && at === path.length - 1) return at;
    const begins = at === 0 || path[at - 1] === '/';
    const ends = at === path.length - 1 || path[at + 1] === '/';
    if (path[at] === '+' && begins && ends) return at;
  }
  return Number.POSITIVE_INFINITY;
}

/** "If the first wildcard of P1 is earlier, P1 is of lower priority" and so on, one documented sentence a line. */
function isLower(p1: string, p2: string): boolean {
  if (firstWildcard(p1) !== firstWildcard(p2)) return firstWildcard(p1) < firstWildcard(p2);
  if (p1.endsWith('*') !== p2.endsWith('*')) return p1.endsWith('*');
  if (plusCount(p1) !== plusCount(p2)) return plusCount(p1) > plusCount(p2);
  if (p1.length !== p2.length) return p1.length < p2.length;
  return p1 < p2;
}

function hasWildcard(path: string): boolean {
  return path.endsWith('*') || plusCount(path) > 0;
}

function bestPath(paths: readonly string[], asked: string, kind: 'exact' | 'wild'): string | undefined {
  let best: string | undefined;
  for (const path of paths) {
    if (hasWildcard(path) !== (kind === 'wild') || !covers(path, asked)) continue;
    if (best === undefined || isLower(best, path)) best = path;
  }
  return best;
}

function chosenPath(paths: readonly string[], asked: string, capability: string): string | undefined {
  const withoutSlash = asked.replace(/\/$/, '');
  const isList = capability === 'list';
  return (
    bestPath(paths, asked, 'exact') ??
    (isList || capability === 'scan' ? bestPath(paths, withoutSlash, 'exact') : undefined) ??
    (isList ? bestPath(paths, withoutSlash, 'wild') : undefined) ??
    bestPath(paths, asked, 'wild')
  );
}

/** The rules that speak of the path; undefined where none does. */
export function naiveRules(
  policies: readonly (readonly NaiveRule[])[],
  subject: NaiveSubject,
  { path, capability }: { readonly path: string; readonly capability: string },
): NaiveRule[] | undefined {
  const all = policies.flat();
  const paths = all.map((rule) => filled(rule.path, subject)).filter((entry) => entry !== undefined);
  const chosen = chosenPath(paths, path, capability);
  return chosen === undefined ? undefined : all.filter((rule) => filled(rule.path, subject) === chosen);
}

function globbed(glob: string, text: string): boolean {
  if (glob === '*') return text === '*';
  const source = glob
    .replaceAll(/[.+?^${}()|[\]\\*]/g, '\\$&')
    .replace(/^\\\*/, '[^]*')
    .replace(/\\\*$/, '[^]*');
  return new RegExp(`^${source}$`).test(text);
}

/** Strings, numbers, lists of strings: what the questions hold. */
function same(listed: unknown, given: unknown): boolean {
  if (typeof listed === 'string')
    return (typeof given === 'string' || typeof given === 'number') && globbed(listed, String(given));
  if (typeof listed === 'number') return String(listed) === given || listed === given;
  return JSON.stringify(listed) === JSON.stringify(given);
}

function parts(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' && value.includes(',')
    ? value.split(',').map((part) => part.trim())
    : undefined;
}

type Listed = readonly { readonly name: string; readonly values: readonly unknown[] }[];

function listed(rules: readonly NaiveRule[], kind: 'allowed' | 'denied'): Listed {
  return rules.flatMap((rule) =>
    Object.entries(rule[kind] ?? {}).map(([name, values]) => ({ name: name.toLowerCase(), values })),
  );
}

function parametersFit(rules: readonly NaiveRule[], given: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(given).map((name) => name.toLowerCase());
  if (rules.some(({ required }) => required?.some((name) => !names.includes(name.toLowerCase()))))
    return false;
  const [allowed, denied] = [listed(rules, 'allowed'), listed(rules, 'denied')];
  for (const [written, value] of Object.entries(given)) {
    const name = written.toLowerCase();
    const refused = denied.filter((entry) => entry.name === name);
    if (denied.some((entry) => entry.name === '*')) return false;
    const refusedValues = refused.flatMap(({ values }) => values);
    if (refused.some(({ values }) => values.length === 0) || refusedValues.includes('*')) return false;
    if ([value, ...(parts(value) ?? [])].some((one) => refusedValues.some((entry) => same(entry, one))))
      return false;
    const permitted = allowed.filter((entry) => entry.name === name);
    if (allowed.length === 0) continue;
    if (permitted.length === 0) {
      if (allowed.some((entry) => entry.name === '*')) continue;
      return false;
    }
    if (permitted.some(({ values }) => values.length === 0)) continue;
    const permittedValues = permitted.flatMap(({ values }) => values);
    const isPermitted = (one: unknown) => permittedValues.some((entry) => same(entry, one));
    if (!isPermitted(value) && !parts(value)?.every(isPermitted)) return false;
  }
  return true;
}

/** What Vault's rules say, by the plainest reading. */
export function naiveAnswer(
  policies: readonly (readonly NaiveRule[])[],
  subject: NaiveSubject,
  request: NaiveRequest,
): { allowed: boolean; reason: string } {
  const rules = naiveRules(policies, subject, request);
  const no = (reason: string) => ({ allowed: false, reason });
  if (!rules) return no('acl-no-rule');
  const names = rules.flatMap((rule) => rule.capabilities);
  if (names.includes('deny')) return no('acl-deny');
  if (!names.includes(request.capability)) return no('acl-policy');
  if (request.needsSudo && !names.includes('sudo')) return no('acl-policy');
  const smallest = (bounds: readonly (number | undefined)[]) =>
    bounds.filter((bound) => bound !== undefined).toSorted((a, b) => a - b)[0];
  const min = smallest(rules.map((rule) => rule.min));
  const max = smallest(rules.map((rule) => rule.max));
  const seconds = request.wrapSeconds;
  if (min !== undefined && (seconds === null || seconds < min)) return no('acl-wrapping');
  if (max !== undefined && (seconds === null || seconds > max)) return no('acl-wrapping');
  if (['delete', 'list', 'scan'].includes(request.capability)) return { allowed: true, reason: 'acl-policy' };
  return parametersFit(rules, request.parameters ?? {})
    ? { allowed: true, reason: 'acl-policy' }
    : no('acl-parameter');
}

/** Sorted names; `deny` where nothing is left. */
export function naiveCapabilities(
  policies: readonly (readonly NaiveRule[])[],
  subject: NaiveSubject,
  path: string,
): string[] {
  const names = (naiveRules(policies, subject, { path, capability: 'list' }) ?? []).flatMap(
    (rule) => rule.capabilities,
  );
  if (names.length === 0 || names.includes('deny')) return ['deny'];
  return [...new Set(names)].toSorted();
}
