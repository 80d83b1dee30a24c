import { z } from 'zod';
import { errorCodes } from '#domain';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

const problemSchema: Json = {
  type: 'object',
  description: 'RFC 9457 problem details',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { enum: errorCodes },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    approval: { type: 'string', description: 'of code approval-pending: the request that waits' },
  },
  required: ['type', 'title', 'status', 'detail'],
};

/** The JSON Schema of a part, whose named parts go into the collection. */
function schemaOf(part: z.ZodType, io: 'input' | 'output', named: Record<string, Json>): Json {
  const { $schema: _schema, $defs, ...schema } = z.toJSONSchema(part, { io, unrepresentable: 'any' }) as Json;
  const text = (value: unknown) => JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/');
  for (const [name, found] of Object.entries(($defs ?? {}) as Json)) {
    const { id: _id, ...rest } = JSON.parse(text(found)) as Json;
    named[name] = rest;
  }
  const { id, ...own } = JSON.parse(text(schema)) as Json;
  if (typeof id !== 'string') return own;
  named[id] = own;
  return { $ref: `#/components/schemas/${id}` };
}

function parametersOf(route: Route, named: Record<string, Json>): Json[] {
  const inPath = [...route.path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(route.query.shape).map(([name, part]) => ({
    name,
    in: 'query',
    required: false,
    schema: schemaOf(part as z.ZodType, 'input', named),
  }));
  return [...inPath, ...inQuery];
}

function operationOf(route: Route, named: Record<string, Json>): Json {
  const hasBody = Object.keys(route.body.shape).length > 0;
  const body = { 'application/json': { schema: schemaOf(route.body, 'input', named) } };
  return {
    operationId: route.operation.name,
    summary: route.about,
    parameters: parametersOf(route, named),
    ...(hasBody ? { requestBody: { content: body } } : {}),
    responses: {
      200: {
        description: 'Done, and its record is durable',
        content: {
          [route.lines ? 'application/x-ndjson' : 'application/json']: {
            schema: schemaOf(route.answer, 'output', named),
          },
        },
      },
      default: {
        description: 'A problem; nothing was done unless the code says that it may have been',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** The OpenAPI 3.1 document of the routes. */
export function openApi(routes: readonly Route[], base: string): Json {
  const schemas: Record<string, Json> = { Problem: problemSchema };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const at = (paths[route.path] ??= {});
    at[route.method.toLowerCase()] = operationOf(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Claviger', version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: base }],
    security: [{ bearer: [] }],
    paths,
    components: { schemas, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  };
}
