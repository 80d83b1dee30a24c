import { BlockList, isIP } from 'node:net';
import { matchesWildcard } from './wildcard.ts';

/** The values of a condition key in a request; undefined where the request has none. */
export type ConditionValues = (key: string) => readonly string[] | undefined;

type Test = (actual: string, wanted: string) => boolean;

function numeric(compare: (a: number, b: number) => boolean): Test {
  return (actual, wanted) => {
    const [a, b] = [Number(actual), Number(wanted)];
    return (
      actual.trim() !== '' && wanted.trim() !== '' && !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b)
    );
  };
}

function instant(text: string): number {
  return /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function dated(compare: (a: number, b: number) => boolean): Test {
  return (actual, wanted) => {
    const [a, b] = [instant(actual), instant(wanted)];
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
}

function plainAddress(text: string): string {
  const mapped = text.toLowerCase().startsWith('::ffff:') ? text.slice(7) : text;
  return isIP(mapped) === 4 ? mapped : text;
}

const inRange: Test = (actual, wanted) => {
  const [network = '', bits] = wanted.split('/');
  const address = plainAddress(actual);
  const family = isIP(network);
  if (family === 0 || isIP(address) !== family) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const length = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
  if (!Number.isInteger(length) || length < 0 || length > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, length, kind);
  return list.check(address, kind);
};

/** Each of the six parts of an ARN is matched by itself. */
const arnLike: Test = (actual, wanted) => {
  const [a, w] = [actual.split(':'), wanted.split(':')];
  if (a.length < 6 || w.length < 6) return false;
  const parts = (text: string[]) => [...text.slice(0, 5), text.slice(5).join(':')];
  const patterns = parts(w);
  return parts(a).every((part, index) => matchesWildcard(patterns[index] ?? '', part));
};

const sameText: Test = (a, b) => a === b;
const sameLetters: Test = (a, b) => a.toLowerCase() === b.toLowerCase();
const like: Test = (actual, wanted) => matchesWildcard(wanted, actual);

type Operator = { readonly test: Test; readonly negated: boolean };

function positive(test: Test): Operator {
  return { test, negated: false };
}

function negative(test: Test): Operator {
  return { test, negated: true };
}

const operators: Readonly<Record<string, Operator>> = Object.freeze({
  __proto__: null as never,
  StringEquals: positive(sameText),
  StringNotEquals: negative(sameText),
  StringEqualsIgnoreCase: positive(sameLetters),
  StringNotEqualsIgnoreCase: negative(sameLetters),
  StringLike: positive(like),
  StringNotLike: negative(like),
  NumericEquals: positive(numeric((a, b) => a === b)),
  NumericNotEquals: negative(numeric((a, b) => a === b)),
  NumericLessThan: positive(numeric((a, b) => a < b)),
  NumericLessThanEquals: positive(numeric((a, b) => a <= b)),
  NumericGreaterThan: positive(numeric((a, b) => a > b)),
  NumericGreaterThanEquals: positive(numeric((a, b) => a >= b)),
  DateEquals: positive(dated((a, b) => a === b)),
  DateNotEquals: negative(dated((a, b) => a === b)),
  DateLessThan: positive(dated((a, b) => a < b)),
  DateLessThanEquals: positive(dated((a, b) => a <= b)),
  DateGreaterThan: positive(dated((a, b) => a > b)),
  DateGreaterThanEquals: positive(dated((a, b) => a >= b)),
  Bool: positive(sameLetters),
  BinaryEquals: positive(sameText),
  IpAddress: positive(inRange),
  NotIpAddress: negative(inRange),
  ArnEquals: positive(arnLike),
  ArnLike: positive(arnLike),
  ArnNotEquals: negative(arnLike),
  ArnNotLike: negative(arnLike),
  Null: positive(sameLetters),
});

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

/** Whether this is an operator that policies may use. */
export function isConditionOperator(text: string): boolean {
  const { name, ifExists } = parseOperator(text);
  return operators[name] !== undefined && !(name === 'Null' && ifExists);
}

/** Whether one condition of a statement holds for a request. What can't be evaluated does not hold. */
export function holds(
  condition: { readonly operator: string; readonly key: string; readonly values: readonly string[] },
  valuesOf: ConditionValues,
): boolean {
  const { quantifier, name, ifExists } = parseOperator(condition.operator);
  const operator = operators[name];
  if (!operator) return false;
  const actual = valuesOf(condition.key);
  if (name === 'Null')
    return condition.values.some((wanted) => sameLetters(String(actual === undefined), wanted));
  if (actual === undefined || (quantifier === null && actual.length === 0)) {
    return ifExists || quantifier === 'all' || (operator.negated && quantifier === null);
  }
  const matchesOne = (value: string): boolean => {
    const found = condition.values.some((wanted) => operator.test(value, wanted));
    return operator.negated ? !found : found;
  };
  return quantifier === 'all' || (operator.negated && quantifier === null)
    ? actual.every(matchesOne)
    : actual.some(matchesOne);
}
