import type { KeyName } from '#domain';
import type { DocumentPlace } from './documents.ts';
import type { Change } from './store.ts';

/** What the change feed and the caches call a name of a key. */
export function nameEntity({
  environment,
  region,
  name,
}: Pick<KeyName, 'environment' | 'region' | 'name'>): string {
  return `name:${environment}/${region}/${name}`;
}

/** What the change feed and the caches call a document. */
export function documentEntity({ environment, collection, id }: DocumentPlace): string {
  return `document:${environment}/${collection}/${id}`;
}

/** The name of what a change touches, as the change feed tells it and caches drop it. */
export function entityOf(change: Change): string {
  switch (change.kind) {
    case 'environment-created':
      return `environment:${change.environment.name}`;
    case 'root-switched':
      return 'root';
    case 'kek-added':
    case 'keks-fenced':
    case 'keks-removed':
      return `environment:${change.environment}`;
    case 'resealed':
      return `resealed:${change.environment}`;
    case 'principal-put':
      return `principal:${change.principal.id}`;
    case 'credential-created':
      return `credential:${change.credential.id}`;
    case 'credential-deleted':
      return `credential:${change.id}`;
    case 'key-created':
    case 'key-updated':
      return `key:${change.key.id}`;
    case 'name-created':
    case 'name-moved':
      return nameEntity(change.name);
    case 'name-deleted':
      return nameEntity(change);
    default:
      return recordEntity(change);
  }
}

/** The same for what is kept as one row that is put, replaced or taken away. */
function recordEntity(
  change: Change & {
    kind:
      | 'copy-put'
      | 'destruction-put'
      | 'material-known'
      | 'document-put'
      | 'document-deleted'
      | 'setting-put'
      | 'setting-deleted';
  },
): string {
  switch (change.kind) {
    case 'copy-put':
      return `copy:${change.copy.id}`;
    case 'material-known':
      return `material:${change.fingerprint}`;
    case 'destruction-put':
      return `destruction:${change.destruction.id}`;
    case 'document-put':
      return documentEntity(change.document);
    case 'document-deleted':
      return documentEntity(change);
    case 'setting-put':
    case 'setting-deleted':
      return `setting:${change.name}`;
  }
}
