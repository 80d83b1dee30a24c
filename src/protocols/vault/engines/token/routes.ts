import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';

/** The token of a principal itself, which no lease bounds: its roles say what it may do. */
async function lookUpSelf({ caller, token }: Asked): Promise<Answer> {
  const { principal } = caller;
  return {
    data: {
      accessor: '',
      creation_time: Math.floor(principal.createdAt / 1000),
      creation_ttl: 0,
      display_name: principal.name,
      entity_id: principal.id,
      expire_time: null,
      explicit_max_ttl: 0,
      id: token,
      meta: null,
      num_uses: 0,
      orphan: true,
      path: 'auth/token/root',
      policies: principal.roles.includes('administrator') ? ['root'] : [...principal.roles],
      renewable: false,
      ttl: 0,
      type: 'service',
    },
  };
}

export const tokenRoutes: readonly Route[] = [
  {
    path: 'lookup-self',
    about: 'Tells of the token of the request.',
    handlers: { read: lookUpSelf, update: lookUpSelf },
  },
];
