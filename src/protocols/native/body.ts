import { ClavigerError } from '#domain';

const depthMax = 8;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type JsonObject = Readonly<Record<string, unknown>>;

function invalid(message: string, field = 'body'): ClavigerError {
  return new ClavigerError('input-invalid', message, { details: { field } });
}

function requireShallow(value: unknown, depth: number): void {
  if (depth > depthMax) throw invalid('The body is nested too deeply.');
  if (typeof value === 'string' && !value.isWellFormed())
    throw invalid('A string is not well-formed Unicode.');
  if (typeof value !== 'object' || value === null) return;
  for (const entry of Object.values(value)) requireShallow(entry, depth + 1);
}

/** The object in a request's body; an empty body is an empty object. Throws `input-invalid`. */
export function readBody(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    throw invalid('The body is not JSON in UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('The body must be one object.');
  requireShallow(value, 0);
  return value as JsonObject;
}

/** Reads members of a body by type; what is left unread at the end is refused by name. */
export class Fields {
  readonly #body: JsonObject;
  readonly #read = new Set<string>();

  constructor(body: JsonObject) {
    this.#body = body;
  }

  value(name: string): unknown {
    this.#read.add(name);
    return Object.hasOwn(this.#body, name) ? this.#body[name] : undefined;
  }

  textOr<T>(name: string, fallback: T): string | T {
    const value = this.value(name);
    if (value === undefined || value === null) return fallback;
    if (typeof value !== 'string') throw invalid(`${name} must be a string.`, name);
    return value;
  }

  text(name: string): string {
    const value = this.textOr(name, null);
    if (value === null) throw invalid(`${name} is missing.`, name);
    return value;
  }

  numberOr<T>(name: string, fallback: T): number | T {
    const value = this.value(name);
    if (value === undefined || value === null) return fallback;
    if (typeof value !== 'number') throw invalid(`${name} must be a number.`, name);
    return value;
  }

  flag(name: string): boolean {
    const value = this.value(name);
    if (value === undefined || value === null) return false;
    if (typeof value !== 'boolean') throw invalid(`${name} must be true or false.`, name);
    return value;
  }

  bytes(name: string): Uint8Array {
    const text = this.text(name);
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) throw invalid(`${name} must be base64.`, name);
    return bytes;
  }

  /** Checked by the operation itself. */
  any<T>(name: string, fallback: T): T {
    const value = this.value(name);
    return value === undefined || value === null ? fallback : (value as T);
  }

  requireAllRead(): void {
    const unknown = Object.keys(this.#body).find((name) => !this.#read.has(name));
    if (unknown !== undefined)
      throw invalid(`There is no member ${JSON.stringify(unknown.slice(0, 60))}.`, 'body');
  }
}
