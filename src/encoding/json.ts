import { isUtf8 } from 'node:buffer';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Why a text is refused; each protocol says it in its own words. */
export type JsonFault = 'not-json' | 'not-an-object' | 'member-twice' | 'too-deep' | 'ill-formed-text';

export type JsonRead =
  | { readonly value: JsonObject; readonly fault: null }
  | { readonly value: null; readonly fault: JsonFault };

function refused(fault: JsonFault): JsonRead {
  return { value: null, fault };
}

/**
 * Reads one JSON object that a stranger wrote, so that no two readers can understand it differently: UTF-8, no member twice in an
 * object, nesting bounded, strings of whole characters (a lone surrogate would become U+FFFD, and two texts one). No bytes are an
 * empty object.
 */
export function readJsonObject(bytes: Uint8Array, depthMax: number): JsonRead {
  if (bytes.length === 0) return { value: {}, fault: null };
  if (!isUtf8(bytes)) return refused('not-json');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('not-json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('not-an-object');
  const fault = structureFault(text, value, depthMax);
  if (fault) return refused(fault);
  // raw surrogates are no UTF-8, so that only an escape can bring one
  if (text.includes('\\u') && !isWellFormed(value)) return refused('ill-formed-text');
  return { value: value as JsonObject, fault: null };
}

/** Looks for members that stand twice and for deep nesting. The text is well-formed JSON, and the value what it says. */
function structureFault(text: string, value: unknown, depthMax: number): 'member-twice' | 'too-deep' | null {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = stringEnd(text, at + 1);
    } else if (code === 0x3a) {
      members += 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > depthMax) return 'too-deep';
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
  // of two members with one name only the last is in the value
  return countMembers(value) === members ? null : 'member-twice';
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const entries: unknown[] = Object.values(value);
  let count = Array.isArray(value) ? 0 : entries.length;
  for (const entry of entries) count += countMembers(entry);
  return count;
}

/** Where the string that began ends: the next quote with an even number of backslashes before it. */
function stringEnd(text: string, begin: number): number {
  for (let quote = text.indexOf('"', begin); ; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return quote;
  }
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, entry]) => name.isWellFormed() && isWellFormed(entry));
}

/**
 * The one text of a JSON value of strings, whole numbers, booleans, null, lists and objects: no spaces, members in the order of
 * their UTF-16 code units (RFC 8785). Members that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => `${JSON.stringify(name)}:${canonicalJson(entry)}`);
  return `{${members.join(',')}}`;
}
