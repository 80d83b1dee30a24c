import { type IdentityReference, operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { entityView } from './entities.ts';
import { groupView } from './groups.ts';

const factors = ['id', 'name', 'alias_id', 'alias_name', 'alias_mount_accessor'] as const;

/** What is looked for, by one factor, or by the two that an alias has. */
export function referenceOf(fields: Fields): IdentityReference {
  const given = factors.filter((name) => fields.has(name));
  const text = (name: (typeof factors)[number]): string => fields.text(name) ?? '';
  const [first, second, third] = given;
  if (first === undefined) throw new VaultError(400, 'query parameter not supplied');
  if (third === undefined && first === 'alias_name' && second === 'alias_mount_accessor')
    return { aliasName: text('alias_name'), mountAccessor: text('alias_mount_accessor') };
  if (second !== undefined)
    throw new VaultError(400, 'query parameter conflict; please supply distinct set of query parameters');
  if (first === 'id') return { id: text('id') };
  if (first === 'name') return { name: text('name') };
  if (first === 'alias_id') return { aliasId: text('alias_id') };
  throw new VaultError(400, "both 'alias_name' and 'alias_mount_accessor' needs to be set");
}

async function lookUpEntity({ fields, run }: Asked): Promise<Answer> {
  const found = await run(operations.readEntity, { of: referenceOf(fields) });
  return found && { data: entityView(found) };
}

async function lookUpGroup({ fields, run }: Asked): Promise<Answer> {
  const found = await run(operations.readGroup, { of: referenceOf(fields) });
  return found && { data: groupView(found) };
}

export const lookupRoutes: readonly Route[] = [
  { path: 'lookup/entity', about: 'Finds an entity.', handlers: { update: lookUpEntity } },
  { path: 'lookup/group', about: 'Finds a group.', handlers: { update: lookUpGroup } },
];
