import { ClavigerApiError } from './api-error.ts';

export type ClientOptions = {
  /** E.g. `http://127.0.0.1:8200`. */
  readonly address: string;
  /** Empty: none is sent, for what needs none. */
  readonly token: string;
  /** How long an answer may take, whole; 30 seconds. */
  readonly timeoutMillis?: number;
  readonly fetch?: typeof fetch;
  /** What paths begin with; `/api/v1`. */
  readonly base?: '/api/v1' | '/v1';
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type Json = Record<string, unknown>;
export type Call = (method: string, path: string, body?: Json | null) => Promise<Json>;
export type Lines = (method: string, path: string, body?: Json | null) => AsyncIterable<Json>;

const attemptsMax = 3;

/** What the system says of a connection that failed, e.g. `ECONNREFUSED`. */
function reasonOf(cause: unknown): string {
  let reason = '';
  for (let at = cause, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return ` (${at.code})`;
    reason = ` (${at.message})`;
  }
  return reason;
}

function noAnswer(address: string, cause: unknown): ClavigerApiError {
  const late = cause instanceof Error && cause.name === 'TimeoutError';
  return late
    ? new ClavigerApiError('timeout', `No answer from ${address} in time.`, { cause })
    : new ClavigerApiError('unreachable', `No answer from ${address}${reasonOf(cause)}.`, { cause });
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

function problemOf(address: string, response: Response, text: string): ClavigerApiError {
  const facts = { status: response.status, requestId: response.headers.get('x-request-id') };
  const answer = parsed(text);
  if (Array.isArray(answer?.['errors'])) return vaultProblem(answer['errors'], facts);
  if (typeof answer?.['detail'] !== 'string') {
    return new ClavigerApiError(
      'not-claviger',
      `${address} answers ${facts.status}, but not as Claviger does.`,
      facts,
    );
  }
  const code = typeof answer['code'] === 'string' ? answer['code'] : 'http-error';
  return new ClavigerApiError(code, answer['detail'], facts);
}

const codesOfStatus: Readonly<Record<number, string>> = {
  400: 'input-invalid',
  403: 'access-denied',
  404: 'secret-not-found',
  503: 'sealed',
};

/** An error of the paths that Vault's clients use; a 404 of a secret says nothing more, one of a path that is not served does. */
function vaultProblem(
  errors: readonly unknown[],
  facts: { readonly status: number; readonly requestId: string | null },
): ClavigerApiError {
  const said = errors.map((error) => String(error).replaceAll(/\s+/g, ' ').trim()).join('; ');
  const isPath = facts.status === 404 && said !== '';
  const code = isPath ? 'http-error' : (codesOfStatus[facts.status] ?? 'http-error');
  return new ClavigerApiError(code, said === '' ? 'There is no such secret.' : said, facts);
}

type Wanted = { readonly method: string; readonly path: string; readonly body: Json | null };

/** Sends one request; the answer's body is not read yet. Rejects where there is no answer. */
function createSend(options: ClientOptions) {
  const { token, timeoutMillis = 30_000, base = '/api/v1' } = options;
  const send = options.fetch ?? fetch;
  const address = options.address.replace(/\/+$/, '');

  function request({ method, path, body }: Wanted): Promise<Response> {
    return send(`${address}${base}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...options.headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(timeoutMillis),
      redirect: 'error',
    });
  }
  return { address, request };
}

/**
 * Makes the function by which requests are sent. A reading request is tried again, at most twice, when no server answers;
 * nothing else ever is: whether it was done would be unknown.
 */
export function createCall(options: ClientOptions): Call {
  const { address, request } = createSend(options);

  async function once(wanted: Wanted): Promise<Json> {
    let response: Response;
    let text: string;
    try {
      response = await request(wanted);
      text = await response.text();
    } catch (cause) {
      throw noAnswer(address, cause);
    }
    if (response.status === 204) return {};
    const answer = response.ok ? parsed(text) : null;
    if (answer) return answer;
    throw problemOf(address, response, text);
  }

  return async (method, path, body = null) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once({ method, path, body });
      } catch (error) {
        const again = error instanceof ClavigerApiError && error.code === 'unreachable' && method === 'GET';
        if (!again || attempt >= attemptsMax) throw error;
        await new Promise((done) => setTimeout(done, 50 * 2 ** attempt));
      }
    }
  };
}

/** An answer of many lines takes as long as it takes; this is for those that hang. */
const linesTimeoutMillis = 3_600_000;

/** Makes the function by which answers are read that are a line of JSON after the other. */
export function createLines(options: ClientOptions): Lines {
  const { address, request } = createSend({ ...options, timeoutMillis: linesTimeoutMillis });

  return async function* lines(method, path, body = null) {
    let response: Response;
    try {
      response = await request({ method, path, body });
      if (!response.ok) throw problemOf(address, response, await response.text());
    } catch (cause) {
      throw cause instanceof ClavigerApiError ? cause : noAnswer(address, cause);
    }
    let rest = '';
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const found = (rest + piece).split('\n');
        rest = found.pop() ?? '';
        for (const line of found) yield lineOf(address, line);
      }
    } catch (cause) {
      throw cause instanceof ClavigerApiError ? cause : noAnswer(address, cause);
    }
    if (rest !== '') yield lineOf(address, rest);
  };
}

/** The lines before the one that says that the answer is whole. Throws what the server says of a failure, and where that line never comes. */
export async function* untilEnd(lines: AsyncIterable<Json>): AsyncGenerator<Json> {
  for await (const line of lines) {
    const problem = line['problem'] as { code?: unknown; detail?: unknown } | undefined;
    if (problem) throw new ClavigerApiError(String(problem.code), String(problem.detail));
    if (line['end'] === true) return;
    yield line;
  }
  throw new ClavigerApiError('unreachable', 'The answer is cut off.');
}

function lineOf(address: string, text: string): Json {
  const line = parsed(text);
  if (line) return line;
  throw new ClavigerApiError('not-claviger', `${address} sends a line that is no JSON object.`);
}

/** A part of a path. Names of dots alone would be taken for steps of the path: they go with the prefix that every name may have. */
export function part(text: string): string {
  return encodeURIComponent(/^\.{1,2}$/.test(text) ? `name:${text}` : text);
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The bytes in a member of an answer. */
export function bytesIn(answer: Json, member: string): Uint8Array {
  const text = answer[member];
  if (typeof text === 'string') return Buffer.from(text, 'base64');
  throw new ClavigerApiError('not-claviger', `The answer has no ${member}.`);
}

type Pages = {
  readonly path: string;
  readonly member: string;
  readonly query?: string;
  readonly size?: number;
};

/** All entries of a list that is told in pages of at most 500. */
export async function* pages<T>(
  call: Call,
  { path, member, query = '', size = 500 }: Pages,
): AsyncGenerator<T> {
  let after: string | null = null;
  do {
    const marker: string = after === null ? '' : `&after=${encodeURIComponent(after)}`;
    const page: Json = await call('GET', `${path}?limit=${size}${query}${marker}`);
    yield* page[member] as T[];
    after = (page['next'] ?? null) as string | null;
  } while (after !== null);
}
