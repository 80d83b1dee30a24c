import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startNativeApi, type NativeApi } from './native.fixture.ts';
import { routes } from './routes.ts';

type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: { 'application/json': { schema: Record<string, unknown> } } };
};
type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

describe('the OpenAPI document', () => {
  let native: NativeApi;
  let text = '';
  let document: Document;
  before(async () => {
    native = await startNativeApi();
    const answer = await native.call('GET', '/openapi.json', { token: null });
    assert.equal(answer.status, 200);
    text = JSON.stringify(answer.body);
    document = answer.body as unknown as Document;
  });
  after(() => native.close());

  it('describes every route, and no other', () => {
    assert.equal(document.openapi, '3.1.0');
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(told.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('names every parameter and every member of a body', () => {
    for (const route of routes) {
      const operation = document.paths[route.path]?.[route.method.toLowerCase()];
      assert.ok(operation, route.path);
      assert.ok(operation.summary.length > 8, route.path);
      const inPath = operation.parameters
        .filter((entry) => entry.in === 'path')
        .map(({ name }) => `{${name}}`);
      assert.deepEqual(inPath, [...route.path.matchAll(/\{[a-z]+\}/g)].map(String));
      const schema = operation.requestBody?.content['application/json'].schema;
      assert.deepEqual(Object.keys((schema?.['properties'] ?? {}) as object), Object.keys(route.body.shape));
      if (schema) assert.equal(schema['additionalProperties'], false, route.path);
    }
  });

  it('gives each operation an id of its own', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((operation) => operation.operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  it('refers only to what it holds', () => {
    const wanted = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? ''));
    assert.ok(wanted.size >= 3);
    for (const reference of wanted) {
      assert.ok(reference.startsWith('#/components/schemas/'), reference);
      assert.ok(document.components.schemas[reference.split('/').at(-1) ?? ''], reference);
    }
    assert.ok(!text.includes('$defs') && !text.includes('$schema'));
  });
});
