import { isIP } from 'node:net';

/** The first so many groups of an IPv6 address, written out. */
function groupsOf(address: string, count: number): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const all = [...front, ...Array.from({ length: missing }, () => '0'), ...back];
  return all.slice(0, count).map((group) => group.replace(/^0+(?=.)/, ''));
}

/**
 * The network of a caller: an IPv4 address without its last byte (/24), an IPv6 address cut to /48, and anything else (a service
 * that calls for someone) as it is. An IPv4 address inside IPv6 counts as IPv4.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain);
  if (family === 4) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`;
  if (family === 6) return `${groupsOf(plain.replace(/%.*$/, ''), 3).join(':')}::/48`;
  return plain;
}

//= RFC 1918 3
const privateSite = /^(10\.\d+|172\.(?:1[6-9]|2\d|3[01])|192\.168)\./;
//= RFC 4193 3.1: the first 48 bits are the site
const privateSite6 = /^f[cd][0-9a-f]{2}:/;

/** The site of a private network: its first 16 bits, of IPv6 the whole /48; null for a public one, whose neighbours are strangers. */
export function siteOf(network: string): string | null {
  return privateSite.exec(network)?.[1] ?? (privateSite6.test(network) ? network : null);
}

/** The product of a user agent without its version: what an upgrade leaves as it was. */
export function agentFamilyOf(userAgent: string): string {
  const product = /^[^\s/;(]+/.exec(userAgent)?.[0] ?? '';
  const language = /\blang\/([a-z-]+)|\b(?:language|md)\/([a-z-]+)/i.exec(userAgent);
  const family = product === '' ? 'none' : product.toLowerCase();
  return language ? `${family} ${(language[1] ?? language[2] ?? '').toLowerCase()}` : family;
}

const copySuffix = /-(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{5,40}$/;

/**
 * A principal without what tells its running copies apart: `api-7f9c4d` and `api` are one family, whose behaviour is learnt
 * together. Only a suffix of hexadecimal digits with letters among them is one of a copy; `tenant-17` is someone else than `tenant-18`.
 */
export function familyOf(principal: string): string {
  return principal.replace(copySuffix, '');
}
