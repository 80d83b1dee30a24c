import { BlockList, isIP } from 'node:net';
import type { CertificateNames, NameConstraints } from './read-certificate.ts';

function host(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

//= rfc5280 4.2.1.10: a host is under a base where labels in front make it; a period in front of the base asks for one at least
function isUnder(name: string, base: string): boolean {
  if (base === '') return true;
  return base.startsWith('.') ? name.endsWith(base) : name === base || name.endsWith(`.${base}`);
}

function dnsIn(name: string, base: string): boolean {
  return isUnder(host(name), host(base));
}

/** As `dnsIn`, and also where a name with a wildcard stands for some that are in the base. */
function dnsTouches(name: string, base: string): boolean {
  if (dnsIn(name, base)) return true;
  return name.startsWith('*.') && isUnder(host(base).replace(/^\./, ''), host(name.slice(2)));
}

/** Exactly a host, or below a domain that has a period in front. */
function hostIn(name: string, base: string): boolean {
  const [own, wanted] = [host(name), host(base)];
  return wanted.startsWith('.') ? own.endsWith(wanted) : own === wanted;
}

function emailIn(address: string, base: string): boolean {
  const at = address.lastIndexOf('@');
  if (at < 1) return false;
  const baseAt = base.lastIndexOf('@');
  if (baseAt < 0) return hostIn(address.slice(at + 1), base);
  return (
    address.slice(0, at) === base.slice(0, baseAt) &&
    host(address.slice(at + 1)) === host(base.slice(baseAt + 1))
  );
}

/** The host of a URI; null: it has none that a constraint could be about. */
function hostOfUri(uri: string): string | null {
  const found = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri)?.[1];
  return found === undefined || isIP(found) !== 0 ? null : found;
}

function ipIn(address: string, base: string): boolean {
  const [start = '', bits = ''] = base.split('/');
  const [version, own] = [isIP(start), isIP(address)];
  if (version === 0 || version !== own || !/^\d{1,3}$/.test(bits)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(start, Number(bits), family);
  return list.check(address, family);
}

function directoryIn(name: readonly string[], base: readonly string[]): boolean {
  return base.length <= name.length && base.every((part, index) => part === name[index]);
}

/** Names of one kind against subtrees of the same. */
function areIn<N, B>(
  names: readonly N[],
  { permitted, excluded }: { readonly permitted: readonly B[]; readonly excluded: readonly B[] },
  {
    isIn,
    touches = isIn,
  }: { readonly isIn: (name: N, base: B) => boolean; readonly touches?: (name: N, base: B) => boolean },
): boolean {
  return names.every(
    (name) =>
      (permitted.length === 0 || permitted.some((base) => isIn(name, base))) &&
      !excluded.some((base) => touches(name, base)),
  );
}

/** The names of hosts, and the one that a holder's common name looks like: mounts know the holder by that, whatever other names there are. */
function hostsOf({ dns, commonName }: CertificateNames, isHolder: boolean): readonly string[] {
  const isHost = isHolder && /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)+\.?$/i.test(commonName);
  return isHost ? [...dns, commonName] : dns;
}

type Held = { readonly subject: readonly string[]; readonly names: CertificateNames };

/** About how many comparisons of names `obeys` takes; one of addresses takes as long as ten. */
export function comparisonsFor({ names }: Held, { permitted, excluded }: NameConstraints): number {
  const pairs = (kind: 'dns' | 'emails' | 'uris' | 'ips' | 'directories'): number =>
    (names[kind].length + 1) * (permitted[kind].length + excluded[kind].length);
  return pairs('dns') + pairs('emails') + pairs('uris') + pairs('directories') + 10 * pairs('ips');
}

/** Whether all names of a certificate are such as an authority above it may give. */
export function obeys(
  { subject, names }: Held,
  { permitted, excluded }: NameConstraints,
  isHolder: boolean,
): boolean {
  const of = <K extends 'dns' | 'emails' | 'uris' | 'ips' | 'directories'>(kind: K) => ({
    permitted: permitted[kind],
    excluded: excluded[kind],
  });
  const uriBases = of('uris');
  const hosts = names.uris.map(hostOfUri);
  const areUrisRight =
    uriBases.permitted.length + uriBases.excluded.length === 0 ||
    (hosts.every((name) => name !== null) && areIn(hosts, uriBases, { isIn: hostIn }));
  const directories = subject.length === 0 ? names.directories : [subject, ...names.directories];
  return (
    areIn(hostsOf(names, isHolder), of('dns'), { isIn: dnsIn, touches: dnsTouches }) &&
    areIn(names.emails, of('emails'), { isIn: emailIn }) &&
    areUrisRight &&
    areIn(names.ips, of('ips'), { isIn: ipIn }) &&
    areIn(directories, of('directories'), { isIn: directoryIn }) &&
    // constraints of a kind that is not understood are about names that are not
    !(names.hasOthers && (permitted.hasOthers || excluded.hasOthers))
  );
}
