import { operations, SecretBytes } from '#operations';
import { type Answer, envelope } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { wrapInfo } from '../../wrapping.ts';

async function wrap({ fields, wrapSeconds, caller, run }: Asked): Promise<Answer> {
  if (wrapSeconds === null) throw new VaultError(400, 'endpoint requires response wrapping to be used');
  const told = envelope({ data: fields.all }, { requestId: caller.requestId, mountType: '' });
  using content = SecretBytes.take(Buffer.from(JSON.stringify(told)));
  const made = await run(operations.wrapAnswer, {
    content,
    creationPath: 'sys/wrapping/wrap',
    ttlSeconds: wrapSeconds,
    wrappedAccessor: '',
  });
  return { data: null, wrapInfo: wrapInfo(made) };
}

/** The token of the wrapping: named in the body, or the one that was shown. */
function tokenOf({ fields, token }: Asked): string {
  return fields.text('token') || token;
}

async function unwrap(asked: Asked): Promise<Answer> {
  const { content } = await asked.run(operations.unwrapAnswer, { token: tokenOf(asked) });
  using inside = content;
  const text = inside.use((bytes) => Buffer.from(bytes).toString('utf8'));
  return { plain: JSON.parse(text) as Readonly<Record<string, unknown>> };
}

async function lookUp(asked: Asked): Promise<Answer> {
  const found = await asked.run(operations.lookUpWrapping, { token: tokenOf(asked) });
  return {
    data: {
      creation_path: found.creationPath,
      creation_time: new Date(found.createdAt).toISOString(),
      creation_ttl: found.ttlSeconds,
    },
  };
}

async function rewrap(asked: Asked): Promise<Answer> {
  const made = await asked.run(operations.rewrapAnswer, { token: tokenOf(asked) });
  return { data: null, wrapInfo: wrapInfo(made) };
}

export const wrappingRoutes: readonly Route[] = [
  {
    path: 'wrapping/wrap',
    about: 'Keeps what is sent for who shows a token, once.',
    handlers: { update: wrap },
  },
  { path: 'wrapping/unwrap', about: 'Tells what was kept, once.', handlers: { update: unwrap } },
  {
    path: 'wrapping/lookup',
    about: 'Tells of what is kept without opening it.',
    handlers: { update: lookUp, read: lookUp },
  },
  { path: 'wrapping/rewrap', about: 'Keeps the same under another token.', handlers: { update: rewrap } },
];
