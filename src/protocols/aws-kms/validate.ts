import { AwsError, validation } from './aws-error.ts';
import type { Members, Shape } from './shape.ts';
import type { JsonObject } from './strict-json.ts';

/** A request whose members have the types and bounds of their shapes; blobs are bytes. */
export type Input = {
  readonly text: (name: string) => string | null;
  readonly bytes: (name: string) => Uint8Array | null;
  readonly number: (name: string) => number | null;
  readonly flag: (name: string) => boolean;
  readonly map: (name: string) => Readonly<Record<string, string>> | null;
  readonly list: (name: string) => readonly unknown[];
  readonly has: (name: string) => boolean;
};

type Problems = string[];

const echoedCharacters = 256;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function wrongType(found: unknown, wanted: string): AwsError {
  const kind =
    found === null
      ? 'NULL_VALUE'
      : Array.isArray(found)
        ? 'Start of list'
        : typeof found === 'object'
          ? 'Start of structure or map'
          : `${(typeof found).toUpperCase()}_VALUE`;
  return new AwsError('SerializationException', `${kind} can not be converted to ${wanted}`);
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Notes a broken rule; AWS writes the names of members with a small first letter. */
function note(problems: Problems, said: string, where: string, rule: string): void {
  const place = where.split('.').map(lowerFirst).join('.');
  problems.push(`${said} at '${place}' failed to satisfy constraint: ${rule}`);
}

/** The same, with the value that broke it; null: it is not repeated. */
function failed(problems: Problems, where: string, value: string | null, rule: string): void {
  note(problems, value === null ? 'Value' : `Value '${value.slice(0, echoedCharacters)}'`, where, rule);
}

/** The rule that a length breaks, or null. */
function brokenLength(shape: { min?: number; max?: number }, length: number): string | null {
  if (shape.max !== undefined && length > shape.max)
    return `Member must have length less than or equal to ${shape.max}`;
  if (shape.min !== undefined && length < shape.min)
    return `Member must have length greater than or equal to ${shape.min}`;
  return null;
}

function checkText(
  shape: Extract<Shape, { type: 'string' }>,
  value: unknown,
  where: string,
  problems: Problems,
): string {
  if (typeof value !== 'string') throw wrongType(value, 'String');
  if (!value.isWellFormed())
    throw new AwsError('SerializationException', 'A string is not well-formed Unicode.');
  // what is secret is never repeated
  const shown = shape.sensitive ? null : value;
  if (shape.values) {
    if (!shape.values.includes(value)) {
      failed(problems, where, shown, `Member must satisfy enum value set: [${shape.values.join(', ')}]`);
    }
    return value;
  }
  const broken = brokenLength(shape, value.length);
  if (broken) failed(problems, where, shown, broken);
  if (shape.pattern && !shape.pattern.test(value)) {
    failed(problems, where, shown, `Member must satisfy regular expression pattern: ${shape.patternText}`);
  }
  return value;
}

function checkBlob(
  shape: Extract<Shape, { type: 'blob' }>,
  value: unknown,
  where: string,
  problems: Problems,
): Uint8Array {
  if (typeof value !== 'string') throw wrongType(value, 'a blob');
  if (!base64.test(value))
    throw new AwsError('SerializationException', `The blob at ${where} is not base64.`);
  const bytes = Buffer.from(value, 'base64');
  // a blob may be secret: it is never repeated
  const broken = brokenLength(shape, bytes.length);
  if (broken) failed(problems, where, null, broken);
  return bytes;
}

function checkNumber(
  shape: Extract<Shape, { type: 'integer' }>,
  value: unknown,
  where: string,
  problems: Problems,
): number {
  if (typeof value !== 'number') throw wrongType(value, 'Integer');
  if (!Number.isInteger(value) || Math.abs(value) > 0x7fffffff) throw wrongType(value, 'Integer');
  if (shape.max !== undefined && value > shape.max) {
    failed(problems, where, String(value), `Member must have value less than or equal to ${shape.max}`);
  }
  if (shape.min !== undefined && value < shape.min) {
    failed(problems, where, String(value), `Member must have value greater than or equal to ${shape.min}`);
  }
  return value;
}

function checkMap(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, 'a map');
  const map: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, entry] of Object.entries(value)) {
    if (typeof entry !== 'string') throw wrongType(entry, 'String');
    if (!name.isWellFormed() || !entry.isWellFormed()) {
      throw new AwsError('SerializationException', 'A string is not well-formed Unicode.');
    }
    map[name] = entry;
  }
  return map;
}

function checkList(
  shape: Extract<Shape, { type: 'list' }>,
  value: unknown,
  where: string,
  problems: Problems,
): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(value, 'a list');
  const broken = brokenLength(shape, value.length);
  if (broken) failed(problems, where, null, broken);
  return value.map((entry, index) => check(shape.of, entry, `${where}.${index + 1}.member`, problems));
}

function check(shape: Shape, value: unknown, where: string, problems: Problems): unknown {
  switch (shape.type) {
    case 'string':
      return checkText(shape, value, where, problems);
    case 'blob':
      return checkBlob(shape, value, where, problems);
    case 'integer':
      return checkNumber(shape, value, where, problems);
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(value, 'Boolean');
      return value;
    case 'timestamp':
      if (typeof value !== 'number') throw wrongType(value, 'Timestamp');
      return value;
    case 'map':
      return checkMap(value);
    case 'list':
      return checkList(shape, value, where, problems);
    case 'structure':
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw wrongType(value, 'a structure');
      return checkMembers(shape.members, value as JsonObject, `${where}.`, problems);
  }
}

function checkMembers(
  members: Members,
  body: JsonObject,
  prefix: string,
  problems: Problems,
): Record<string, unknown> {
  const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name in members) {
    const shape = members[name];
    if (!shape) continue;
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value !== undefined && value !== null) found[name] = check(shape, value, prefix + name, problems);
    else if (shape.required) {
      const said = 'sensitive' in shape ? 'Value' : 'Value null';
      note(problems, said, prefix + name, 'Member must not be null');
    }
  }
  return found;
}

/** Checks a body against the members of its operation; members that are not known are left aside, as AWS does. */
export function validate(members: Members, body: JsonObject): Input {
  const problems: Problems = [];
  const found = checkMembers(members, body, '', problems);
  if (problems.length > 0) {
    const errors = problems.length === 1 ? 'error' : 'errors';
    throw validation(`${problems.length} validation ${errors} detected: ${problems.join('; ')}`);
  }
  return {
    text: (name) => (found[name] as string | undefined) ?? null,
    bytes: (name) => (found[name] as Uint8Array | undefined) ?? null,
    number: (name) => (found[name] as number | undefined) ?? null,
    flag: (name) => (found[name] as boolean | undefined) ?? false,
    map: (name) => (found[name] as Readonly<Record<string, string>> | undefined) ?? null,
    list: (name) => (found[name] as readonly unknown[] | undefined) ?? [],
    has: (name) => found[name] !== undefined,
  };
}
