import { hasCode } from '#domain';
import { operations, SecretBytes } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';

/** What was wrapped under the token of the request, as it was had before there was a path for it. */
async function response({ token, run }: Asked): Promise<Answer> {
  try {
    await run(operations.lookUpWrapping, { token });
  } catch (error) {
    throw hasCode(error, 'input-invalid') ? absent() : error;
  }
  const { content } = await run(operations.unwrapAnswer, { token });
  using inside = content;
  return { data: { response: inside.use((bytes) => Buffer.from(bytes).toString('utf8')) } };
}

async function read(asked: Asked): Promise<Answer> {
  const { part, run } = asked;
  const { content } = await run(operations.readCubbyhole, { path: part('path') });
  if (!content && part('path') === 'response') return response(asked);
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
