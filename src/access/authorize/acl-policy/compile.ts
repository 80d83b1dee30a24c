import { bit, denyBit, mergeRules, type Permissions, sudoBit } from './merge.ts';
import { allowsParameters } from './parameters.ts';
import { compareBest, isExact, matchesPath, type PathPattern, pathPattern, reachesBelow } from './pattern.ts';
import { type AclPolicy, type AclRule, type Capability, capabilities } from './policy.ts';
import { type AclSubject, fillPath } from './template.ts';

export type AclRequest = {
  /** The mount's path and the rest, without `/v1/`; of a list it ends with `/`. */
  readonly path: string;
  readonly capability: Exclude<Capability, 'deny' | 'sudo'>;
  /** The path asks for `sudo` besides. */
  readonly needsSudo: boolean;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  /** For how long the answer is to be wrapped; null: not at all. */
  readonly wrapSeconds: number | null;
};

export type AclAnswer = {
  readonly allowed: boolean;
  /**
   * `acl-policy`: a rule decided by its capabilities, for or against; `acl-deny`: it denies on purpose; `acl-no-rule`:
   * none is about the path; `acl-parameter`, `acl-wrapping`: it allows, but not with these parameters, or this wrapping.
   */
  readonly reason: 'acl-policy' | 'acl-deny' | 'acl-no-rule' | 'acl-parameter' | 'acl-wrapping';
};

/** All the policies of one token made ready for its requests. */
export interface CompiledAcl {
  /** The decision about a request; deny by default. */
  answer(request: AclRequest): AclAnswer;
  /** Sorted; `['deny']` where nothing is allowed, `['root']` for the root ACL. */
  capabilities(path: string): readonly string[];
  /**
   * Whether a rule gives anything at or below a prefix. A better rule that takes it away again is not looked for,
   * as in Vault: this decides what is shown in a list, never what is done.
   */
  hasAccessBelow(prefix: string): boolean;
  readonly isRoot: boolean;
}

const given: AclAnswer = Object.freeze({ allowed: true, reason: 'acl-policy' });
const notGiven: AclAnswer = Object.freeze({ allowed: false, reason: 'acl-policy' });
const denied: AclAnswer = Object.freeze({ allowed: false, reason: 'acl-deny' });
const noRule: AclAnswer = Object.freeze({ allowed: false, reason: 'acl-no-rule' });
const wrongParameter: AclAnswer = Object.freeze({ allowed: false, reason: 'acl-parameter' });
const wrongWrapping: AclAnswer = Object.freeze({ allowed: false, reason: 'acl-wrapping' });
const noParameters = Object.freeze({});

/** A delete, a list and a scan have no parameters that policies speak of. */
const withParameters = bit('create') | bit('read') | bit('update') | bit('patch');

type Entry = { readonly pattern: PathPattern; readonly permissions: Permissions };

function entriesOf(policies: readonly AclPolicy[], subject: AclSubject | null): Entry[] {
  const byPath = new Map<string, { readonly pattern: PathPattern; readonly rules: AclRule[] }>();
  for (const rule of policies.flatMap(({ rules }) => rules)) {
    const filled = fillPath(rule.path, subject);
    if (!filled) continue;
    const pattern = pathPattern(filled);
    const found = byPath.get(pattern.key);
    if (found) found.rules.push(rule);
    else byPath.set(pattern.key, { pattern, rules: [rule] });
  }
  return [...byPath.values()].map(({ pattern, rules }) => ({ pattern, permissions: mergeRules(rules) }));
}

function isWrappedWell({ minWrapping, maxWrapping }: Permissions, seconds: number | null): boolean {
  if (minWrapping === null && maxWrapping === null) return true;
  // merged bounds may leave nothing between them
  return seconds !== null && seconds >= (minWrapping ?? 0) && seconds <= (maxWrapping ?? seconds);
}

function decide(permissions: Permissions | undefined, request: AclRequest): AclAnswer {
  if (!permissions) return noRule;
  const { bits, parameters } = permissions;
  if (bits & denyBit) return denied;
  const asked = bit(request.capability);
  if (!(bits & asked) || (request.needsSudo && !(bits & sudoBit))) return notGiven;
  if (!isWrappedWell(permissions, request.wrapSeconds)) return wrongWrapping;
  if (!parameters || !(asked & withParameters)) return given;
  return allowsParameters(parameters, request.parameters ?? noParameters) ? given : wrongParameter;
}

/** Compiles the policies of one token for its subject. The order of the policies means nothing. */
export function compileAcl(policies: readonly AclPolicy[], subject: AclSubject | null): CompiledAcl {
  const entries = entriesOf(policies, subject);
  const exact = new Map<string, Permissions>();
  for (const { pattern, permissions } of entries) if (isExact(pattern)) exact.set(pattern.text, permissions);
  const wild = entries
    .filter(({ pattern }) => !isExact(pattern))
    .sort((a, b) => compareBest(a.pattern, b.pattern));

  function best(path: string): Permissions | undefined {
    for (const { pattern, permissions } of wild) if (matchesPath(pattern, path)) return permissions;
    return undefined;
  }

  //= vault acl: a list looks for its path without the slash at the end first, and so do the capabilities of a path
  function find(asked: string, capability: Capability): Permissions | undefined {
    const path = asked.startsWith('/') ? asked.replace(/^\/+/, '') : asked;
    const found = exact.get(path);
    if (found || !path.endsWith('/')) return found ?? best(path);
    const trimmed = path.slice(0, -1);
    if (capability === 'list') return exact.get(trimmed) ?? best(trimmed) ?? best(path);
    return (capability === 'scan' ? exact.get(trimmed) : undefined) ?? best(path);
  }

  function namesOf(path: string): readonly string[] {
    const { bits } = find(path, 'list') ?? { bits: 0 };
    const names = capabilities.filter((name) => bits & bit(name));
    return names.length > 0 ? names.toSorted() : ['deny'];
  }

  return {
    answer: (request) => decide(find(request.path, request.capability), request),
    capabilities: namesOf,
    hasAccessBelow(asked) {
      const prefix = asked.replace(/^\/+/, '');
      if (namesOf(prefix)[0] !== 'deny') return true;
      return entries.some(
        ({ pattern, permissions: { bits } }) =>
          bits !== 0 && !(bits & denyBit) && reachesBelow(pattern, prefix),
      );
    },
    isRoot: false,
  };
}

/** What the built-in policy `root` gives: everything. */
export const rootAcl: CompiledAcl = Object.freeze({
  answer: () => given,
  capabilities: () => ['root'],
  hasAccessBelow: () => true,
  isRoot: true,
});
