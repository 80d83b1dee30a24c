import { z } from 'zod';
import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import { keptOf } from '../auth/listing.ts';
import { defineOperation } from '../define.ts';
import type { Kept } from '../documents.ts';
import { withoutLogins } from './entities.ts';
import { joined, left } from './members.ts';
import type { Place } from './mounts.ts';
import {
  type Entity,
  entities,
  entityAliasIds,
  entityLogins,
  entityNames,
  foldedName,
  type IdentityAlias,
  lookedFor,
  memberships,
  mergedEntities,
  mergedMax,
  recordedList,
  refuseField,
} from './records.ts';

const mergeInput = z.strictObject({
  /** The one that stays. */
  to: lookedFor,
  /** Those that are no more then. */
  from: z.array(lookedFor).min(1).max(100),
  /** Of two aliases of one mount, the one that stays. */
  keptAliasIds: z.array(lookedFor).max(1000),
});
type MergeInput = z.infer<typeof mergeInput>;

type Merging = { readonly target: Kept<Entity>; readonly sources: readonly Kept<Entity>[] };

/** The entities that are meant. Throws `input-invalid` where one is not there, or disabled: its tokens would live again. */
async function merging({ house, environment }: Place, { to, from }: MergeInput): Promise<Merging> {
  const target = await entities.find(house, environment, to);
  if (!target) throw refuseField('entity id to merge to is invalid', 'to_entity_id');
  if (from.includes(to))
    throw refuseField('to_entity_id should not be present in from_entity_ids', 'from_entity_ids');
  const sources: Kept<Entity>[] = [];
  for (const id of new Set(from)) {
    const source = await entities.find(house, environment, id);
    if (!source) throw refuseField('entity id to merge from is invalid', 'from_entity_ids');
    if (source.content.disabled)
      throw refuseField(`the entity ${id} is disabled: enable or delete it first`, 'from_entity_ids');
    sources.push(source);
  }
  return { target, sources };
}

type Aliases = { readonly kept: readonly IdentityAlias[]; readonly dropped: readonly IdentityAlias[] };

/** The aliases that stay: one of each mount. Throws `input-invalid` where it is not said which. */
function aliasesOf({ target, sources }: Merging, keptAliasIds: readonly string[]): Aliases {
  const byMount = new Map<string, IdentityAlias[]>();
  for (const { content } of [target, ...sources])
    for (const alias of content.aliases)
      byMount.set(alias.mountId, [...(byMount.get(alias.mountId) ?? []), alias]);
  const [kept, dropped]: [IdentityAlias[], IdentityAlias[]] = [[], []];
  for (const aliases of byMount.values()) {
    const wanted = aliases.length === 1 ? aliases : aliases.filter(({ id }) => keptAliasIds.includes(id));
    const [one] = wanted;
    if (!one || wanted.length > 1)
      throw refuseField(
        `these aliases are of one mount: say which of them stays with conflicting_alias_ids_to_keep: ${aliases.map(({ id }) => id).join(', ')}`,
        'conflicting_alias_ids_to_keep',
      );
    kept.push(one);
    dropped.push(...aliases.filter((alias) => alias !== one));
  }
  return { kept, dropped };
}

/** The changes by which aliases lead to another entity. */
async function redirected({ house, environment }: Place, aliases: readonly IdentityAlias[], ownerId: string) {
  const changes: Change[] = [];
  for (const { id, loginId } of aliases) {
    const byId = await entityAliasIds.find(house, environment, id);
    const login = await entityLogins.find(house, environment, loginId);
    if (byId) changes.push(entityAliasIds.replaced(byId, { ownerId }));
    if (login) changes.push(entityLogins.replaced(login, { ownerId }));
  }
  return changes;
}

/** The changes by which the target is of all groups that the sources were of. */
async function regrouped(place: Place, { target, sources }: Merging): Promise<Change[]> {
  const changes: Change[] = [];
  const has = new Set<string>();
  const groupOf = (id: string): string => id.slice(id.indexOf('/') + 1);
  for await (const { document } of keptOf(memberships, place, `${target.document.id}/`))
    has.add(groupOf(document.id));
  for (const { document: source } of sources)
    for await (const { document, content } of keptOf(memberships, place, `${source.id}/`)) {
      const group = groupOf(document.id);
      changes.push(...(await left(place, { group, member: source.id })));
      if (has.has(group)) continue;
      has.add(group);
      changes.push(...joined(place, { group, member: target.document.id }, content));
    }
  return changes;
}

/** The changes by which a source is no more, and leads to the target. */
async function merged(
  { house, environment }: Place,
  source: Kept<Entity>,
  ownerId: string,
): Promise<Change[]> {
  const name = await entityNames.find(house, environment, foldedName(source.content.name));
  const changes: Change[] = [
    entities.removed(source),
    ...(name ? [entityNames.removed(name)] : []),
    mergedEntities.created(environment, source.document.id, { ownerId }),
  ];
  for (const id of source.content.mergedIds) {
    const before = await mergedEntities.find(house, environment, id);
    if (before) changes.push(mergedEntities.replaced(before, { ownerId }));
  }
  return changes;
}

/**
 * Makes one entity of several. What logs in as one of them, and its living tokens, are the target's: they have its policies and groups, and those
 * groups that they were of. Policies and metadata of the others end.
 */
export const mergeEntities = defineOperation<MergeInput, {}>({
  name: 'identity.merge-entities',
  kind: 'manage',
  input: mergeInput,
  targets: [],
  permission: 'identity:merge-entities',
  quorum: 'principal',
  run: async ({ house, caller, now }, wish) => {
    const place = { house, environment: caller.principal.environment };
    const all = await merging(place, wish);
    const { target, sources } = all;
    const { id } = target.document;
    const { kept, dropped } = aliasesOf(all, wish.keptAliasIds);
    const ownerOf = (alias: IdentityAlias): string =>
      sources.find(({ content }) => content.aliases.includes(alias))?.document.id ?? id;
    const moved = kept.filter((alias) => ownerOf(alias) !== id);
    const aliases = kept.map((alias) =>
      moved.includes(alias)
        ? { ...alias, mergedFrom: [...alias.mergedFrom, ownerOf(alias)], updatedAt: now }
        : alias,
    );
    const ids = sources.flatMap(({ document, content }) => [document.id, ...content.mergedIds]);
    const mergedIds = [...target.content.mergedIds, ...ids];
    if (mergedIds.length > mergedMax)
      throw new ClavigerError('limit-exceeded', `At most ${mergedMax} entities are merged into one.`);
    const changes: Change[] = [
      entities.replaced(target, { ...target.content, aliases, mergedIds, updatedAt: now }),
      ...(await redirected(place, moved, id)),
      ...(await withoutLogins(place, dropped)),
      ...(await regrouped(place, all)),
    ];
    for (const source of sources) changes.push(...(await merged(place, source, id)));
    const from = sources.map(({ document }) => document.id);
    return {
      output: {},
      changes,
      facts: { entity: id, name: target.content.name, merged: recordedList(from) },
    };
  },
});
