import { operations, SecretBytes } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';

async function read({ part, run }: Asked): Promise<Answer> {
  const { content } = await run(operations.readCubbyhole, { path: part('path') });
  if (!content) throw absent();
  using inside = content;
  const text = inside.use((bytes) => Buffer.from(bytes).toString('utf8'));
  return { data: JSON.parse(text) as Readonly<Record<string, unknown>> };
}

async function write({ part, fields, run }: Asked): Promise<Answer> {
  if (Object.keys(fields.all).length === 0) throw new VaultError(400, 'missing data fields');
  using content = SecretBytes.take(Buffer.from(JSON.stringify(fields.all)));
  await run(operations.writeCubbyhole, { path: part('path'), content });
  return null;
}

async function remove({ part, run }: Asked): Promise<Answer> {
  await run(operations.deleteCubbyhole, { path: part('path') });
  return null;
}

async function list({ part, run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listCubbyhole, { prefix: part('path') });
  if (names.length === 0) throw absent();
  return { data: { keys: names } };
}

export const cubbyholeRoutes: readonly Route[] = [
  {
    path: '{path...}',
    about: 'What the token of the request keeps for itself.',
    handlers: { read, update: write, delete: remove, list },
  },
];
