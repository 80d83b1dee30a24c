import type { PlacedAlias } from '#operations';

type View = Readonly<Record<string, unknown>>;

/** The one namespace that Vault would have. */
export const namespaceId = 'root';

export function time(instant: number): string {
  return new Date(instant).toISOString();
}

function mountView({ mount }: PlacedAlias): View {
  return mount ? { mount_path: `auth/${mount.path}`, mount_type: mount.type } : {};
}

/** An alias as it stands in what it belongs to. */
export function innerAlias(alias: PlacedAlias): View {
  return {
    canonical_id: alias.ownerId,
    creation_time: time(alias.createdAt),
    custom_metadata: alias.customMetadata,
    id: alias.id,
    last_update_time: time(alias.updatedAt),
    local: alias.mount?.local ?? false,
    merged_from_canonical_ids: alias.mergedFrom.length > 0 ? alias.mergedFrom : null,
    metadata: alias.metadata,
    mount_accessor: alias.mountAccessor,
    ...mountView(alias),
    name: alias.name,
  };
}

/** An alias by itself. */
export function aliasView(alias: PlacedAlias): View {
  return { ...innerAlias(alias), namespace_id: namespaceId };
}

/** What a list of owners tells of an alias. */
export function shortAlias(alias: PlacedAlias): View {
  return { id: alias.id, mount_accessor: alias.mountAccessor, ...mountView(alias), name: alias.name };
}

/** What a list of aliases tells of one. */
export function listedAlias(alias: PlacedAlias): View {
  return {
    canonical_id: alias.ownerId,
    custom_metadata: alias.customMetadata,
    local: alias.mount?.local ?? false,
    mount_accessor: alias.mountAccessor,
    ...mountView(alias),
    name: alias.name,
  };
}
