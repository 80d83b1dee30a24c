/** Folders at the top that hold many places, each on a disk of its own perhaps: the one below them says which it is. */
const gatherings: ReadonlySet<string> = new Set([
  'export',
  'exports',
  'home',
  'media',
  'mnt',
  'net',
  'nfs',
  'opt',
  'run',
  'srv',
  'users',
  'usr',
  'var',
  'vol',
  'volumes',
]);

/** The disk that a path without a host is taken to be on. */
function volumeOf(path: string): string | null {
  const [first, second] = path.toLowerCase().split('/').filter(Boolean);
  if (first === undefined) return null;
  return second !== undefined && gatherings.has(first) ? `volume:/${first}/${second}` : `volume:/${first}`;
}

const bucketSchemes: Readonly<Record<string, string>> = Object.freeze({
  __proto__: null as never,
  's3:': 's3',
  's3a:': 's3',
  'gs:': 'gs',
});

const s3Host = /^(?:(.+)\.)?s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/;
const gsHosts: ReadonlySet<string> = new Set(['storage.googleapis.com', 'storage.cloud.google.com']);
const azureHost = /^[a-z0-9]+\.(?:blob|dfs|file)\.core\.windows\.net$/;

function urlSpot(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  const host = url.hostname.toLowerCase();
  const [folder] = url.pathname.split('/').filter(Boolean);
  if (url.protocol === 'file:') return host === '' ? volumeOf(url.pathname) : `host:${host}`;
  const scheme = bucketSchemes[url.protocol];
  if (scheme !== undefined) return host === '' ? null : `${scheme}:${host}`;
  const s3 = s3Host.exec(host);
  const inS3 = s3 && (s3[1] ?? folder);
  if (inS3) return `s3:${inS3.toLowerCase()}`;
  if (gsHosts.has(host)) return folder ? `gs:${folder.toLowerCase()}` : null;
  if (azureHost.test(host)) return folder ? `azure:${host}/${folder.toLowerCase()}` : null;
  return host === '' ? null : `host:${host}`;
}

const arn = /^arn:aws[a-z-]*:s3:[^:]*:[^:]*:([^/:]+)/i;
const remote = /^(?:[\w.-]+@)?([a-z0-9][a-z0-9.-]*):\//i;
const share = /^(?:\\\\|\/\/)([a-z0-9][a-z0-9.-]*)[\\/]/i;
const drive = /^([a-z]):[\\/]/i;

/** The one spot that a word names; null: it is only a word. */
function spotOf(word: string): string | null {
  const bucket = arn.exec(word)?.[1];
  if (bucket !== undefined) return `s3:${bucket.toLowerCase()}`;
  if (word.includes('://')) return urlSpot(word);
  const letter = drive.exec(word)?.[1];
  if (letter !== undefined) return `volume:${letter.toLowerCase()}:`;
  const host = (share.exec(word) ?? remote.exec(word))?.[1];
  if (host !== undefined) return `host:${host.toLowerCase()}`;
  return word.startsWith('/') ? volumeOf(word) : null;
}

const wordsMax = 40;

/**
 * What a place in words names: buckets (`s3://`, `gs://`, ARNs, and the addresses of S3, Google and Azure), hosts (`host:/path`, URLs,
 * `\\host\share`), and volumes (paths, by their first folder, or the second below such as /mnt and /var). The words as a whole are a spot, too,
 * so that the same name of a store is the same place.
 */
export function spotsOf(place: string): readonly string[] {
  const whole = place.trim().toLowerCase();
  if (whole === '') return [];
  const words = place.split(/[\s,;"'()<>]+/, wordsMax).flatMap((word) => spotOf(word) ?? []);
  return [...new Set([`words:${whole}`, ...words])];
}

const dataTags: ReadonlySet<string> = new Set([
  'data-bucket',
  'data-location',
  'data-store',
  'data-volume',
  'datastore',
  'location',
]);

/** Where the data is that a key protects, as its tags say. */
export function dataPlaces(
  tags: readonly { readonly key: string; readonly value: string }[],
): readonly string[] {
  return tags.flatMap(({ key, value }) =>
    dataTags.has(key.toLowerCase().replaceAll('_', '-')) ? [value] : [],
  );
}
