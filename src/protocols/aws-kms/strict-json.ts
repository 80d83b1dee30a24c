import { isUtf8 } from 'node:buffer';
import { AwsError } from './aws-error.ts';

const depthMax = 16;

function refused(why: string): AwsError {
  return new AwsError('SerializationException', why);
}

/** Throws where a member stands twice in one object, or where the nesting is too deep. The text is well-formed JSON. */
function requireDistinctMembers(text: string): void {
  const scopes: (Set<string> | null)[] = [];
  let expectsName = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const begin = at + 1;
      at = text.indexOf('"', begin);
      while (text.charCodeAt(at - 1) === 0x5c && isEscaped(text, at)) at = text.indexOf('"', at + 1);
      const scope = scopes.at(-1);
      if (!expectsName || !scope) continue;
      const raw = text.slice(begin, at);
      const escaped = raw.includes('\\');
      const name = escaped ? (JSON.parse(`"${raw}"`) as string) : raw;
      if (scope.has(name)) throw refused('A member stands twice in one object.');
      scope.add(name);
      expectsName = false;
    } else if (code === 0x7b || code === 0x5b) {
      if (scopes.length >= depthMax) throw refused('The request is nested too deeply.');
      scopes.push(code === 0x7b ? new Set() : null);
      expectsName = code === 0x7b;
    } else if (code === 0x7d || code === 0x5d) {
      scopes.pop();
      expectsName = false;
    } else if (code === 0x2c) {
      expectsName = scopes.at(-1) instanceof Set;
    }
  }
}

/** Whether the quote at a place has an odd number of backslashes before it. */
function isEscaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes += 1;
  return slashes % 2 === 1;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that a body holds; an empty body is an empty object. Throws `SerializationException`. */
export function readBody(body: Uint8Array): JsonObject {
  if (body.length === 0) return {};
  const notJson = 'The request body is not JSON in UTF-8.';
  if (!isUtf8(body)) throw refused(notJson);
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused(notJson);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused('Start of structure or map found where not expected.');
  }
  requireDistinctMembers(text);
  return value as JsonObject;
}
