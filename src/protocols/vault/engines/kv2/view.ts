import type { SecretHead, SecretLabels, SecretVersion } from '#operations';

/** A point of time as Vault tells it; an empty text where there is none. */
export function timeText(at: number | null): string {
  return at === null ? '' : new Date(at).toISOString();
}

/** Seconds as Go's durations are told, e.g. `1h0m0s`. */
export function durationText(seconds: number): string {
  const [sign, all] = seconds < 0 ? ['-', -seconds] : ['', seconds];
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${sign}${minutes}m${rest}s` : `${sign}${rest}s`;
}

/** A version as it stands beside its value, and as a write answers it. */
export function versionView(version: SecretVersion, labels: SecretLabels) {
  return {
    created_time: timeText(version.createdAt),
    custom_metadata: labels,
    deletion_time: timeText(version.deletedAt),
    destroyed: version.destroyed,
    version: version.number,
  };
}

/** What the metadata path tells of a secret. */
export function metadataView(head: SecretHead) {
  const versions = head.versions.map((version) => [
    String(version.number),
    {
      created_time: timeText(version.createdAt),
      deletion_time: timeText(version.deletedAt),
      destroyed: version.destroyed,
    },
  ]);
  return {
    cas_required: head.checkRequired,
    created_time: timeText(head.createdAt),
    current_version: head.current,
    custom_metadata: head.labels,
    delete_version_after: durationText(head.deleteAfterSeconds),
    max_versions: head.versionsMax,
    oldest_version: head.oldest,
    updated_time: timeText(head.updatedAt),
    versions: Object.fromEntries(versions) as Readonly<Record<string, unknown>>,
  };
}
