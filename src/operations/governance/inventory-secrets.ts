import { ClavigerError, type Instant } from '#domain';
import type { SecretRow } from '#governance';
import type { Page } from '#ports';
import type { House } from '../house.ts';
import { isDeleted, type SecretHead } from '../secrets/head.ts';
import { heads } from '../secrets/places.ts';

const time = (at: Instant): string => new Date(at).toISOString();

/** Who answers for a secret, as its custom metadata say it. */
function ownerOf({ labels }: SecretHead): string | null {
  const found = Object.entries(labels ?? {}).find(([name]) => name.toLowerCase() === 'owner');
  return found?.[1] ?? null;
}

function rowOf(environment: string, id: string, head: SecretHead, now: Instant): SecretRow {
  const slash = id.indexOf('/');
  const destroyed = head.versions.filter((version) => version.destroyed).length;
  const deleted = head.versions.filter((version) => !version.destroyed && isDeleted(version, now)).length;
  return {
    kind: 'secret',
    id,
    environment,
    store: id.slice(0, slash),
    path: id.slice(slash + 1),
    owner: ownerOf(head),
    createdAt: time(head.createdAt),
    updatedAt: time(head.updatedAt),
    version: head.current,
    liveVersions: head.versions.length - destroyed - deleted,
    deletedVersions: deleted,
    destroyedVersions: destroyed,
  };
}

/** Secrets of an environment, by store and path; of one store where the filter names it. Never a value. */
export async function secretRows(
  house: House,
  environment: string,
  fields: Readonly<Record<string, string>>,
  { after, limit }: Page,
  now: Instant,
): Promise<{ rows: SecretRow[]; next: string | null }> {
  const { store, ...others } = fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new ClavigerError('input-invalid', `Secrets are filtered by store, not by ${unknown}.`, {
      details: { field: unknown },
    });
  const prefix = store === undefined ? '' : `${store}/`;
  const found = await heads.list(house, environment, prefix, { after, limit });
  const last = found.at(-1)?.document.id ?? null;
  return {
    rows: found.map(({ document, content }) => rowOf(environment, document.id, content, now)),
    next: found.length === limit ? last : null,
  };
}
