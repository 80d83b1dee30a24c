import { BlockList, isIP } from 'node:net';
import { type Filled, fillVariables, plainText } from './variables.ts';
import { matchesWildcard } from './wildcard.ts';

/** The values of a condition key in a request; undefined where the request has none. */
export type ConditionValues = (key: string) => readonly string[] | undefined;

/** One condition of a statement. */
export type Condition = {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
  /** The values may hold variables. */
  readonly variables: boolean;
};

type Test = (actual: string, wanted: Filled) => boolean;

const numberForm = /^[+-]?[0-9]{1,20}(\.[0-9]{1,20})?$/;
const dateForm =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$/;
const epochForm = /^[0-9]{1,12}(\.[0-9]{1,9})?$/;

function numberOf(text: string): number {
  return numberForm.test(text) ? Number(text) : Number.NaN;
}

/** ISO 8601, or seconds since 1970. */
function instantOf(text: string): number {
  if (epochForm.test(text)) return Number(text) * 1000;
  return dateForm.test(text) ? Date.parse(text) : Number.NaN;
}

function measured(read: (text: string) => number, compare: (a: number, b: number) => boolean): Test {
  return (actual, wanted) => {
    const [a, b] = [read(actual), read(wanted.text)];
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
}

type Range = { readonly network: string; readonly kind: 'ipv4' | 'ipv6'; readonly bits: number };

function rangeOf(text: string): Range | null {
  const [, network = '', bits] = /^([0-9A-Fa-f.:]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const family = isIP(network);
  if (family === 0) return null;
  const most = family === 4 ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  return length > most ? null : { network, kind: family === 4 ? 'ipv4' : 'ipv6', bits: length };
}

/** Without a zone, and an IPv4 address as such where the socket speaks IPv6. */
function plainAddress(text: string): string {
  const [address = ''] = text.split('%');
  const mapped = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address;
  return isIP(mapped) === 4 ? mapped : address;
}

const inRange: Test = (actual, wanted) => {
  const range = rangeOf(wanted.text);
  const address = plainAddress(actual);
  if (!range || isIP(address) !== (range.kind === 'ipv4' ? 4 : 6)) return false;
  const list = new BlockList();
  list.addSubnet(range.network, range.bits, range.kind);
  return list.check(address, range.kind);
};

/** The six parts of an ARN, each with the place where it begins. */
function arnParts(arn: string): readonly { readonly at: number; readonly text: string }[] | null {
  const texts = arn.split(':');
  if (texts.length < 6) return null;
  let at = 0;
  return [...texts.slice(0, 5), texts.slice(5).join(':')].map((text) => {
    const part = { at, text };
    at += text.length + 1;
    return part;
  });
}

/** Each of the six parts of an ARN is matched by itself. */
const arnLike: Test = (actual, wanted) => {
  const [found, patterns] = [arnParts(actual), arnParts(wanted.text)];
  if (!found || !patterns) return false;
  return patterns.every((pattern, index) => {
    const literals = new Set([...wanted.literals].map((at) => at - pattern.at));
    return matchesWildcard(pattern.text, found[index]?.text ?? '', literals);
  });
};

const sameText: Test = (actual, wanted) => actual === wanted.text;
const sameLetters: Test = (actual, wanted) => actual.toLowerCase() === wanted.text.toLowerCase();
const like: Test = (actual, wanted) => matchesWildcard(wanted.text, actual, wanted.literals);

type Operator = {
  readonly test: Test;
  readonly negated: boolean;
  /** Whether a policy may give this value. */
  readonly accepts: (value: string) => boolean;
  /** Variables are resolved in its values. */
  readonly variables: boolean;
};

const accepted = {
  text: () => true,
  number: (value: string) => !Number.isNaN(numberOf(value)),
  date: (value: string) => !Number.isNaN(instantOf(value)),
  truth: (value: string) => /^(true|false)$/i.test(value),
  range: (value: string) => rangeOf(value) !== null,
  base64: (value: string) => Buffer.from(value, 'base64').toString('base64') === value,
};

function both(
  name: string,
  test: Test,
  accepts: Operator['accepts'],
  variables = false,
): [string, Operator][] {
  const negatedName = name.replace(/(Equals|Like|IpAddress)/, 'Not$1');
  return [
    [name, { test, negated: false, accepts, variables }],
    [negatedName, { test, negated: true, accepts, variables }],
  ];
}

function compared(kind: 'Numeric' | 'Date'): [string, Operator][] {
  const read = kind === 'Date' ? instantOf : numberOf;
  const accepts = kind === 'Date' ? accepted.date : accepted.number;
  const one = (name: string, compare: (a: number, b: number) => boolean): [string, Operator] => [
    `${kind}${name}`,
    { test: measured(read, compare), negated: false, accepts, variables: false },
  ];
  return [
    ...both(
      `${kind}Equals`,
      measured(read, (a, b) => a === b),
      accepts,
    ),
    one('LessThan', (a, b) => a < b),
    one('LessThanEquals', (a, b) => a <= b),
    one('GreaterThan', (a, b) => a > b),
    one('GreaterThanEquals', (a, b) => a >= b),
  ];
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ...both('StringEquals', sameText, accepted.text, true),
  ...both('StringEqualsIgnoreCase', sameLetters, accepted.text, true),
  ...both('StringLike', like, accepted.text, true),
  ...both('ArnEquals', arnLike, accepted.text, true),
  ...both('ArnLike', arnLike, accepted.text, true),
  ...compared('Numeric'),
  ...compared('Date'),
  ...both('IpAddress', inRange, accepted.range),
  ['Bool', { test: sameLetters, negated: false, accepts: accepted.truth, variables: false }],
  ['BinaryEquals', { test: sameText, negated: false, accepts: accepted.base64, variables: false }],
  ['Null', { test: sameLetters, negated: false, accepts: accepted.truth, variables: false }],
]);

type Parsed = {
  readonly quantifier: 'all' | 'any' | null;
  readonly name: string;
  readonly ifExists: boolean;
};

function parseOperator(text: string): Parsed {
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(text);
  const quantifier = match?.[1] === 'ForAllValues' ? 'all' : match?.[1] === 'ForAnyValue' ? 'any' : null;
  return { quantifier, name: match?.[2] ?? '', ifExists: match?.[3] !== undefined };
}

/** What a policy may use as a condition operator; null where there is no such operator. */
export function conditionOperator(text: string): Pick<Operator, 'accepts' | 'variables'> | null {
  const { name, ifExists, quantifier } = parseOperator(text);
  if (name === 'Null' && (ifExists || quantifier !== null)) return null;
  return operators.get(name) ?? null;
}

function wantedOf(condition: Condition, valuesOf: ConditionValues): readonly Filled[] {
  if (!condition.variables) return condition.values.map(plainText);
  // a variable without a value equals nothing
  return condition.values.map((value) => fillVariables(value, valuesOf)).filter((filled) => filled !== null);
}

/** Whether one condition of a statement holds for a request. What can't be evaluated does not hold. */
export function holds(condition: Condition, valuesOf: ConditionValues): boolean {
  const { quantifier, name, ifExists } = parseOperator(condition.operator);
  const operator = operators.get(name);
  if (!operator) return false;
  const actual = valuesOf(condition.key);
  const wanted = wantedOf(condition, valuesOf);
  if (name === 'Null') return wanted.some((value) => sameLetters(String(actual === undefined), value));
  if (actual === undefined || (quantifier === null && actual.length === 0)) {
    return ifExists || quantifier === 'all' || (operator.negated && quantifier === null);
  }
  const matchesOne = (value: string): boolean =>
    wanted.some((entry) => operator.test(value, entry)) !== operator.negated;
  return quantifier === 'all' || (operator.negated && quantifier === null)
    ? actual.every(matchesOne)
    : actual.some(matchesOne);
}
