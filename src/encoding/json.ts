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
  const fault = structureFault(text, depthMax);
  if (fault) return refused(fault);
  // raw surrogates are no UTF-8, so that only an escape can bring one
  if (/\\u[dD][89a-fA-F]/.test(text) && !isWellFormed(value)) return refused('ill-formed-text');
  return { value: value as JsonObject, fault: null };
}

/** Looks for members that stand twice and for deep nesting. The text is well-formed JSON. */
function structureFault(text: string, depthMax: number): 'member-twice' | 'too-deep' | null {
  const scopes: (Set<string> | null)[] = [];
  let expectsName = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const begin = at + 1;
      at = stringEnd(text, begin);
      const scope = scopes.at(-1);
      if (!expectsName || !scope) continue;
      const raw = text.slice(begin, at);
      const name = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
      if (scope.has(name)) return 'member-twice';
      scope.add(name);
      expectsName = false;
    } else if (code === 0x7b || code === 0x5b) {
      if (scopes.length >= depthMax) return 'too-deep';
      scopes.push(code === 0x7b ? new Set() : null);
      expectsName = code === 0x7b;
    } else if (code === 0x7d || code === 0x5d) {
      scopes.pop();
      expectsName = false;
    } else if (code === 0x2c) {
      expectsName = scopes.at(-1) instanceof Set;
    }
  }
  return null;
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
