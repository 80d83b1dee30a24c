import { ClavigerError } from '#domain';
import { type Condition, conditionOperator } from './condition.ts';
import { isConditionKey } from './condition-keys.ts';
import { hasVariable } from './variables.ts';

export type Statement = {
  readonly sid: string | null;
  readonly effect: 'Allow' | 'Deny';
  /** ARNs or account numbers of AWS principals; `*` is everybody. Null: the statement names no AWS principal. */
  readonly principals: readonly string[] | null;
  readonly notPrincipals: readonly string[] | null;
  /** Lower case. */
  readonly actions: readonly string[] | null;
  readonly notActions: readonly string[] | null;
  readonly resources: readonly string[] | null;
  readonly notResources: readonly string[] | null;
  readonly conditions: readonly Condition[];
};

export type Policy = {
  readonly version: Version;
  readonly statements: readonly Statement[];
};

type Version = '2012-10-17' | '2008-10-17';

const policyBytesMax = 32_768;
const statementsMax = 200;

function malformed(why: string): ClavigerError {
  return new ClavigerError('policy-malformed', `The policy document is malformed: ${why}.`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function onlyMembers(value: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!names.includes(name))
      throw malformed(`it has an unknown element ${JSON.stringify(name.slice(0, 40))}`);
  }
}

/** One string or a list of strings; null where the element is absent. */
function strings(value: unknown, element: string): readonly string[] | null {
  if (value === undefined) return null;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((entry) => typeof entry === 'string')) throw malformed(`${element} must hold strings`);
  return list;
}

//= aws iam: a principal is named whole; a star is everybody, and never a part of a name
const principalForm = /^(\*|[0-9]{12}|arn:[a-z-]+:(iam|sts)::[0-9]{12}:[\w+=,.@/-]+)$/;

/** `*`, or a map of principal types; only AWS principals can be anybody here. */
function principals(value: unknown): readonly string[] | null {
  if (value === undefined) return null;
  if (value === '*') return ['*'];
  if (!isRecord(value)) throw malformed('Principal must be "*" or a map');
  onlyMembers(value, ['AWS', 'Service', 'Federated', 'CanonicalUser']);
  for (const [type, entry] of Object.entries(value)) strings(entry, `Principal ${type}`);
  const named = strings(value['AWS'], 'Principal AWS') ?? [];
  for (const name of named) {
    if (!principalForm.test(name)) throw malformed('it names an invalid principal');
  }
  return named;
}

function conditions(value: unknown, version: Version): readonly Condition[] {
  if (value === undefined) return [];
  if (!isRecord(value)) throw malformed('Condition must be a map');
  return Object.entries(value).flatMap(([operator, tests]) => {
    const known = conditionOperator(operator);
    if (!known) throw malformed(`it has an unknown operator ${operator.slice(0, 40)}`);
    if (!isRecord(tests)) throw malformed(`the condition ${operator} must be a map`);
    return Object.entries(tests).map(([key, wanted]): Condition => {
      if (!isConditionKey(key)) throw malformed(`it has an unknown condition key ${key.slice(0, 80)}`);
      const values = conditionValues(wanted, key);
      if (!values.every(known.accepts))
        throw malformed(`the condition on ${key.slice(0, 40)} has a value that ${operator} can't compare`);
      const variables = version === '2012-10-17' && known.variables && values.some(hasVariable);
      return { operator, key, values, variables };
    });
  });
}

function conditionValues(wanted: unknown, key: string): readonly string[] {
  const list: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  return list.map((entry) => {
    if (typeof entry === 'string' || typeof entry === 'boolean' || typeof entry === 'number')
      return String(entry);
    throw malformed(`the condition on ${key.slice(0, 40)} must hold strings`);
  });
}

const actionForm = /^(\*|[a-z0-9-]+:[a-z0-9*?-]+)$/i;

function actions(value: unknown, element: string): readonly string[] | null {
  const list = strings(value, element);
  if (list && !list.every((action) => actionForm.test(action)))
    throw malformed(`${element} must hold actions like kms:Decrypt`);
  return list?.map((action) => action.toLowerCase()) ?? null;
}

function resources(value: unknown, element: string): readonly string[] | null {
  const list = strings(value, element);
  if (list && !list.every((resource) => resource === '*' || /^arn:[^:]*:[^:]*:[^:]*:[^:]*:./.test(resource)))
    throw malformed(`${element} must hold ARNs or "*"`);
  return list;
}

const elements = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

function notBoth(value: Readonly<Record<string, unknown>>, element: string): void {
  if (value[element] !== undefined && value[`Not${element}`] !== undefined)
    throw malformed(`a statement has both ${element} and Not${element}`);
}

function statement(value: unknown, version: Version): Statement {
  if (!isRecord(value)) throw malformed('a statement must be a map');
  onlyMembers(value, elements);
  const { Sid: sid, Effect: effect } = value;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Effect must be Allow or Deny');
  if (sid !== undefined && typeof sid !== 'string') throw malformed('Sid must be a string');
  const [who, notWho] = [principals(value['Principal']), principals(value['NotPrincipal'])];
  if (who === null && notWho === null) throw malformed('a statement has no Principal');
  for (const element of ['Principal', 'Action', 'Resource']) notBoth(value, element);
  //= aws iam: NotPrincipal with Allow is not supported
  if (notWho !== null && effect === 'Allow') throw malformed('NotPrincipal may only deny');
  return {
    sid: sid ?? null,
    effect,
    principals: who,
    notPrincipals: notWho,
    actions: actions(value['Action'], 'Action'),
    notActions: actions(value['NotAction'], 'NotAction'),
    resources: resources(value['Resource'], 'Resource'),
    notResources: resources(value['NotResource'], 'NotResource'),
    conditions: conditions(value['Condition'], version),
  };
}

/** The members of all maps in a text that is known to be JSON: in it a string before a colon is a name. */
function keysWritten(json: string): number {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter((match) => match[1] !== undefined).length;
}

function countKeys(value: object): number {
  let count = 0;
  const waiting: object[] = [value];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!Array.isArray(next)) count += Object.keys(next).length;
    for (const entry of Object.values(next) as unknown[])
      if (typeof entry === 'object' && entry !== null) waiting.push(entry);
  }
  return count;
}

/** Reads a key policy strictly. Throws `policy-malformed`. */
export function parsePolicy(json: string): Policy {
  if (Buffer.byteLength(json) > policyBytesMax) throw malformed(`it is longer than ${policyBytesMax} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw malformed('it is not JSON');
  }
  if (!isRecord(value)) throw malformed('it must be a map');
  if (countKeys(value) !== keysWritten(json)) throw malformed('it names a member twice');
  onlyMembers(value, ['Version', 'Id', 'Statement']);
  const version = value['Version'] === undefined ? '2008-10-17' : value['Version'];
  if (version !== '2012-10-17' && version !== '2008-10-17') throw malformed('its Version is unknown');
  const id = value['Id'];
  if (id !== undefined && typeof id !== 'string') throw malformed('Id must be a string');
  const given = value['Statement'];
  const list: unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (list.length === 0) throw malformed('it has no Statement');
  if (list.length > statementsMax) throw malformed('it has too many statements');
  return { version, statements: list.map((entry) => statement(entry, version)) };
}

/** The policy that a key gets when none is given: the roles of its environment decide. */
export function defaultPolicy(accountId: string): string {
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [
        {
          Sid: 'Enable IAM User Permissions',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${accountId}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    },
    null,
    2,
  );
}
