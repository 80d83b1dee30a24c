import { isWithin, operations, SecretBytes } from '#operations';
import { type Answer, envelope, type About } from './answer.ts';
import type { VaultRequest } from './read-request.ts';
import type { Asked } from './route.ts';
import { permissionDenied, VaultError } from './vault-error.ts';

/** What is told in the place of a wrapped answer. */
export function wrapInfo(made: {
  readonly token: string;
  readonly accessor: string;
  readonly ttlSeconds: number;
  readonly createdAt: number;
  readonly creationPath: string;
  readonly wrappedAccessor: string;
}): Readonly<Record<string, unknown>> {
  return {
    token: made.token,
    accessor: made.accessor,
    ttl: made.ttlSeconds,
    creation_time: new Date(made.createdAt).toISOString(),
    creation_path: made.creationPath,
    ...(made.wrappedAccessor === '' ? {} : { wrapped_accessor: made.wrappedAccessor }),
  };
}

type Told = { readonly read: VaultRequest; readonly about: About };

/** Puts an answer away, and tells how it can be had. What is no answer, or tells of a wrapping already, is not wrapped. */
export async function wrapped(asked: Asked, answer: Answer, { read, about }: Told): Promise<Answer> {
  if (answer === null || answer.raw || answer.wrapInfo || read.wrapSeconds === null) return answer;
  using content = SecretBytes.take(Buffer.from(JSON.stringify(answer.plain ?? envelope(answer, about))));
  const accessor = answer.auth?.['accessor'];
  const made = await asked.run(operations.wrapAnswer, {
    content,
    creationPath: read.path,
    ttlSeconds: read.wrapSeconds,
    wrappedAccessor: typeof accessor === 'string' ? accessor : '',
  });
  return { data: null, wrapInfo: wrapInfo(made) };
}

/** Refuses an address from which a token may not be used; what can't be read binds to no address at all. */
export function requireAddress(cidrs: readonly string[], address: string): void {
  if (!isWithin(address, cidrs)) throw new VaultError(403, permissionDenied);
}
