import {
  awsAlgorithmName,
  awsSpecName,
  awsUsageName,
  decide,
  permissions,
  type ConditionValues,
} from '#access';
import { algorithmUsage, ClavigerError, principalArn, type Instant, type Key, type KeyUsage } from '#domain';
import type { OpenedKey } from './key-cache.ts';
import type { Caller, Operation, TargetRule } from './operation.ts';

type Asked<I> = {
  readonly operation: Pick<Operation<I, unknown>, 'permission' | 'conditions'>;
  readonly caller: Caller;
  readonly input: I;
  readonly target: { readonly rule: TargetRule<I>; readonly opened: OpenedKey } | null;
  readonly now: Instant;
};

/** Throws `access-denied`, with the reason and the AWS words for it, unless the caller may do this. */
export function authorize<I>(asked: Asked<I>): void {
  const { operation, caller, target } = asked;
  const permission = target ? target.rule.permission : operation.permission;
  if (!permission) throw new ClavigerError('internal', 'An operation asks for no permission.');
  const decision = decide({
    principal: caller.principal,
    accountId: caller.accountId,
    permission,
    key: target ? { environment: target.opened.key.environment, policy: target.opened.policy } : null,
    values: (key) => conditionValue(asked, key),
    ...(caller.scope ? { scope: caller.scope } : {}),
  });
  if (decision.allowed) return;
  throw new ClavigerError('access-denied', `${caller.principal.name} may not do this (${decision.reason}).`, {
    details: {
      principalArn: principalArn(caller.accountId, caller.principal.name),
      action: permissions[permission].awsAction ?? permission,
      resource: target ? target.opened.arn : '*',
      reason: decision.reason,
    },
  });
}

/** The condition values of a caller by itself, where no key and no operation is asked for. */
export function callerValues(caller: Caller, now: Instant): ConditionValues {
  return (key) => conditionValue({ operation: {}, caller, input: undefined, target: null, now }, key);
}

type Reader<I> = (asked: Asked<I>, key: Key | null) => string | readonly string[] | null | undefined;

/** The condition keys that every request can answer; lower case. */
const readers: Readonly<Record<string, Reader<never>>> = Object.freeze({
  __proto__: null as never,
  'aws:principalarn': ({ caller }) => principalArn(caller.accountId, caller.principal.name),
  'aws:principalaccount': ({ caller }) => caller.accountId,
  'aws:principaltype': () => 'User',
  'aws:username': ({ caller }) => caller.principal.name,
  'aws:userid': ({ caller }) => caller.principal.id,
  'aws:sourceip': ({ caller }) => caller.sourceAddress,
  'aws:useragent': ({ caller }) => caller.userAgent,
  'aws:securetransport': ({ caller }) => String(caller.secureTransport),
  'aws:requestedregion': ({ caller }) => caller.region,
  'aws:currenttime': ({ now }) => new Date(now).toISOString(),
  'aws:epochtime': ({ now }) => String(Math.floor(now / 1000)),
  'aws:resourceaccount': ({ caller }) => caller.accountId,
  'kms:calleraccount': ({ caller }) => caller.accountId,
  'kms:keyspec': keySpec,
  'kms:keyusage': keyUsage,
  'kms:customermasterkeyspec': keySpec,
  'kms:customermasterkeyusage': keyUsage,
  'kms:keyorigin': (_asked, key) => (key ? 'AWS_KMS' : undefined),
  'kms:multiregion': (_asked, key) => key && String(key.id.startsWith('mrk-')),
  'kms:encryptioncontextkeys': ({ target, input }) => {
    const names = Object.keys(target?.rule.context?.(input) ?? {});
    return names.length === 0 ? undefined : names;
  },
  'kms:encryptionalgorithm': requestAlgorithm('encrypt'),
  'kms:signingalgorithm': requestAlgorithm('sign'),
  'kms:macalgorithm': requestAlgorithm('mac'),
  'kms:keyagreementalgorithm': requestAlgorithm('key-agreement'),
  'kms:requestalias': ({ target, input }) => {
    const reference = target?.rule.reference(input);
    return reference?.kind === 'name' ? `alias/${reference.name}` : undefined;
  },
});

function keySpec(_asked: Asked<never>, key: Key | null): string | null {
  return key && awsSpecName(key.spec);
}

function keyUsage(_asked: Asked<never>, key: Key | null): string | null {
  return key && awsUsageName(key.usage);
}

/** The algorithm of a request that is of this usage, in AWS's word; a request of another usage has none. */
function requestAlgorithm(usage: KeyUsage): Reader<never> {
  return ({ target, input }) => {
    const algorithm = target?.rule.algorithm?.(input, target.opened.key);
    return algorithm && algorithmUsage(algorithm) === usage ? awsAlgorithmName(algorithm) : undefined;
  };
}

function listOf(value: string | readonly string[] | null | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : (value ?? undefined);
}

/** The values under a name; names of condition keys, and what they end with, are the same in small and capital letters. */
function named(pairs: readonly (readonly [string, string])[], wanted: string): readonly string[] | undefined {
  const values = pairs.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  return values.length === 0 ? undefined : values;
}

/** The values of one condition key, looked for only when a policy asks. */
function conditionValue<I>(asked: Asked<I>, name: string): ReturnType<ConditionValues> {
  const wanted = name.toLowerCase();
  const key = asked.target?.opened.key ?? null;
  const reader = readers[wanted] as Reader<I> | undefined;
  if (reader) return listOf(reader(asked, key));
  const contextPrefix = 'kms:encryptioncontext:';
  if (wanted.startsWith(contextPrefix)) {
    const context = asked.target?.rule.context?.(asked.input) ?? {};
    return named(Object.entries(context), wanted.slice(contextPrefix.length));
  }
  const tagPrefix = 'aws:resourcetag/';
  if (wanted.startsWith(tagPrefix)) {
    const tags = key?.tags.map((tag): [string, string] => [tag.key, tag.value]) ?? [];
    return named(tags, wanted.slice(tagPrefix.length));
  }
  const own = asked.operation.conditions?.(asked.input, { key }) ?? {};
  for (const [ownName, value] of Object.entries(own))
    if (ownName.toLowerCase() === wanted) return listOf(value);
  return undefined;
}
