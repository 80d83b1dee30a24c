import { ClavigerError } from '#domain';
import { isConditionOperator } from './condition.ts';

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

export type Condition = {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
};

export type Policy = { readonly version: string; readonly statements: readonly Statement[] };

const policyBytesMax = 32_768;
const statementsMax = 200;
const versions: ReadonlySet<string> = new Set(['2012-10-17', '2008-10-17']);

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

function lowerCase(values: readonly string[] | null): readonly string[] | null {
  return values?.map((value) => value.toLowerCase()) ?? null;
}

/** `*`, or a map of principal types; only AWS principals can be anybody here. */
function principals(value: unknown): readonly string[] | null {
  if (value === undefined) return null;
  if (value === '*') return ['*'];
  if (!isRecord(value)) throw malformed('Principal must be "*" or a map');
  onlyMembers(value, ['AWS', 'Service', 'Federated', 'CanonicalUser']);
  for (const [type, entry] of Object.entries(value)) strings(entry, `Principal ${type}`);
  const named = strings(value['AWS'], 'Principal AWS') ?? [];
  for (const name of named) {
    const known =
      name === '*' || /^[0-9]{12}$/.test(name) || /^arn:[a-z-]+:(iam|sts)::[0-9]{12}:.+$/.test(name);
    if (!known) throw malformed('it names an invalid principal');
  }
  return named;
}

function conditions(value: unknown): readonly Condition[] {
  if (value === undefined) return [];
  if (!isRecord(value)) throw malformed('Condition must be a map');
  const found: Condition[] = [];
  for (const [operator, tests] of Object.entries(value)) {
    if (!isConditionOperator(operator))
      throw malformed(`it has an unknown operator ${operator.slice(0, 40)}`);
    if (!isRecord(tests)) throw malformed(`the condition ${operator} must be a map`);
    for (const [key, wanted] of Object.entries(tests)) {
      const list: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
      const values = list.map((entry) => {
        if (typeof entry === 'string' || typeof entry === 'boolean' || typeof entry === 'number')
          return String(entry);
        throw malformed(`the condition on ${key.slice(0, 40)} must hold strings`);
      });
      found.push({ operator, key, values });
    }
  }
  return found;
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

function statement(value: unknown): Statement {
  if (!isRecord(value)) throw malformed('a statement must be a map');
  onlyMembers(value, elements);
  const { Sid: sid, Effect: effect } = value;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Effect must be Allow or Deny');
  if (sid !== undefined && typeof sid !== 'string') throw malformed('Sid must be a string');
  const [who, notWho] = [principals(value['Principal']), principals(value['NotPrincipal'])];
  if (who === null && notWho === null) throw malformed('a statement has no Principal');
  if (who !== null && notWho !== null) throw malformed('a statement has both Principal and NotPrincipal');
  if (value['Action'] !== undefined && value['NotAction'] !== undefined) {
    throw malformed('a statement has both Action and NotAction');
  }
  return {
    sid: sid ?? null,
    effect,
    principals: who,
    notPrincipals: notWho,
    actions: lowerCase(strings(value['Action'], 'Action')),
    notActions: lowerCase(strings(value['NotAction'], 'NotAction')),
    resources: strings(value['Resource'], 'Resource'),
    notResources: strings(value['NotResource'], 'NotResource'),
    conditions: conditions(value['Condition']),
  };
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
  onlyMembers(value, ['Version', 'Id', 'Statement']);
  const version = value['Version'] ?? '2008-10-17';
  if (typeof version !== 'string' || !versions.has(version)) throw malformed('its Version is unknown');
  const id = value['Id'];
  if (id !== undefined && typeof id !== 'string') throw malformed('Id must be a string');
  const given = value['Statement'];
  const list: unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (list.length === 0) throw malformed('it has no Statement');
  if (list.length > statementsMax) throw malformed('it has too many statements');
  return { version, statements: list.map(statement) };
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
