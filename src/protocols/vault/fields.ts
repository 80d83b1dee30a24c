import type { JsonObject } from '#encoding';
import { secondsOfUnits } from '#operations';
import { parseJson } from './json-bounds.ts';
import { VaultError } from './vault-error.ts';

/** Seconds of a text such as `30`, `1h30m` or `-2d`; null: it is none. */
export function durationSeconds(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  if (/^[+-]?[0-9]{1,12}$/.test(trimmed)) return Number(trimmed);
  const sign = /^[+-]/.exec(trimmed)?.[0] ?? '';
  const seconds = secondsOfUnits(trimmed.slice(sign.length));
  return seconds !== null && sign === '-' ? -seconds : seconds;
}

/** What Go's parser of truth takes for true; a client in Python says `True`. */
export const truths: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const untruths = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False', '']);

function misfit(name: string, wanted: string): VaultError {
  return new VaultError(400, `error converting input for field "${name}": expected ${wanted}`);
}

/**
 * The fields of a request, typed as weakly as Vault's own server does: its command line sends each value as a string. What is not
 * asked for is not heeded.
 */
export class Fields {
  readonly #data: JsonObject;

  constructor(data: JsonObject) {
    this.#data = data;
  }

  get all(): JsonObject {
    return this.#data;
  }

  has(name: string): boolean {
    const value = this.raw(name);
    return value !== undefined && value !== null;
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#data, name) ? this.#data[name] : undefined;
  }

  /** Undefined where it is absent or null. */
  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw misfit(name, 'a string');
  }

  /** The text that must not be absent or empty. */
  needed(name: string, message = `missing ${name}`): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw new VaultError(400, message);
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') return value !== 0;
    if (typeof value === 'string' && truths.has(value)) return true;
    if (typeof value === 'string' && untruths.has(value)) return false;
    throw misfit(name, 'a boolean');
  }

  whole(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    const number =
      typeof value === 'string' && /^\s*[+-]?[0-9]{1,15}\s*$/.test(value) ? Number(value) : value;
    if (value === '') return 0;
    if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
    throw misfit(name, 'an integer');
  }

  seconds(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    const found =
      typeof value === 'number' ? value : typeof value === 'string' ? durationSeconds(value) : null;
    if (found === null || !Number.isFinite(found)) throw misfit(name, 'a duration');
    return Math.trunc(found);
  }

  /** A list, or a string with commas between. */
  list(name: string): readonly string[] | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value === '' ? [] : splitList(name, value);
    if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
    if (!Array.isArray(value)) throw misfit(name, 'a list');
    return value.map((part: unknown) => {
      if (typeof part === 'string') return part.trim();
      if (typeof part === 'number' || typeof part === 'boolean') return String(part);
      throw misfit(name, 'a list of strings');
    });
  }

  /** An object; a string holds one as JSON. */
  object(name: string): JsonObject | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    const read = typeof value === 'string' ? parsed(value) : value;
    if (typeof read !== 'object' || read === null || Array.isArray(read)) throw misfit(name, 'an object');
    return read as JsonObject;
  }

  /** The fields of an object inside; where it is absent, none. */
  batchOf(name: string): Fields {
    return new Fields(this.object(name) ?? {});
  }

  /** An object of strings, or a list of `name=value`. */
  pairs(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.raw(name);
    if (Array.isArray(value) || (typeof value === 'string' && !value.trimStart().startsWith('{'))) {
      const list = this.list(name) ?? [];
      const entries = list.map((pair) => {
        const at = pair.indexOf('=');
        if (at < 1) throw misfit(name, 'pairs of name=value');
        return [pair.slice(0, at), pair.slice(at + 1)] as const;
      });
      return Object.fromEntries(entries);
    }
    const object = this.object(name);
    if (!object) return undefined;
    const entries = Object.entries(object).map(([key, each]) => {
      if (typeof each !== 'string' && typeof each !== 'number' && typeof each !== 'boolean')
        throw misfit(name, 'an object of strings');
      return [key, String(each)] as const;
    });
    return Object.fromEntries(entries);
  }

  /** The items of a batch, as fields of their own; undefined: there is none. */
  batch(name: string): readonly Fields[] | undefined {
    const value = this.raw(name);
    if (value === undefined || value === null) return undefined;
    const read = typeof value === 'string' ? parsed(value) : value;
    if (!Array.isArray(read)) throw misfit(name, 'a list of objects');
    return read.map((item: unknown) => {
      if (typeof item !== 'object' || item === null || Array.isArray(item))
        throw misfit(name, 'a list of objects');
      return new Fields(item as JsonObject);
    });
  }

  /** Bytes in base64; an absent field is undefined. */
  bytes(name: string): Buffer | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : decodeBase64(text, name);
  }
}

const partsMax = 10_000;

function splitList(name: string, text: string): string[] {
  const parts = text.split(',', partsMax + 1);
  if (parts.length > partsMax) throw misfit(name, `a list of at most ${partsMax} parts`);
  return parts.map((part) => part.trim());
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const base64Form = /^[A-Za-z0-9+/]*={0,2}$/;

/** Strict, padded, standard base64; line breaks are let in, as Go's decoder does. Throws in Vault's words. */
export function decodeBase64(text: string, name: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  // the fast way: what comes out as it went in was well-formed
  if (base64Length(bytes.length) === text.length && base64Form.test(text)) return bytes;
  const clean = text.replaceAll(/[\r\n]/g, '');
  if (clean.length % 4 === 0 && base64Form.test(clean)) return Buffer.from(clean, 'base64');
  throw new VaultError(400, `failed to base64-decode ${name}`);
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Bytes that are secret, as base64; wiped once they are written. */
export function base64AndWipe(bytes: Uint8Array): string {
  const text = base64(bytes);
  bytes.fill(0);
  return text;
}
