import { z } from 'zod';
import { ClavigerError } from '#domain';
import type { Operation } from '#operations';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type PathParts = Readonly<Record<string, string>>;

/** What an answer may say of the server. */
export type AboutServer = {
  /** The module that does its cryptography, where one is required. */
  readonly fips: string | null;
};

/** One route of the API: what it reads and answers is data, of which the OpenAPI document is made too. */
export type Route = {
  readonly method: Method;
  /** `{name}` stands for one part, percent-encoded. */
  readonly path: string;
  /** What it does, in one line. */
  readonly about: string;
  readonly operation: Operation<never, unknown>;
  readonly query: z.ZodObject;
  readonly body: z.ZodObject;
  readonly answer: z.ZodObject;
  readonly input: (parts: { path: PathParts; query: unknown; body: unknown }) => unknown;
  readonly output: (output: never, about: AboutServer) => unknown;
  /** Instead of `output`: lines of JSON, sent one by one; `answer` is the shape of each. */
  readonly lines?: (output: never) => AsyncIterable<unknown>;
};

type Read<S extends z.ZodRawShape> = z.output<z.ZodObject<S>>;

type Ways<I, O, Q extends z.ZodRawShape, B extends z.ZodRawShape, A extends z.ZodObject> = {
  readonly about: string;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  readonly input: (parts: { path: PathParts; query: Read<Q>; body: Read<B> }) => NoInfer<I>;
  readonly output: (output: NoInfer<O>, about: AboutServer) => z.input<A>;
};

/** A route to an operation, e.g. `route('GET /keys/{key}', operations.describeKey, {...})`. */
export function route<
  I,
  O,
  A extends z.ZodObject,
  Q extends z.ZodRawShape = {},
  B extends z.ZodRawShape = {},
>(head: `${Method} /${string}`, operation: Operation<I, O>, ways: Ways<I, O, Q, B, A>): Route {
  const [method, path] = head.split(' ');
  return Object.freeze({
    method,
    path,
    operation,
    ...ways,
    query: z.strictObject(ways.query ?? {}),
    body: z.strictObject(ways.body ?? {}),
  }) as unknown as Route;
}

type Lines<I, O, B extends z.ZodRawShape, A extends z.ZodObject> = {
  readonly about: string;
  readonly body: B;
  readonly answer: A;
  readonly input: (parts: { path: PathParts; body: Read<B> }) => NoInfer<I>;
  readonly lines: (output: NoInfer<O>) => AsyncIterable<z.input<A>>;
};

/** A route whose answer is too long for one piece: a line of JSON after the other (`application/x-ndjson`). */
export function lineRoute<I, O, A extends z.ZodObject, B extends z.ZodRawShape>(
  head: `${Method} /${string}`,
  operation: Operation<I, O>,
  ways: Lines<I, O, B, A>,
): Route {
  const [method, path] = head.split(' ');
  return Object.freeze({
    method,
    path,
    operation,
    ...ways,
    query: z.strictObject({}),
    body: z.strictObject(ways.body),
    output: () => null,
  }) as unknown as Route;
}

/** What a schema reads out of a value of a stranger. Throws `input-invalid`, which names the field and never repeats the value. */
export function readWith(schema: z.ZodType, value: unknown, place: 'query' | 'body'): unknown {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw new ClavigerError('input-invalid', `${field === '' ? `The ${place}` : field}: ${said(issue)}.`, {
    details: { field: field === '' ? place : field },
  });
}

function said(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue?.code !== 'unrecognized_keys') return issue?.message ?? 'invalid';
  return `there is no ${JSON.stringify(String(issue.keys[0]).slice(0, 60))}`;
}
