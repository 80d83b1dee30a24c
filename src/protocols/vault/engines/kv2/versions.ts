import { operations, type Operation } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { writtenAt } from './secret-at.ts';

function versionsOf(fields: Fields): number[] {
  const found = (fields.list('versions') ?? []).map((text) => {
    if (!/^[0-9]{1,15}$/.test(text))
      throw new VaultError(400, 'error converting input for field "versions": expected a list of integers');
    return Number(text);
  });
  if (found.length === 0) throw new VaultError(400, 'No version number provided');
  // there is no version 0, and the core takes it for the current one
  return found.map((number) => (number === 0 ? Number.MAX_SAFE_INTEGER : number));
}

type Versions = typeof operations.deleteSecret extends Operation<infer I, infer O> ? Operation<I, O> : never;

function changing(operation: Versions) {
  return async (asked: Asked): Promise<Answer> => {
    await asked.run(operation, { ...writtenAt(asked), versions: versionsOf(asked.fields) });
    return null;
  };
}

export const versionRoutes: readonly Route[] = [
  {
    path: 'delete/{path...}',
    about: 'Deletes versions of a secret, which can be brought back.',
    handlers: { update: changing(operations.deleteSecret) },
  },
  {
    path: 'undelete/{path...}',
    about: 'Brings deleted versions of a secret back.',
    handlers: { update: changing(operations.undeleteSecret) },
  },
  {
    path: 'destroy/{path...}',
    about: 'Destroys versions of a secret for good.',
    handlers: { update: changing(operations.destroySecret) },
  },
];
