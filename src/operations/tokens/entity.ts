import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import { matchesGlob } from '../auth/glob.ts';
import { entityOfLogin } from '../identity/at-login.ts';
import { identityIn, identityOf } from '../identity/in-force.ts';
import { directGroups } from '../identity/members.ts';
import { mountsOf } from '../mounts/mounts.ts';
import type { Work } from '../operation.ts';

import type { TokenLease } from './lease.ts';
import type { TokenRole } from './roles.ts';

/** Whose a new token is. */
export type TokenEntity = {
  readonly entity: TokenLease['entity'];
  /** What that gives it. */
  readonly identityPolicies: readonly string[];
  readonly changes: readonly Change[];
};

function refuse(message: string): ClavigerError {
  return new ClavigerError('input-invalid', message, { details: { field: 'entity_alias' } });
}

/** The entity of the parent, or the one that a role lets its caller name. */
export async function entityFor(
  work: Work,
  {
    entityAlias,
    role,
    parent,
  }: {
    readonly entityAlias: string | null;
    readonly role: TokenRole | null;
    readonly parent: TokenLease | null;
  },
): Promise<TokenEntity> {
  const { house, caller } = work;
  const place = { house, environment: caller.principal.environment };
  if (entityAlias === null) {
    const entity = parent?.entity ?? null;
    return { entity, identityPolicies: (await identityOf(place, entity)).policies, changes: [] };
  }
  if (!role) throw refuse("'entity_alias' is only allowed in combination with token role");
  const name = entityAlias.toLowerCase();
  if (!role.allowedEntityAliases.some((allowed) => matchesGlob(allowed, name)))
    throw refuse("invalid 'entity_alias' value");
  const path = 'token/';
  const mount = (await mountsOf(house, place.environment)).auth[path];
  if (!mount) throw new ClavigerError('internal', 'Tokens are not mounted.');
  const login = { mount: { ...mount, path, kind: 'auth' }, name, metadata: null } as const;
  const { id, entity, changes } = await entityOfLogin(place, work, login);
  const { policies } = await identityIn(place, id, entity, await directGroups(place, id));
  return { entity: { id, name: entity.name }, identityPolicies: policies, changes };
}
