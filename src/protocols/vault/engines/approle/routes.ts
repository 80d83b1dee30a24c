import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { authBlock } from '../token/auth-block.ts';
import { roleRoutes } from './roles.ts';
import { secretIdRoutes } from './secret-ids.ts';

async function logIn({ mount, fields, run }: Asked): Promise<Answer> {
  // clients read both from files, with their line ends
  const roleId = fields.needed('role_id').trim();
  const secretId = (fields.text('secret_id') ?? '').trim();
  const issued = await run(operations.logInByAppRole, {
    mount: mount.path,
    roleId,
    secretId: secretId === '' ? null : secretId,
  });
  return { auth: authBlock(issued) };
}

async function tidy({ mount, run }: Asked): Promise<Answer> {
  const { removed } = await run(operations.tidySecretIds, { mount: mount.path });
  return { status: 202, data: null, warnings: [`Tidied: ${removed} records of secret ids were taken away.`] };
}

export const approleRoutes: readonly Route[] = [
  {
    path: 'login',
    about: 'Gives a token for the id of a role and a secret id of it.',
    open: true,
    handlers: { update: logIn },
  },
  {
    path: 'tidy/secret-id',
    about: 'Takes away what is left of secret ids that are over.',
    sudo: true,
    handlers: { update: tidy },
  },
  ...secretIdRoutes,
  ...roleRoutes,
];
