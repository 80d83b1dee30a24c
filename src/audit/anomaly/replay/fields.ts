import { malformed } from './entry-splitter.ts';

export type Fields = Readonly<Record<string, unknown>>;

const textMax = 4_096;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads members of an object that a stranger wrote; every fault names the line. */
export class FieldReader {
  readonly #fields: Fields;
  readonly #line: number;
  readonly #where: string;

  constructor(fields: Fields, line: number, where = '') {
    this.#fields = fields;
    this.#line = line;
    this.#where = where;
  }

  fault(name: string, what: string): Error {
    return malformed(this.#line, `${this.#where}${name} ${what}.`);
  }

  /** Refuses members that are not named. */
  only(names: ReadonlySet<string>): void {
    for (const name of Object.keys(this.#fields))
      if (!names.has(name)) throw this.fault(JSON.stringify(name.slice(0, 64)), 'is not a member of this');
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  text(name: string): string {
    const value = this.#get(name);
    if (typeof value !== 'string') throw this.fault(name, 'is not a string');
    if (value.length > textMax) throw this.fault(name, `has more than ${textMax} characters`);
    return value;
  }

  /** null where it is null or not there. */
  optionalText(name: string): string | null {
    return (this.#get(name) ?? null) === null ? null : this.text(name);
  }

  whole(name: string): number {
    const value = this.#get(name);
    if (!Number.isSafeInteger(value) || Number(value) < 0)
      throw this.fault(name, 'is not a whole number from 0 on');
    return Number(value);
  }

  optionalWhole(name: string): number | null {
    return (this.#get(name) ?? null) === null ? null : this.whole(name);
  }

  flag(name: string): boolean {
    const value = this.#get(name);
    if (typeof value !== 'boolean') throw this.fault(name, 'is neither true nor false');
    return value;
  }

  texts(name: string, countMax: number): string[] {
    const value = this.#get(name);
    if (!Array.isArray(value) || value.length > countMax)
      throw this.fault(name, `is not a list of at most ${countMax}`);
    return value.map((_, at) =>
      new FieldReader(value as unknown as Fields, this.#line, `${name} `).text(String(at)),
    );
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const value = this.#get(name);
    const found = words.find((word) => word === value);
    if (found === undefined) throw this.fault(name, `is none of: ${words.join(', ')}`);
    return found;
  }

  /** The object of a member; null where it is null or not there. */
  optionalObject(name: string): FieldReader | null {
    const value = this.#get(name) ?? null;
    if (value === null) return null;
    if (!isFields(value)) throw this.fault(name, 'is not an object');
    return new FieldReader(value, this.#line, `${this.#where}${name}.`);
  }

  object(name: string): FieldReader {
    const reader = this.optionalObject(name);
    if (!reader) throw this.fault(name, 'is not there');
    return reader;
  }

  list(name: string): readonly unknown[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) throw this.fault(name, 'is not a list');
    return value;
  }

  get raw(): Fields {
    return this.#fields;
  }
}
