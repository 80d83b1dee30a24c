import { ClavigerError, type Tag } from '#domain';

export const tagsMax = 50;

/** Throws `tag-invalid` where a tag key stands twice or belongs to the house. */
export function requireDistinctTags(tags: readonly Tag[]): void {
  const seen = new Set<string>();
  for (const { key } of tags) {
    if (key.toLowerCase().startsWith('aws:')) {
      throw new ClavigerError('tag-invalid', 'aws: prefixed tag key names are not allowed for external use.');
    }
    if (seen.has(key)) throw new ClavigerError('tag-invalid', 'Duplicate tag keys');
    seen.add(key);
  }
}
