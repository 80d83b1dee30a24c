import type { JsonObject } from '#encoding';
import type { HttpRequest } from '#ports';
import { durationSeconds, truths } from './fields.ts';
import { parseJson } from './json-bounds.ts';
import { VaultError } from './vault-error.ts';

/** What a request does, whatever HTTP method says it. */
export type Verb = 'read' | 'list' | 'scan' | 'update' | 'patch' | 'delete' | 'help';

/** A request as the routes see it. */
export type VaultRequest = {
  readonly verb: Verb;
  /** Behind `/v1/`, decoded, without slashes at its beginning; a list ends with one. */
  readonly path: string;
  /** The body, or the query where the method has no body. It is read when it is asked for first; throws a VaultError where it can't be. */
  readonly data: JsonObject;
  readonly query: JsonObject;
  /** Null where none was sent. */
  readonly token: string | null;
  /** Seconds after which a wrapped answer ends; null: it is not to be wrapped. */
  readonly wrapSeconds: number | null;
  readonly wrapFormat: string;
  readonly namespace: string;
  readonly isHead: boolean;
};

const base = '/v1/';
const pathMax = 4096;

const verbs: Readonly<Record<string, Verb>> = Object.freeze({
  __proto__: null as never,
  GET: 'read',
  HEAD: 'read',
  LIST: 'list',
  SCAN: 'scan',
  POST: 'update',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
});

const nothing: JsonObject = Object.freeze({});

function isTrue(value: unknown): boolean {
  return typeof value === 'string' && truths.has(value);
}

const formMax = 1_048_576;
const pairsMax = 10_000;

function hasManyPairs(text: string): boolean {
  let pairs = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) pairs += 1;
  return pairs > pairsMax;
}

function readQuery(text: string): JsonObject {
  if (text === '') return nothing;
  if (hasManyPairs(text)) throw new VaultError(400, `a form has at most ${pairsMax} fields`);
  const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    if (before === undefined) found[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else found[name] = [before, value];
  }
  return found;
}

function decodePath(path: string): string {
  const encoded = path.slice(base.length);
  let text = encoded;
  if (encoded.includes('%')) {
    try {
      text = decodeURIComponent(encoded);
    } catch {
      throw new VaultError(400, 'the path is not well encoded');
    }
  }
  if (text.length > pathMax) throw new VaultError(400, `the path is longer than ${pathMax} characters`);
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new VaultError(400, 'path contains invalid characters');
  // clients join paths with too many slashes
  const single = text.includes('//') ? text.replaceAll(/\/{2,}/g, '/') : text;
  return single.startsWith('/') ? single.slice(1) : single;
}

/** The body as JSON whatever its content type says, or as a form. An empty body and `null` are no fields. */
function readBody({ body, headers }: Pick<HttpRequest, 'body' | 'headers'>): JsonObject {
  if (body.length === 0) return nothing;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const first = text.trimStart()[0];
  if (
    first !== '{' &&
    first !== '[' &&
    headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  ) {
    if (body.length > formMax) throw new VaultError(413, 'http: request body too large');
    return readQuery(text);
  }
  const value = parseJson(text);
  if (value === null) return nothing;
  if (typeof value !== 'object' || Array.isArray(value))
    throw new VaultError(400, 'error parsing JSON: the body must be an object');
  return value as JsonObject;
}

function tokenOf(headers: HttpRequest['headers']): string | null {
  const own = headers['x-vault-token'];
  if (own !== undefined && own !== '') return own;
  const authorization = headers['authorization'];
  return authorization === undefined ? null : (/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? null);
}

function wrapSecondsOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const seconds = durationSeconds(text);
  if (seconds === null || seconds < 0)
    throw new VaultError(400, 'error parsing the header X-Vault-Wrap-TTL: it is no duration');
  return seconds === 0 ? null : Math.trunc(seconds);
}

function verbOf(method: string, query: JsonObject): Verb {
  const verb = verbs[method];
  if (!verb) throw new VaultError(405, 'unsupported method');
  if (verb !== 'read') return verb;
  return (['list', 'scan', 'help'] as const).find((name) => isTrue(query[name])) ?? verb;
}

function dataOf(verb: Verb, request: HttpRequest, query: JsonObject): JsonObject {
  if (verb === 'update' || verb === 'patch') return readBody(request);
  if (verb === 'delete' && request.body.length > 0) return { ...query, ...readBody(request) };
  return query;
}

type Head = Omit<VaultRequest, 'data'>;

/**
 * It is a class, because an object literal with a getter gets a hidden class of its own each time, which keeps the request until the
 * next full collection.
 */
class ReadRequest implements VaultRequest {
  readonly verb: Verb;
  readonly path: string;
  readonly query: JsonObject;
  readonly token: string | null;
  readonly wrapSeconds: number | null;
  readonly wrapFormat: string;
  readonly namespace: string;
  readonly isHead: boolean;
  readonly #request: HttpRequest;
  #data: JsonObject | undefined;

  constructor(head: Head, request: HttpRequest) {
    this.verb = head.verb;
    this.path = head.path;
    this.query = head.query;
    this.token = head.token;
    this.wrapSeconds = head.wrapSeconds;
    this.wrapFormat = head.wrapFormat;
    this.namespace = head.namespace;
    this.isHead = head.isHead;
    this.#request = request;
  }

  get data(): JsonObject {
    return (this.#data ??= dataOf(this.verb, this.#request, this.query));
  }
}

/** Reads a request. Throws a VaultError for what no route could understand. */
export function readRequest(request: HttpRequest): VaultRequest {
  const { headers } = request;
  const query = readQuery(request.query);
  const method =
    headers['x-claviger-method'] === 'LIST' && request.method === 'GET' ? 'LIST' : request.method;
  const verb = verbOf(method, query);
  const path = decodePath(request.path);
  if (verb === 'patch' && !headers['content-type']?.startsWith('application/merge-patch+json'))
    throw new VaultError(415, 'PATCH requires Content-Type of application/merge-patch+json');
  const head: Head = {
    verb,
    path: (verb === 'list' || verb === 'scan') && !path.endsWith('/') ? `${path}/` : path,
    query,
    token: tokenOf(headers),
    wrapSeconds: wrapSecondsOf(headers['x-vault-wrap-ttl']),
    wrapFormat: headers['x-vault-wrap-format'] ?? '',
    namespace: headers['x-vault-namespace']?.replaceAll(/^\/+|\/+$/g, '') ?? '',
    isHead: request.method === 'HEAD',
  };
  return new ReadRequest(head, request);
}
