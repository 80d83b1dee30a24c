import { isKeySet, readPublicPem, type JwtKeys } from '#access';
import { sha256Hex } from '#crypto';
import type { House } from '../../house.ts';
import { askForJson, OutsideError } from '../outside.ts';
import { RecentMap } from '../../recent-map.ts';
import { requireSafeUrl, type JwtConfig } from './settings.ts';

/** How long a set of keys is used before it is asked for again, and how long after one that had not the key that a token names. */
export const keysMillis = 10 * 60_000;
export const unknownKeyMillis = 10_000;

/** What is known of the keys of an issuer. */
type Fetched = { readonly keys: JwtKeys; readonly issuer: string };
type Known = { readonly fetched: Promise<Fetched>; readonly at: number };

const caches = new WeakMap<House['documents'], RecentMap<Known>>();
const issuersMax = 200;

function cacheOf({ documents }: Pick<House, 'documents'>): RecentMap<Known> {
  let cache = caches.get(documents);
  if (!cache) caches.set(documents, (cache = new RecentMap<Known>(issuersMax)));
  return cache;
}

async function getJson(house: House, url: string, caPem: string): Promise<Readonly<Record<string, unknown>>> {
  const { status, value } = await askForJson(house, {
    method: 'GET',
    url,
    headers: { accept: 'application/json' },
    body: null,
    caPem: caPem === '' ? null : caPem,
  });
  if (status !== 200) throw new OutsideError(`${new URL(url).origin} answered with status ${status}`);
  return value;
}

async function fetchSet(house: House, url: string, caPem: string): Promise<JwtKeys> {
  const set = await getJson(house, url, caPem);
  if (!isKeySet(set)) throw new OutsideError(`${new URL(url).origin} answered with no set of keys`);
  return { kind: 'set', set };
}

//= openid-connect-discovery 4.3: the issuer that is told is the one that was asked
async function discover(house: House, { discoveryUrl, discoveryCaPem }: JwtConfig): Promise<Fetched> {
  const base = discoveryUrl.replace(/\/+$/, '');
  const found = await getJson(house, `${base}/.well-known/openid-configuration`, discoveryCaPem);
  const { issuer, jwks_uri: jwksUri } = found;
  if (typeof issuer !== 'string' || issuer.replace(/\/+$/, '') !== base)
    throw new OutsideError('the issuer that oidc_discovery_url tells is another one');
  if (typeof jwksUri !== 'string') throw new OutsideError('oidc_discovery_url tells no jwks_uri');
  requireSafeUrl(jwksUri, 'jwks_uri');
  return { keys: await fetchSet(house, jwksUri, discoveryCaPem), issuer };
}

async function fetchKeys(house: House, config: JwtConfig): Promise<Fetched> {
  if (config.discoveryUrl !== '') return discover(house, config);
  return { keys: await fetchSet(house, config.jwksUrl, config.jwksCaPem), issuer: '' };
}

/**
 * The keys by which tokens are verified, and the issuer that they are of (empty: not known). With `isStale` the set that is known had
 * not the key, and is asked for again, unless that was done a moment ago. Throws an OutsideError.
 */
export async function keysOf(house: House, config: JwtConfig, isStale = false): Promise<Fetched> {
  if (config.validationPubkeys.length > 0)
    return { keys: { kind: 'keys', keys: config.validationPubkeys.map(readPublicPem) }, issuer: '' };
  const { jwksUrl, jwksCaPem, discoveryUrl, discoveryCaPem } = config;
  const place = sha256Hex(JSON.stringify([jwksUrl, jwksCaPem, discoveryUrl, discoveryCaPem]));
  const cache = cacheOf(house);
  const known = cache.get(place);
  const now = house.clock.now();
  const age = known ? now - known.at : Infinity;
  if (known && age >= 0 && age < (isStale ? unknownKeyMillis : keysMillis)) return known.fetched;
  const fetched = fetchKeys(house, config);
  cache.set(place, { fetched, at: now });
  // what failed is tried again as soon as an unknown key is
  fetched.catch(() => {
    if (cache.get(place)?.fetched === fetched)
      cache.set(place, { fetched, at: now - keysMillis + unknownKeyMillis });
  });
  return fetched;
}
