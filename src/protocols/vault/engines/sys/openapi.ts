import { operations, type PlacedMount } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Verb } from '../../read-request.ts';
import type { Asked, Route } from '../../route.ts';
import { apiVersion } from '../../server-facts.ts';

const methods: Readonly<Partial<Record<Verb, string>>> = {
  read: 'get',
  list: 'get',
  update: 'post',
  patch: 'patch',
  delete: 'delete',
};

type Json = Readonly<Record<string, unknown>>;

function pathOf(prefix: string, route: Route): string {
  return `/${prefix}${route.path.replaceAll('...}', '}')}`;
}

function parametersOf(path: string): readonly Json[] {
  return [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

/** What a path answers; a list is a GET with a parameter. */
function itemOf(path: string, route: Route, tag: string): Json {
  const item: Record<string, unknown> = { description: route.about, parameters: parametersOf(path) };
  if (route.sudo) item['x-vault-sudo'] = true;
  if (route.open) item['x-vault-unauthenticated'] = true;
  for (const verb of Object.keys(route.handlers) as Verb[]) {
    const method = methods[verb];
    if (method === undefined || (method in item && verb === 'list')) continue;
    const list = { name: 'list', in: 'query', schema: { type: 'string', enum: ['true'] } };
    item[method] = {
      summary: route.about,
      operationId: `${verb}-${path.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '')}`,
      tags: [tag],
      ...(verb === 'list' ? { parameters: [list] } : {}),
      responses: { '200': { description: 'OK' } },
    };
  }
  return item;
}

function typeOf({ type, options }: Pick<PlacedMount, 'type' | 'options'>): string {
  return type === 'kv' ? `kv${options?.['version'] ?? '1'}` : type;
}

/** Every path that is served where the caller asks, with what it answers. */
async function document({ run, engines, seesBelow }: Asked): Promise<Answer> {
  const paths: Record<string, Json> = {};
  for (const kind of ['secrets', 'auth'] as const) {
    const { mounts } = await run(operations.listMounts, { kind });
    for (const [mountPath, mount] of Object.entries(mounts)) {
      const prefix = kind === 'auth' ? `auth/${mountPath}` : mountPath;
      if (!seesBelow(prefix)) continue;
      for (const route of engines[typeOf(mount)] ?? []) {
        const path = pathOf(prefix, route);
        paths[path] = itemOf(path, route, kind === 'auth' ? 'auth' : mount.type);
      }
    }
  }
  const info = { title: 'Claviger: HTTP API of Vault', version: apiVersion, license: { name: 'Apache-2.0' } };
  return { plain: { openapi: '3.0.2', info, paths } };
}

export const openApiRoutes: readonly Route[] = [
  {
    path: 'internal/specs/openapi',
    about: 'Describes every path as an OpenAPI document.',
    own: true,
    handlers: { read: document, update: document },
  },
];
