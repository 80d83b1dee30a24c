import { deleteEntities, listEntities, readEntity, writeEntity } from './entities.ts';
import { deleteEntityAlias, listEntityAliases, readEntityAlias, writeEntityAlias } from './entity-aliases.ts';
import { deleteGroupAlias, listGroupAliases, readGroupAlias, writeGroupAlias } from './group-aliases.ts';
import { deleteGroup, listGroups, readGroup, writeGroup } from './groups.ts';
import { mergeEntities } from './merge.ts';

/** The operations of entities, groups and their aliases. */
export const identityOperations = {
  writeEntity,
  readEntity,
  listEntities,
  deleteEntities,
  mergeEntities,
  writeEntityAlias,
  readEntityAlias,
  listEntityAliases,
  deleteEntityAlias,
  writeGroup,
  readGroup,
  listGroups,
  deleteGroup,
  writeGroupAlias,
  readGroupAlias,
  listGroupAliases,
  deleteGroupAlias,
};
