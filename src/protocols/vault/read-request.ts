import type { JsonObject } from '#encoding';
import type { HttpRequest } from '#ports';
import { durationSeconds, truths } from './fields.ts';
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

function readQuery(text: string): JsonObject {
  if (text === '') return nothing;
  const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    found[name] =
      before === undefined
        ? value
        : Array.isArray(before)
          ? [...(before as string[]), value]
          : [before, value];
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
  return text.replaceAll(/\/{2,}/g, '/').replace(/^\//, '');
}

const depthMax = 64;

/** How deep brackets are nested in a text of JSON, counted without regard to strings: never less than the truth. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
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
  )
    return readQuery(text);
  // before it is parsed, which takes many times its room
  if (isTooDeep(text)) throw new VaultError(400, 'error parsing JSON: it is nested too deeply');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new VaultError(400, 'error parsing JSON');
  }
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
  let data: JsonObject | undefined;
  return {
    verb,
    path: (verb === 'list' || verb === 'scan') && !path.endsWith('/') ? `${path}/` : path,
    get data() {
      return (data ??= dataOf(verb, request, query));
    },
    query,
    token: tokenOf(headers),
    wrapSeconds: wrapSecondsOf(headers['x-vault-wrap-ttl']),
    wrapFormat: headers['x-vault-wrap-format'] ?? '',
    namespace: (headers['x-vault-namespace'] ?? '').replaceAll(/^\/+|\/+$/g, ''),
    isHead: request.method === 'HEAD',
  };
}
